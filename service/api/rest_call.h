/* SPDX-License-Identifier: MIT */
/* rest_call: one request to the REST interface that is being carried out: it may do so, and its hub
 * is known. */
#ifndef HUBPLANE_SERVICE_REST_CALL_H
#define HUBPLANE_SERVICE_REST_CALL_H

#include "service/api/rest_request.h"
#include "service/signalr/worker_app.h"

struct rest_call_options {
    struct http_exchange *exchange;
    struct worker_app *app;
    struct bytes hub;               /* canonical; outlives the call */
    const struct rest_route *route; /* copied with its names */
    const struct http_parameters *parameters;
    struct list *calls; /* lives there while it is under way */
};

/* How long whoever holds a connection has to say so. */
enum { REST_CALL_SILENCE_MS = 1000 };

/** Carry it out and answer, now or later. */
void rest_call_start(const struct rest_call_options *options);
/** The node ends: forget those in the list. */
void rest_call_drop_all(struct list *calls);

#endif
