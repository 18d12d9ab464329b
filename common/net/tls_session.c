/* SPDX-License-Identifier: MIT */
#include "common/net/tls_session.h"

#include "common/net/tls_openssl.h"

#include <openssl/err.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * OpenSSL meets the wire through one BIO per session that has no memory: it reads off the view the
 * caller passed in and writes to the buffer the caller passed in. Between calls both are absent.
 */
struct tls_session {
    SSL *ssl;
    struct tls_context *context;
    struct bytes *input;
    struct buffer *output;
    struct tls_peer *peer;
    struct buffer problem;
    bool is_open;
    bool is_finished; /* close_notify was sent, or the session failed */
};

enum { PROBLEM_LIMIT_BYTES = 1024 };

static int
wire_read(BIO *bio, char *out, size_t size, size_t *length)
{
    struct tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->input == NULL || session->input->length == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *length = size < session->input->length ? size : session->input->length;
    memcpy(out, session->input->data, *length);
    *session->input = bytes_after(*session->input, *length);
    return 1;
}

static int
wire_write(BIO *bio, const char *data, size_t length, size_t *written)
{
    struct tls_session *session = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (session->output == NULL ||
        buffer_append(session->output, bytes_from(data, length)) != STATUS_OK) {
        return 0;
    }
    *written = length;
    return 1;
}

static long
wire_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *
tls_session_wire_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (method != NULL) {
        (void)BIO_meth_set_read_ex(method, wire_read);
        (void)BIO_meth_set_write_ex(method, wire_write);
        (void)BIO_meth_set_ctrl(method, wire_control);
    }
    return method;
}

static bool
set_up_ssl(struct tls_session *session, const char *server_name)
{
    const struct tls_context *context = session->context;
    session->ssl = SSL_new(context->ssl);
    BIO *bio = session->ssl == NULL ? NULL : BIO_new(context->wire);
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_app_data(session->ssl, session);
    if (context->role == TLS_SERVER) {
        SSL_set_accept_state(session->ssl);
        return true;
    }
    SSL_set_connect_state(session->ssl);
    if (server_name == NULL) {
        return !context->verifies_host_name;
    }
    /* An address is verified as such, and RFC 6066 has no place for it in the handshake. */
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session->ssl), server_name) == 1) {
        return true;
    }
    ERR_clear_error();
    if (context->verifies_host_name && SSL_set1_host(session->ssl, server_name) != 1) {
        return false;
    }
    /* SSL_set_tlsext_host_name() without casting const away; OpenSSL copies the name. */
    return SSL_ctrl(session->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)server_name) == 1;
}

enum status
tls_session_new(struct tls_context *context, const char *server_name, struct tls_session **out)
{
    if (context->role == TLS_CLIENT && context->verifies_host_name && server_name == NULL) {
        return STATUS_INVALID;
    }
    struct tls_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return STATUS_NO_MEMORY;
    }
    session->context = tls_context_ref(context);
    buffer_init(&session->problem, PROBLEM_LIMIT_BYTES);
    if (!set_up_ssl(session, server_name)) {
        ERR_clear_error();
        tls_session_free(session);
        return STATUS_NO_MEMORY;
    }
    *out = session;
    return STATUS_OK;
}

void
tls_session_free(struct tls_session *session)
{
    if (session == NULL) {
        return;
    }
    SSL_free(session->ssl);
    tls_context_free(session->context);
    if (session->peer != NULL) {
        tls_peer_deinit(session->peer);
        free(session->peer);
    }
    buffer_deinit(&session->problem);
    free(session);
}

static enum status
fail(struct tls_session *session, const char *problem)
{
    session->is_finished = true;
    session->is_open = false;
    if (session->output != NULL && session->output->status != STATUS_OK) {
        ERR_clear_error();
        return session->output->status == STATUS_LIMIT ? STATUS_LIMIT : STATUS_NO_MEMORY;
    }
    if (problem != NULL) {
        buffer_append_string(&session->problem, problem);
    } else if (session->problem.length == 0) {
        tls_problem_describe(&session->problem);
    }
    ERR_clear_error();
    (void)buffer_append_byte(&session->problem, '\0');
    return STATUS_TLS;
}

