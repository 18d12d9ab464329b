/* SPDX-License-Identifier: MIT */
/*
 * rest_api: the REST interface through which an application reaches clients anywhere in the farm:
 * to send, to change groups, to ask who is there, to close. The shape is the data plane of Azure
 * SignalR Service (REST.md). It lives on the loop of a worker, whose part of each app it uses.
 */
#ifndef HUBPLANE_SERVICE_REST_API_H
#define HUBPLANE_SERVICE_REST_API_H

#include "service/signalr/signalr_host.h"

struct rest_api;

/* Metrics of this module: indexes into the program's table. */
struct rest_api_metrics {
    struct metrics *registry; /* NULL = nothing is counted */
    size_t requests, unauthorized;
};

struct rest_api_options {
    struct timers *timers;
    struct rest_api_metrics metrics;
    const struct app *apps; /* those of the host */
    size_t app_count;
    struct signalr_host *host; /* outlives it */
};

/** OK or NO_MEMORY. */
MUST_CHECK enum status rest_api_new(const struct rest_api_options *options, struct rest_api **out);
/** No request is open any more, and the worker's port calls nobody back. NULL does nothing. */
void rest_api_free(struct rest_api *api);
/** A request is complete. False: it is none of ours, and the exchange is untouched. */
bool rest_api_handle(struct rest_api *api, struct http_exchange *exchange);
/** The node stops: new requests are answered 503. */
void rest_api_drain(struct rest_api *api);

#endif
