/* SPDX-License-Identifier: MIT */
/* redis_session: one connection of a Redis client. Its commands are carried out in order; only
 * publishes overlap, and replies leave in the order of the commands. */
#ifndef HUBPLANE_SERVICE_REDIS_SESSION_H
#define HUBPLANE_SERVICE_REDIS_SESSION_H

#include "common/base/sink.h"
#include "service/redis_endpoint/redis_endpoint.h"

struct redis_session;

/** A client has connected to door ${door}. ${sink} is borrowed until redis_session_closed(). OK or
 * NO_MEMORY. */
MUST_CHECK enum status redis_session_new(struct redis_endpoint *endpoint, size_t door,
                                         struct sink *sink, struct redis_session **out);
/** Bytes of the client; never after it was paused or finished. */
void redis_session_receive(struct redis_session *session, struct bytes input);
/** The connection is gone: forget its subscriptions, and what it waits for. */
void redis_session_closed(struct redis_session *session);

#endif
