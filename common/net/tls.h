/* SPDX-License-Identifier: MIT */
/* tls: certificates and keys of one side of the link (or of the client listener), and what a peer's
 * certificate says. */
#ifndef HUBPLANE_NET_TLS_H
#define HUBPLANE_NET_TLS_H

#include "common/base/bytes.h"

struct tls_context;

enum tls_role { TLS_CLIENT, TLS_SERVER };

struct tls_options {
    enum tls_role role;
    /* PEM text: the certificate chain, its private key and the trusted authorities may all stand in
     * one credential file. */
    struct bytes certificate_pem;
    struct bytes key_pem;
    /* Who may sign a peer's certificate. Every certificate of this text counts, on the link every
     * CA certificate. Empty: nobody (a server that asks for no certificate), or, with
     * verifies_host_name, the authorities the operating system trusts. */
    struct bytes authority_pem;
    bool requires_peer_certificate; /* server side: mutual TLS */
    bool is_link; /* TLS 1.3 only, ALPN "hubplane/1", peers checked by farm certificate, not by host
                     name */
    bool verifies_host_name; /* client side outside the link (Redis): against
                                stream_options.tls_server_name */
};

enum { TLS_PEER_APPS_MAX = 64 };

/* The farm identity in a peer's certificate. Source: its subject and its URI alternative names,
 * "hubplane:node:NAME" or "hubplane:bridge:NAME", and one "hubplane:app:KEY" per app it may open
 * (percent-encoded; "hubplane:app:*" = every app: allows_every_app, and not among apps). On the
 * link a certificate without exactly one role, or with a name that cannot be decoded, is refused in
 * the handshake. */
struct tls_peer {
    char name[256];
    char serial[64];      /* hex */
    char fingerprint[65]; /* SHA-256, hex */
    bool is_bridge;       /* role bridge rather than node */
    int64_t expires_at_s; /* Unix time */
    bool allows_every_app;
    size_t app_count;
    char *apps[TLS_PEER_APPS_MAX];
};

/** tls_context_new(options, problem, out): ${problem} receives one sentence that says what is wrong
 * and what to do (key does not match certificate, expired, not PEM ...). OK, INVALID, EXPIRED,
 * NO_MEMORY. Reference counted: tls_context_free drops one. */
MUST_CHECK enum status tls_context_new(const struct tls_options *options, struct buffer *problem,
                                       struct tls_context **out);
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_free(struct tls_context *context);
/** Who our own certificate says we are (name, apps, expiry); NULL without one. Lives as long as
 * ${context}. On the link it has exactly one role, or tls_context_new() has refused it. */
const struct tls_peer *tls_context_identity(const struct tls_context *context);
/** Whether ${peer} may open the app ${key}; compared byte by byte. */
bool tls_peer_allows_app(const struct tls_peer *peer, struct bytes key);

/* Why TLS with a peer has not come about. */
enum tls_failure {
    TLS_FAILURE_CERTIFICATE, /* we do not believe the peer's, or it has none */
    TLS_FAILURE_REFUSED,     /* it does not believe ours */
    TLS_FAILURE_PROTOCOL,    /* it speaks something else, or it was tampered with */
    TLS_FAILURE_CLOSED,      /* it went away or said nothing */
    TLS_FAILURES,
};

/** tls_failure_of(status, reason): What a stream's on_closed before its on_open means. */
enum tls_failure tls_failure_of(enum status status, const char *reason);

#endif
