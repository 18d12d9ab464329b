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

#endif
