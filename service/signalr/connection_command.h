/* SPDX-License-Identifier: MIT */
/* connection_command: what is commanded to a connection while it is here: on c-<id> join, leave,
 * abort, init; by farm commands. */
#ifndef HUBPLANE_SERVICE_CONNECTION_COMMAND_H
#define HUBPLANE_SERVICE_CONNECTION_COMMAND_H

#include "service/signalr/connection.h"

/** Carry it out and acknowledge it if asked to. May free ${connection}. What a connection without
 * open transport must know, it finds in the replay when it comes back; only an abort counts at
 * once. */
void connection_command_receive(struct connection *connection,
                                const struct backplane_message *message);
/** A farm command of ${id} puts the connection into ${group}, or takes it out: at once if it is
 * attached, and by a command to it for whoever has it next. */
void connection_command_change_group(struct connection *connection, struct bytes group,
                                     bool is_join, uint64_t id);
/** As above, out of all groups of ${hub}: those it is in, those it will be in when commands that
 * are under way have arrived, and those of which a replay under way will tell. */
void connection_command_leave_hub(struct connection *connection, struct bytes hub, uint64_t id);
/** It is to end here. ${why} not empty: the application wants it, and the client is told that text,
 * which keeps it from coming back by itself. */
void connection_command_end(struct connection *connection, struct bytes why);
/** Publish that the connection is to end, wherever it is; a .NET node does not look at ${why}.
 * ${fn} as of backplane_publish(). OK, or why not: then ${fn} is never called. */
enum status connection_command_abort(const struct worker_app *app, struct bytes connection_id,
                                     struct bytes why, backplane_published_fn fn, void *owner);

#endif
