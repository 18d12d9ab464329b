/* SPDX-License-Identifier: MIT */
/*
 * membership: joining and leaving groups, from wherever the wish comes. Where the connection's
 * transport is open now the change takes effect at once and the command follows for resumes
 * elsewhere; everywhere else it is a command that is acknowledged.
 */
#ifndef HUBPLANE_SERVICE_MEMBERSHIP_H
#define HUBPLANE_SERVICE_MEMBERSHIP_H

#include "service/signalr/connection.h"

struct membership_change;

/* OK; NOT_FOUND - unknown connection, known after half a minute; LIMIT - more groups than a
 * connection may have; BACKPLANE_DOWN, ... */
typedef void (*membership_fn)(void *owner, enum status status);

/**
 * membership_change(app, connection_id, topic, is_join, fn, owner):
 * Put a connection into a group or take it out.
 *   Owns:     copies; the result is for membership_cancel() and valid until ${fn} is called.
 *   Returns:  NULL when it is done already: ${status} says how, and ${fn} is never called.
 */
struct membership_change *membership_change(struct worker_app *app, struct bytes connection_id,
                                            struct bytes topic, bool is_join, membership_fn fn,
                                            void *owner, enum status *status);
/** ${fn} will not be called; the change may still happen. */
void membership_cancel(struct membership_change *change);

/** A local join waiting for its barrier goes on as a command: the transport is gone. */
void membership_cancel_joins(struct connection *connection);
/** Take a group out of the connection's topics and give it back. */
void membership_forget(struct connection *connection, const struct topic *topic);

/** Whether ${topic} is a group's. */
bool membership_is_group(struct bytes topic);
/** Whether one more group fits into the connection's token and cap. */
bool membership_has_room(const struct connection *connection, struct bytes topic);
/** Append the groups token for the connection's present groups. */
MUST_CHECK enum status membership_token(const struct connection *connection, struct buffer *out);
/** Send an envelope with the groups token and nothing else. */
void membership_send_groups(struct connection *connection, uint64_t cursor);

/* Changes made here at once whose commands are still under way. */

/** The command came round (or another did: nothing happens). */
void membership_take_echo(struct connection *connection, struct bytes command_id);
/** Whether a newer change of this group was made here already: then a command about it is out of
 * date. */
bool membership_is_overruled(const struct connection *connection, struct bytes topic);
void membership_forget_echoes(struct connection *connection);

#endif
