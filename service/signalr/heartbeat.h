/* SPDX-License-Identifier: MIT */
/* heartbeat: one timer an app looks at all its connections: keep-alives, held polls, disconnect
 * time-outs. */
#ifndef HUBPLANE_SERVICE_HEARTBEAT_H
#define HUBPLANE_SERVICE_HEARTBEAT_H

#include "service/signalr/worker_app.h"

void heartbeat_start(struct worker_app *app);

#endif
