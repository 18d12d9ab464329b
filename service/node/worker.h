/* SPDX-License-Identifier: MIT */
/* worker: one event loop with its client sockets and its share of the SignalR connections. */
#ifndef HUBPLANE_SERVICE_WORKER_H
#define HUBPLANE_SERVICE_WORKER_H

#include "common/base/metrics.h"
#include "common/net/stream.h"
#include "service/backplane/backplane_port.h"
#include "service/http/http_connection.h"
#include "service/signalr/app.h"

struct client_limits;
struct worker;
struct upstreams;
struct signalr_host;

struct worker_options {
    size_t index;
    struct loop *loop; /* the worker runs on it; borrowed */
    struct log *log;
    struct metrics *metrics;
    struct backplane_port *port;
    const struct app *apps; /* shared by all workers */
    size_t app_count;
    const struct http_proxies *proxies;
    struct client_limits *limits; /* the node's */
    struct client_limits *socket_limits;
    struct tls_context *tls; /* of the client listener; NULL = plain */
    struct http_limits http;
    const atomic_bool *is_paused; /* no new clients: /health answers 503 */
    struct poster home;           /* reaches ${loop} from any thread */
    const struct upstreams *upstreams;
};

/** Before the loop runs. OK or NO_MEMORY. */
MUST_CHECK enum status worker_new(const struct worker_options *options, struct worker **out);
/** What it embeds of SignalR; for whoever lives on the same loop. */
struct signalr_host *worker_host(struct worker *worker);
/** Any thread: a socket for this worker. */
void worker_take(struct worker *worker, stream_socket socket);
/** Any thread: the certificate of clients that come from now on; those that are here keep theirs.
 * Keeps a reference of its own. */
void worker_post_tls(struct worker *worker, struct tls_context *tls);
/** worker_drain(worker, timeout_ms, on_drained, owner): Tell clients to go elsewhere, finish what
 * is under way, close the rest when time is up.
 *  ${on_drained} is called on the worker's loop, once. Loop thread only. */
void worker_drain(struct worker *worker, uint32_t timeout_ms, void (*on_drained)(void *owner),
                  void *owner);
/** Drained, and the loop has stopped. NULL does nothing. */
void worker_free(struct worker *worker);

#endif
