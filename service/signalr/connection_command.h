/* SPDX-License-Identifier: MIT */
/* connection_command: commands that arrive on c-<id> while the connection is here: join, leave,
 * abort, init. */
#ifndef HUBPLANE_SERVICE_CONNECTION_COMMAND_H
#define HUBPLANE_SERVICE_CONNECTION_COMMAND_H

#include "service/signalr/connection.h"

/** Carry it out and acknowledge it if asked to. May free ${connection}. What a connection without
 * open transport must know, it finds in the replay when it comes back; only an abort counts at
 * once. */
void connection_command_receive(struct connection *connection,
                                const struct backplane_message *message);
/** It is to end here. ${why} not empty: the application wants it, and the client is told that text,
 * which keeps it from coming back by itself. */
void connection_command_end(struct connection *connection, struct bytes why);
/** Publish that the connection is to end, wherever it is; a .NET node does not look at ${why}.
 * ${fn} as of backplane_publish(). OK, or why not: then ${fn} is never called. */
enum status connection_command_abort(const struct worker_app *app, struct bytes connection_id,
                                     struct bytes why, backplane_published_fn fn, void *owner);

#endif
