/* SPDX-License-Identifier: MIT */
#include "common/net/tls_openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The certificates and the key of tls_options, parsed. */
struct credentials {
    STACK_OF(X509) * certificates; /* of certificate_pem, in their order */
    STACK_OF(X509) * authorities;  /* of authority_pem; on the link only those of a CA */
    EVP_PKEY *key;
    X509 *leaf; /* one of certificates */
};

/* ---- reading PEM ------------------------------------------------------------------------------
 */

static BIO *
open_pem(struct bytes pem)
{
    return pem.length > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.length);
}

/* A key with a pass phrase would make OpenSSL ask at the terminal. */
static int
refuse_pass_phrase(char *out, int size, int is_writing, void *context)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

/* All certificates of ${pem}, or only those that may sign others. NULL when out of memory or
 * malformed. */
static STACK_OF(X509) * read_certificates(struct bytes pem, bool only_authorities)
{
    STACK_OF(X509) *found = sk_X509_new_null();
    if (pem.length == 0) {
        return found;
    }
    BIO *bio = open_pem(pem);
    X509 *certificate;
    while (found != NULL && bio != NULL &&
           (certificate = PEM_read_bio_X509(bio, NULL, refuse_pass_phrase, NULL)) != NULL) {
        bool is_wanted = !only_authorities || X509_check_ca(certificate) == 1;
        if (!is_wanted || sk_X509_push(found, certificate) == 0) {
            X509_free(certificate);
        }
    }
    /* The end of the text also counts as an error: "no start line". */
    unsigned long error = ERR_peek_last_error();
    bool is_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    if (!is_end) {
        sk_X509_pop_free(found, X509_free);
        return NULL;
    }
    return found;
}

static bool
is_self_signed(X509 *certificate)
{
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) ==
           0;
}

/* The certificate that the private key belongs to. */
static X509 *
find_leaf(const struct credentials *credentials)
{
    for (int i = 0; i < sk_X509_num(credentials->certificates); i++) {
        X509 *certificate = sk_X509_value(credentials->certificates, i);
        if (X509_check_private_key(certificate, credentials->key) == 1) {
            return certificate;
        }
    }
    ERR_clear_error();
    return NULL;
}

