/* SPDX-License-Identifier: MIT */
/* tls_openssl: what the tls*.c files share among themselves, OpenSSL's types included. */
#ifndef HUBPLANE_NET_TLS_OPENSSL_H
#define HUBPLANE_NET_TLS_OPENSSL_H

#include "common/net/tls.h"

#include <openssl/ssl.h>

#include <stdatomic.h>

struct tls_context {
    atomic_uint references;
    SSL_CTX *ssl;
    BIO_METHOD *wire; /* the two ends of a session's wire: see tls_session.c */
    enum tls_role role;
    struct tls_peer *identity; /* of our own certificate, or NULL */
    bool is_link;
    bool verifies_host_name;
};

/* The method of the BIO through which OpenSSL meets the caller's buffers; NULL when out of memory.
 */
BIO_METHOD *tls_session_wire_new(void);

/** tls_peer_read(certificate, out): Who a certificate says it is. INVALID - it names no single
 * role, or is malformed; what can be read is filled in all the same. tls_peer_deinit() frees. */
MUST_CHECK enum status tls_peer_read(X509 *certificate, struct tls_peer *out);
void tls_peer_deinit(struct tls_peer *peer);

/* OpenSSL's verify callback: refuses who has no role, and keeps a sentence about what was refused.
 */
int tls_session_verify(int is_good, X509_STORE_CTX *store);

/** tls_problem_describe(out): Append the sentence for a failed handshake or record from OpenSSL's
 * error queue, which is emptied. */
void tls_problem_describe(struct buffer *out);
/** tls_problem_certificate(store, out): Append why the present certificate of ${store} was not
 * accepted. */
void tls_problem_certificate(X509_STORE_CTX *store, struct buffer *out);
/** Append "2026-01-31 12:00 UTC". */
void tls_problem_append_time(const ASN1_TIME *time, struct buffer *out);
/** Append the common name of ${certificate}'s subject, or "?". */
void tls_problem_append_name(const X509 *certificate, struct buffer *out);
/** The reason of the oldest OpenSSL error, and empty the queue. */
void tls_problem_append_openssl(struct buffer *out);

/** tls_trust_system(store): Add the authorities that the operating system trusts. Twins:
 * tls_trust_posix.c, tls_trust_windows.c. */
MUST_CHECK enum status tls_trust_system(X509_STORE *store);

#endif
