/* SPDX-License-Identifier: MIT */
/*
 * farm_expiry: groups that the connections of a user are in for so many seconds. Every worker of
 * the farm remembers all of them, since a connection may come here later.
 */
#ifndef HUBPLANE_SERVICE_FARM_EXPIRY_H
#define HUBPLANE_SERVICE_FARM_EXPIRY_H

#include "service/signalr/worker_app.h"

/* The seconds are over for those who hear ${of}. */
typedef void (*farm_expiry_fn)(struct worker_app *app, struct bytes of, struct bytes group);

/** farm_expiry_start(app, of, group, seconds, fn): Call ${fn} then, unless it is started anew or
 * stopped before. Copies the texts. OK or NO_MEMORY. */
MUST_CHECK enum status farm_expiry_start(struct worker_app *app, struct bytes of,
                                         struct bytes group, uint32_t seconds, farm_expiry_fn fn);
/** Nothing happens when it was not started. */
void farm_expiry_stop(struct worker_app *app, struct bytes of, struct bytes group);
void farm_expiry_stop_all(struct worker_app *app);

#endif
