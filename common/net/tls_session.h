/* SPDX-License-Identifier: MIT */
/*
 * tls_session: one TLS connection without a socket: bytes of the wire in, bytes for the wire out.
 * It keeps no buffers of its own while idle; both sides of the record layer work on the caller's
 * memory.
 */
#ifndef HUBPLANE_NET_TLS_SESSION_H
#define HUBPLANE_NET_TLS_SESSION_H

#include "common/net/tls.h"

struct tls_session;

enum { TLS_RECORD_BYTES = 16 * 1024 };

/** tls_session_new(context, server_name, out): ${server_name} is the client's SNI (unless it is an
 * address), and what it verifies if the context says so; may be NULL. Refers to ${context} as long
 * as it lives. OK, INVALID, NO_MEMORY. */
MUST_CHECK enum status tls_session_new(struct tls_context *context, const char *server_name,
                                       struct tls_session **out);
void tls_session_free(struct tls_session *session);

/**
 * tls_session_receive(session, input, plain, cipher):
 * Take bytes off the wire, or none to begin a client's handshake. What they say is appended to
 * ${plain}, answers for the peer (handshake, alerts, key updates) to ${cipher}, whatever is
 * returned.
 *   Returns:  OK - ${input} is consumed, except that it stops once, when the handshake has just been completed;
 *             CLOSED - the peer has said that it sends no more;
 *             TLS - refused or broken, tls_session_problem() says why; NO_MEMORY.
 */
MUST_CHECK enum status tls_session_receive(struct tls_session *session, struct bytes *input,
                                           struct buffer *plain, struct buffer *cipher);
/** tls_session_send(session, plain, cipher): Append ${plain} as records to ${cipher}. Only when
 * open. OK, TLS, NO_MEMORY. */
MUST_CHECK enum status tls_session_send(struct tls_session *session, struct bytes plain,
                                        struct buffer *cipher);
/** Append a close_notify: nothing can be sent afterwards. Does nothing before the handshake is
 * completed. */
void tls_session_finish(struct tls_session *session, struct buffer *cipher);
/** The handshake is completed and the peer accepted. */
bool tls_session_is_open(const struct tls_session *session);
/** Who the peer is; NULL before it is open, or without a certificate. Lives as long as the session.
 */
const struct tls_peer *tls_session_peer(const struct tls_session *session);
/** A sentence, after TLS; it lives as long as the session. */
const char *tls_session_problem(const struct tls_session *session);

#endif