static enum status
read_key(const struct tls_options *options, struct buffer *problem, struct credentials *out)
{
    BIO *bio = open_pem(options->key_pem);
    out->key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, refuse_pass_phrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (out->key == NULL) {
        buffer_append_string(problem, "there is no readable private key in PEM form"
                                      " (a key protected by a pass phrase cannot be used)");
        return STATUS_INVALID;
    }
    out->leaf = find_leaf(out);
    if (out->leaf == NULL) {
        buffer_append_string(problem, "the private key does not belong to the certificate");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status
read_credentials(const struct tls_options *options, struct buffer *problem, struct credentials *out)
{
    out->certificates = read_certificates(options->certificate_pem, false);
    out->authorities = read_certificates(options->authority_pem, options->is_link);
    if (out->certificates == NULL || out->authorities == NULL) {
        buffer_append_string(problem, "a certificate is damaged: it is not valid PEM");
        return STATUS_INVALID;
    }
    if (options->authority_pem.length > 0 && sk_X509_num(out->authorities) == 0) {
        buffer_append_format(problem, "there is no certificate of an authority%s in PEM form",
                             options->is_link ? " (the farm's CA)" : "");
        return STATUS_INVALID;
    }
    bool needs_certificate = options->role == TLS_SERVER || options->is_link;
    if (sk_X509_num(out->certificates) == 0 && options->key_pem.length == 0) {
        if (needs_certificate) {
            buffer_append_string(problem, "there is no certificate in PEM form");
            return STATUS_INVALID;
        }
        return STATUS_OK;
    }
    if (sk_X509_num(out->certificates) == 0) {
        buffer_append_string(problem, "there is no certificate in PEM form");
        return STATUS_INVALID;
    }
    return read_key(options, problem, out);
}

static void
free_credentials(struct credentials *credentials)
{
    sk_X509_pop_free(credentials->certificates, X509_free);
    sk_X509_pop_free(credentials->authorities, X509_free);
    EVP_PKEY_free(credentials->key);
}

/* ---- checking ---------------------------------------------------------------------------------
 */

static enum status
check_dates(X509 *leaf, struct buffer *problem)
{
    const ASN1_TIME *from = X509_get0_notBefore(leaf);
    const ASN1_TIME *until = X509_get0_notAfter(leaf);
    if (X509_cmp_current_time(until) < 0) {
        buffer_append_string(problem, "the certificate of ");
        tls_problem_append_name(leaf, problem);
        buffer_append_string(problem, " expired on ");
        tls_problem_append_time(until, problem);
        return STATUS_EXPIRED;
    }
    if (X509_cmp_current_time(from) > 0) {
        buffer_append_string(problem, "the certificate of ");
        tls_problem_append_name(leaf, problem);
        buffer_append_string(problem, " is not valid before ");
        tls_problem_append_time(from, problem);
        buffer_append_string(problem, "; is the clock of this machine wrong?");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

/* On the link our own certificate must be one that our own authority would accept. */
static enum status
check_own_farm(SSL_CTX *ssl, const struct credentials *credentials, struct buffer *problem)
{
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    bool is_good = check != NULL &&
                   X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(ssl), credentials->leaf,
                                       credentials->certificates) == 1 &&
                   X509_verify_cert(check) == 1;
    if (!is_good) {
        buffer_append_string(problem, "the certificate of ");
        tls_problem_append_name(credentials->leaf, problem);
        buffer_append_format(problem, " does not go with the authority given beside it: %s",
                             check == NULL
                                 ? "out of memory"
                                 : X509_verify_cert_error_string(X509_STORE_CTX_get_error(check)));
    }
    X509_STORE_CTX_free(check);
    ERR_clear_error();
    return is_good ? STATUS_OK : STATUS_INVALID;
}

/* ---- setting up -------------------------------------------------------------------------------
 */

static enum status
use_certificate(SSL_CTX *ssl, const struct credentials *credentials)
{
    if (credentials->leaf == NULL) {
        return STATUS_OK;
    }
    if (SSL_CTX_use_certificate(ssl, credentials->leaf) != 1 ||
        SSL_CTX_use_PrivateKey(ssl, credentials->key) != 1) {
        return STATUS_INVALID;
    }
    for (int i = 0; i < sk_X509_num(credentials->certificates); i++) {
        X509 *link = sk_X509_value(credentials->certificates, i);
        /* A peer that trusts the root has it; sending it would be waste. */
        if (link != credentials->leaf && !is_self_signed(link) &&
            SSL_CTX_add1_chain_cert(ssl, link) != 1) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

static enum status
use_authorities(SSL_CTX *ssl, const struct tls_options *options,
                const struct credentials *credentials)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    for (int i = 0; i < sk_X509_num(credentials->authorities); i++) {
        X509 *authority = sk_X509_value(credentials->authorities, i);
        if (X509_STORE_add_cert(store, authority) != 1 ||
            (options->role == TLS_SERVER && SSL_CTX_add_client_CA(ssl, authority) != 1)) {
            return STATUS_NO_MEMORY;
        }
    }
    /* An intermediate authority alone may be trusted, too. */
    (void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    if (options->verifies_host_name && options->authority_pem.length == 0) {
        return tls_trust_system(store);
    }
    return STATUS_OK;
}

static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                const unsigned char *offered, unsigned int offered_length, void *context)
{
    const struct tls_context *tls = context;
    struct bytes wanted = tls->is_link ? BYTES("hubplane/1") : BYTES("http/1.1");
    struct bytes_reader reader = bytes_reader_from(bytes_from(offered, offered_length));
    (void)ssl;
    while (reader.rest.length > 0) {
        struct bytes protocol = bytes_read(&reader, bytes_read_u8(&reader));
        if (bytes_equal(protocol, wanted)) {
            *out = protocol.data;
            *out_length = (unsigned char)protocol.length;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    /* A browser that offers only others may still be content with HTTP/1.1. */
    return tls->is_link ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

static enum status
set_protocols(struct tls_context *context)
{
    static const unsigned char link_protocol[] = "\x0ahubplane/1";
    SSL_CTX *ssl = context->ssl;
    if (context->role == TLS_SERVER) {
        SSL_CTX_set_alpn_select_cb(ssl, select_protocol, context);
    } else if (context->is_link &&
               SSL_CTX_set_alpn_protos(ssl, link_protocol, sizeof link_protocol - 1) != 0) {
        return STATUS_NO_MEMORY;
    }
    int oldest = context->is_link ? TLS1_3_VERSION : TLS1_2_VERSION;
    (void)SSL_CTX_set_min_proto_version(ssl, oldest);
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN);
    if (!context->is_link) {
        /* Thousands of clients, mostly idle, against two allocations of 16 KiB a record. */
        (void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    }
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    if (context->is_link) {
        /* Every link proves itself anew; a ticket would outlive a revoked certificate. */
        (void)SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_num_tickets(ssl, 0);
    }
    return STATUS_OK;
}

static void
set_verification(SSL_CTX *ssl, const struct tls_options *options)
{
    bool verifies = options->is_link || options->requires_peer_certificate ||
                    (options->role == TLS_CLIENT &&
                     (options->verifies_host_name || options->authority_pem.length > 0));
    int mode = verifies ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE;
    SSL_CTX_set_verify(ssl, mode, verifies ? tls_session_verify : NULL);
}

static enum status
read_identity(struct tls_context *context, X509 *leaf, struct buffer *problem)
{
    context->identity = calloc(1, sizeof *context->identity);
    if (context->identity == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (tls_peer_read(leaf, context->identity) != STATUS_OK && context->is_link) {
        buffer_append_string(problem, "the certificate of ");
        tls_problem_append_name(leaf, problem);
        buffer_append_string(problem, " names neither a node nor a bridge: it is not of a farm");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status
set_up(struct tls_context *context, const struct tls_options *options,
       const struct credentials *credentials, struct buffer *problem)
{
    enum status status = use_certificate(context->ssl, credentials);
    if (status == STATUS_OK) {
        status = use_authorities(context->ssl, options, credentials);
    }
    if (status == STATUS_OK) {
        status = set_protocols(context);
    }
    if (status != STATUS_OK) {
        buffer_append_string(problem, "OpenSSL refused the certificate or key: ");
        tls_problem_append_openssl(problem);
        return status;
    }
    set_verification(context->ssl, options);
    if (credentials->leaf != NULL) {
        status = check_dates(credentials->leaf, problem);
    }
    if (status == STATUS_OK && options->is_link) {
        status = check_own_farm(context->ssl, credentials, problem);
    }
    if (status == STATUS_OK && credentials->leaf != NULL) {
        status = read_identity(context, credentials->leaf, problem);
    }
    return status;
}

static enum status
check_options(const struct tls_options *options, struct buffer *problem)
{
    if ((options->is_link || options->requires_peer_certificate) &&
        options->authority_pem.length == 0) {
        buffer_append_string(problem,
                             "there is no certificate of an authority (the farm's CA) in PEM form");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

enum status
tls_context_new(const struct tls_options *options, struct buffer *problem, struct tls_context **out)
{
    struct credentials credentials = {0};
    enum status status = check_options(options, problem);
    if (status != STATUS_OK) {
        return status;
    }
    ERR_clear_error();
    struct tls_context *context = calloc(1, sizeof *context);
    if (context == NULL) {
        return STATUS_NO_MEMORY;
    }
    atomic_init(&context->references, 1);
    context->role = options->role;
    context->is_link = options->is_link;
    context->verifies_host_name = options->verifies_host_name;
    context->wire = tls_session_wire_new();
    context->ssl =
        SSL_CTX_new(options->role == TLS_SERVER ? TLS_server_method() : TLS_client_method());
    status = STATUS_NO_MEMORY;
    if (context->ssl != NULL && context->wire != NULL) {
        status = read_credentials(options, problem, &credentials);
    }
    if (status == STATUS_OK) {
        status = set_up(context, options, &credentials, problem);
    }
    free_credentials(&credentials);
    if (status != STATUS_OK) {
        tls_context_free(context);
        return status;
    }
    *out = context;
    return STATUS_OK;
}

struct tls_context *
tls_context_ref(struct tls_context *context)
{
    atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
    return context;
}

void
tls_context_free(struct tls_context *context)
{
    if (context == NULL) {
        return;
    }
    if (atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) == 1) {
        SSL_CTX_free(context->ssl);
        BIO_meth_free(context->wire);
        if (context->identity != NULL) {
            tls_peer_deinit(context->identity);
            free(context->identity);
        }
        free(context);
    }
}

const struct tls_peer *
tls_context_identity(const struct tls_context *context)
{
    return context->identity;
}
