/* SPDX-License-Identifier: MIT */
/* acknowledgement: commands sent to connections elsewhere, waiting for word that they have taken
 * effect. */
#ifndef HUBPLANE_SERVICE_ACKNOWLEDGEMENT_H
#define HUBPLANE_SERVICE_ACKNOWLEDGEMENT_H

#include "service/signalr/connection.h"

enum { ACKNOWLEDGEMENT_WAIT_MS = 30 * 1000, ACKNOWLEDGEMENT_CHECK_MS = 5 * 1000 };

struct acknowledgement;

/* OK - it has taken effect; NOT_FOUND - nobody holds the connection, or it has no transport;
 * BACKPLANE_DOWN, QUEUE_FULL, ... - it could not be published. Called exactly once, never inside
 * the call that asked for it, unless canceled. */
typedef void (*acknowledgement_fn)(void *owner, enum status status);

/** acknowledgement_request(app, connection_id, command, fn, owner, out): Publish ${command} to
 * c-<id> (its id is filled in here) and wait. OK - ${out} is for acknowledgement_cancel() and valid
 * until ${fn} is called, and may be NULL; or why not: then ${fn} is never called. */
MUST_CHECK enum status acknowledgement_request(struct worker_app *app, struct bytes connection_id,
                                               struct signalr_command *command,
                                               acknowledgement_fn fn, void *owner,
                                               struct acknowledgement **out);
/** acknowledgement_ask(app, message, fn, owner, out): The same for a message that is no command to
 * a connection: whoever can acknowledges its id. */
MUST_CHECK enum status acknowledgement_ask(struct worker_app *app, struct signalr_message *message,
                                           acknowledgement_fn fn, void *owner,
                                           struct acknowledgement **out);
/** ${fn} will not be called. */
void acknowledgement_cancel(struct acknowledgement *acknowledgement);
/** Whether the farm has taken it: nobody can have answered before. */
bool acknowledgement_is_published(const struct acknowledgement *acknowledgement);

/** Say that a command for this connection has taken effect here. */
void acknowledgement_publish(const struct connection *connection, struct bytes command_id);
/** One came in. */
void acknowledgement_receive(struct worker_app *app, struct bytes command_id);
/** The time-out check of worker_app's timer. */
void acknowledgement_check(struct timer *timer);
/** The worker ends: everyone who waits is told CANCELED. */
void acknowledgement_drop_all(struct worker_app *app);

#endif
