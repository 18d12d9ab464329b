/* SPDX-License-Identifier: MIT */
/* endpoints: the URL space of a base path: which request is what, in the order of
 * signalr2-protocol.md section 2. */
#ifndef HUBPLANE_SERVICE_ENDPOINTS_H
#define HUBPLANE_SERVICE_ENDPOINTS_H

#include "service/http/http_exchange.h"
#include "service/signalr/worker_app.h"

/** Answer a request under ${path} of the app, now or later. */
void endpoints_handle(struct worker_app *app, const struct app_path *path,
                      struct http_exchange *exchange);

#endif
