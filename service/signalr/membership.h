/* SPDX-License-Identifier: MIT */
/*
 * membership: joining and leaving groups, from wherever the wish comes. A join of a connection that
 * is open here takes effect at once, and its command follows for resumes elsewhere. Everything else
 * is a command that takes its place in the order of the farm and is acknowledged: so a leave cuts
 * off nothing that was sent before it.
 */
#ifndef HUBPLANE_SERVICE_MEMBERSHIP_H
#define HUBPLANE_SERVICE_MEMBERSHIP_H

#include "service/signalr/connection.h"

struct membership_change;

/* OK; NOT_FOUND - unknown connection, known after half a minute; LIMIT - more groups than a
 * connection may have; BACKPLANE_DOWN, ... */
typedef void (*membership_fn)(void *owner, enum status status);

/* Who is to be in which group, or out of it. */
struct membership_wish {
    struct bytes connection_id;
    struct bytes topic;
    bool is_join;
    bool is_in_order; /* after messages to the same group that were published before: those must not
                         reach who joins */
};

/**
 * membership_change(app, wish, fn, owner, status):
 * Put a connection into a group or take it out.
 *   Owns:     copies; the result is for membership_cancel() and valid until ${fn} is called.
 *   Returns:  NULL when it is done already: ${status} says how, and ${fn} is never called.
 */
struct membership_change *membership_change(struct worker_app *app,
                                            const struct membership_wish *wish, membership_fn fn,
                                            void *owner, enum status *status);
/** ${fn} will not be called; the change may still happen. */
void membership_cancel(struct membership_change *change);

/** A local join waiting for its barrier goes on as a command: the transport is gone. Calls nobody
 * back: who waits for one that ends here is told later. */
void membership_cancel_joins(struct connection *connection);
/** Tell them now: the worker stops. */
void membership_tell_ended(struct worker_app *app);
/** Take a group out of the connection's topics and give it back: it was in up to ${until}. */
void membership_forget(struct connection *connection, const struct topic *topic, uint64_t until);
/** From where on a client that has come to ${cursor} lacks messages of a group that it joined at
 * ${since}: a join made at once may be heard of only after a leave that came later. */
uint64_t membership_since(const struct connection *connection, struct bytes group, uint64_t since,
                          uint64_t cursor);

/** Whether ${topic} is a group's. */
bool membership_is_group(struct bytes topic);
/** Whether one more group fits into the connection's token and cap. */
bool membership_has_room(const struct connection *connection, struct bytes topic);
/** Append the groups token for the connection's present groups. */
MUST_CHECK enum status membership_token(const struct connection *connection, struct buffer *out);
/** Send an envelope with the groups token and nothing else. */
void membership_send_groups(struct connection *connection, uint64_t cursor);

#endif
