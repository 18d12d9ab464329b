/* SPDX-License-Identifier: MIT */
/* signalr_host: all of SignalR that one worker embeds: give it requests and the farm's messages,
 * and it serves its clients. */
#ifndef HUBPLANE_SERVICE_SIGNALR_HOST_H
#define HUBPLANE_SERVICE_SIGNALR_HOST_H

#include <stdatomic.h>

#include "service/backplane/backplane_port.h"
#include "service/http/http_exchange.h"
#include "service/signalr/app.h"
#include "service/signalr/worker_app.h"

struct signalr_host;

struct signalr_host_options {
    struct timers *timers; /* its clock is the host's */
    struct log *log;
    struct signalr_metrics metrics;
    struct backplane_port
        *port; /* of this worker; its handler is signalr_host_port_handler with the host as owner */
    const struct app *apps; /* immutable, outlive the host; handles as the port knows them */
    size_t app_count;
    struct http_proxies proxies;
    struct client_limits *limits;      /* the node's; NULL = none */
    struct poster home;                /* reaches this worker's loop from any thread */
    const struct upstreams *upstreams; /* the node's; NULL = none */
    const atomic_bool *is_paused;      /* while true newcomers are refused; NULL = never */
    size_t worker;                     /* its index in the node */
};

/** OK or NO_MEMORY. */
MUST_CHECK enum status signalr_host_new(const struct signalr_host_options *options,
                                        struct signalr_host **out);
/** Ends what is open without events. The port takes the last unsubscribes, but calls nobody back
 * any more. */
void signalr_host_free(struct signalr_host *host);

/** A request is complete. False: no app has that path, and the exchange is untouched. */
bool signalr_host_handle(struct signalr_host *host, struct http_exchange *exchange);

/** The node stops: polls are answered with T:1, sockets and streams closed, new requests refused
 * with 503. Clients go on elsewhere; no events. Calls under way still end. */
void signalr_host_drain(struct signalr_host *host);
/** Whether no client request is open and no hub call is under way. */
bool signalr_host_is_idle(const struct signalr_host *host);

/** What it holds of options.apps[${index}]. */
struct worker_app *signalr_host_app(struct signalr_host *host, size_t index);

/** For the port: owner is the host. */
extern const struct backplane_port_handler signalr_host_port_handler;

#endif