int
tls_session_verify(int is_good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *session = SSL_get_app_data(ssl);
    if (is_good && session->context->is_link && X509_STORE_CTX_get_error_depth(store) == 0) {
        struct tls_peer peer;
        if (tls_peer_read(X509_STORE_CTX_get_current_cert(store), &peer) != STATUS_OK) {
            X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
            is_good = 0;
        }
        tls_peer_deinit(&peer);
    }
    if (!is_good) {
        buffer_clear(&session->problem);
        tls_problem_certificate(store, &session->problem);
    }
    return is_good;
}

/* After the handshake: who is it, and does it speak our protocol? */
static enum status
check_peer(struct tls_session *session)
{
    X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    const unsigned char *protocol = NULL;
    unsigned int protocol_length = 0;
    SSL_get0_alpn_selected(session->ssl, &protocol, &protocol_length);
    if (session->context->is_link &&
        !bytes_equal(bytes_from(protocol, protocol_length), BYTES("hubplane/1"))) {
        return fail(session, "the peer does not speak hubplane/1");
    }
    if (certificate != NULL) {
        session->peer = calloc(1, sizeof *session->peer);
        if (session->peer == NULL) {
            return STATUS_NO_MEMORY;
        }
        /* On the link tls_session_verify() has refused what names no role; elsewhere nobody asks.
         */
        (void)!tls_peer_read(certificate, session->peer);
    }
    return STATUS_OK;
}

static enum status
shake_hands(struct tls_session *session)
{
    int result = SSL_do_handshake(session->ssl);
    if (result == 1) {
        enum status status = check_peer(session);
        session->is_open = status == STATUS_OK;
        return status;
    }
    if (SSL_get_error(session->ssl, result) == SSL_ERROR_WANT_READ) {
        return STATUS_OK;
    }
    return fail(session, NULL);
}

static enum status
decrypt(struct tls_session *session, struct buffer *plain)
{
    for (;;) {
        size_t length;
        uint8_t *room = buffer_reserve(plain, TLS_RECORD_BYTES);
        if (room == NULL) {
            return STATUS_NO_MEMORY;
        }
        int result = SSL_read_ex(session->ssl, room, TLS_RECORD_BYTES, &length);
        if (result == 1) {
            buffer_commit(plain, length);
            if (session->input->length == 0 && SSL_has_pending(session->ssl) == 0) {
                return STATUS_OK; /* as a rule; asking once more would cost half as much again */
            }
            continue;
        }
        switch (SSL_get_error(session->ssl, result)) {
        case SSL_ERROR_WANT_READ:
            return STATUS_OK;
        case SSL_ERROR_ZERO_RETURN:
            return STATUS_CLOSED;
        default:
            return fail(session, NULL);
        }
    }
}

enum status
tls_session_receive(struct tls_session *session, struct bytes *input, struct buffer *plain,
                    struct buffer *cipher)
{
    if (session->is_finished && !session->is_open) {
        return STATUS_TLS;
    }
    session->input = input;
    session->output = cipher;
    ERR_clear_error();
    enum status status = session->is_open ? decrypt(session, plain) : shake_hands(session);
    session->input = NULL;
    session->output = NULL;
    return status;
}

enum status
tls_session_send(struct tls_session *session, struct bytes plain, struct buffer *cipher)
{
    size_t written;
    assert(session->is_open && !session->is_finished);
    session->output = cipher;
    ERR_clear_error();
    enum status status = STATUS_OK;
    if (SSL_write_ex(session->ssl, plain.data, plain.length, &written) != 1) {
        status = fail(session, NULL);
    }
    session->output = NULL;
    return status;
}

void
tls_session_finish(struct tls_session *session, struct buffer *cipher)
{
    if (session->is_open && !session->is_finished) {
        session->is_finished = true;
        session->output = cipher;
        (void)SSL_shutdown(session->ssl);
        ERR_clear_error();
        session->output = NULL;
    }
}

bool
tls_session_is_open(const struct tls_session *session)
{
    return session->is_open;
}

const struct tls_peer *
tls_session_peer(const struct tls_session *session)
{
    return session->peer;
}

const char *
tls_session_problem(const struct tls_session *session)
{
    return session->problem.length == 0 ? "TLS failed" : (const char *)session->problem.data;
}
