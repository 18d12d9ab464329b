/* SPDX-License-Identifier: MIT */
#include "service/node/worker.h"

#include <stdlib.h>

#include "common/net/listener.h"
#include "service/backplane/backplane.h"
#include "service/node/client_sockets.h"
#include "service/node/service_metrics.h"
#include "service/signalr/signalr_host.h"

struct worker {
    struct worker_options options;
    struct signalr_host *host;
    struct http_server server;
    struct client_sockets sockets;
    struct tls_context *tls; /* what new sockets use; NULL = plain; a reference of our own */
    struct timer drain_timer;
    void (*on_drained)(void *owner);
    void *owner;
};

static void
respond_health(struct worker *worker, struct http_exchange *exchange)
{
    bool is_serving = !worker->sockets.is_draining && !atomic_load(worker->options.is_paused);
    struct http_response response = {
        .status = is_serving ? 200 : 503,
        .content_type = "text/plain",
        .body = is_serving ? BYTES("ok\n") : BYTES("not taking new clients\n"),
    };
    http_exchange_respond(exchange, &response);
}

static void
on_request(void *owner, struct http_exchange *exchange)
{
    struct worker *worker = owner;

    metrics_add(worker->options.metrics, SERVICE_METRIC_HTTP_REQUESTS, 1);
    if (bytes_equal(http_exchange_request(exchange)->path, BYTES("/health"))) {
        respond_health(worker, exchange);
    } else if (!signalr_host_handle(worker->host, exchange)) {
        struct http_response response = {
            .status = 404,
            .content_type = "text/plain",
            .body = BYTES("no app has this path: see [app NAME] path in the configuration\n"),
        };
        http_exchange_respond(exchange, &response);
    }
}

static void
end_drain(void *owner)
{
    struct worker *worker = owner;
    void (*on_drained)(void *) = worker->on_drained;

    if (on_drained != NULL) {
        worker->on_drained = NULL;
        timer_stop(loop_timers(worker->options.loop), &worker->drain_timer);
        on_drained(worker->owner);
    }
}

struct handed_socket {
    struct worker *worker;
    stream_socket socket;
};

static void
open_handed_socket(void *context)
{
    struct handed_socket handed = *(struct handed_socket *)context;

    free(context);
    client_sockets_add(&handed.worker->sockets, handed.socket);
}

void
worker_take(struct worker *worker, stream_socket socket)
{
    struct handed_socket *handed = malloc(sizeof(*handed));

    if (handed == NULL) {
        listener_reject(socket);
        return;
    }
    *handed = (struct handed_socket){worker, socket};
    if (loop_post(worker->options.loop, open_handed_socket, handed) != STATUS_OK) {
        free(handed);
        listener_reject(socket);
    }
}

struct posted_tls {
    struct worker *worker;
    struct tls_context *tls;
};

static void
take_tls(void *context)
{
    struct posted_tls posted = *(struct posted_tls *)context;

    free(context);
    tls_context_free(posted.worker->tls);
    posted.worker->tls = posted.tls;
    posted.worker->sockets.tls = posted.tls;
}

void
worker_post_tls(struct worker *worker, struct tls_context *tls)
{
    struct posted_tls *posted = malloc(sizeof(*posted));

    if (posted == NULL) {
        return; /* the old certificate serves on; the next reload tries again */
    }
    *posted = (struct posted_tls){worker, tls_context_ref(tls)};
    if (loop_post(worker->options.loop, take_tls, posted) != STATUS_OK) {
        tls_context_free(tls);
        free(posted);
    }
}

static struct signalr_metrics
signalr_metrics_of(struct metrics *registry)
{
    return (struct signalr_metrics){
        .registry = registry,
        .connections = SERVICE_METRIC_CONNECTIONS,
        .connects = SERVICE_METRIC_CONNECTS,
        .reconnects = SERVICE_METRIC_RECONNECTS,
        .disconnects = SERVICE_METRIC_DISCONNECTS,
        .refused = SERVICE_METRIC_REFUSED,
        .delivered = SERVICE_METRIC_CLIENT_MESSAGES,
        .replayed = SERVICE_METRIC_REPLAYED,
        .replays_short = SERVICE_METRIC_REPLAYS_SHORT,
        .stale_cursors = SERVICE_METRIC_STALE_CURSORS,
        .slow_consumers = SERVICE_METRIC_SLOW_CONSUMERS,
        .limited_rate = SERVICE_METRIC_LIMITED_RATE,
        .limited_connections = SERVICE_METRIC_LIMITED_CONNECTIONS,
        .unauthorized = SERVICE_METRIC_UNAUTHORIZED,
        .client_faults = SERVICE_METRIC_CLIENT_FAULTS,
        .invalid_values = SERVICE_METRIC_INVALID_VALUES,
        .unmatched_acknowledgements = SERVICE_METRIC_UNMATCHED_ACKS,
        .hub_calls = SERVICE_METRIC_HUB_CALLS,
        .hub_errors = SERVICE_METRIC_HUB_ERRORS,
        .join_time_outs = SERVICE_METRIC_JOIN_TIME_OUTS,
        .acks_pending = SERVICE_METRIC_ACK_PENDING,
    };
}

enum status
worker_new(const struct worker_options *options, struct worker **out)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL) {
        return STATUS_NO_MEMORY;
    }
    worker->options = *options;
    worker->server = (struct http_server){
        .timers = loop_timers(options->loop),
        .log = options->log,
        .limits = options->http,
        .on_request = on_request,
        .owner = worker,
    };
    worker->tls = options->tls != NULL ? tls_context_ref(options->tls) : NULL;
    client_sockets_init(&worker->sockets, options->loop, worker->tls, &worker->server, end_drain,
                        worker);
    worker->sockets.metrics = options->metrics;
    worker->sockets.limits = options->socket_limits;
    worker->sockets.proxies = options->proxies;
    struct signalr_host_options host = {
        .timers = loop_timers(options->loop),
        .log = options->log,
        .metrics = signalr_metrics_of(options->metrics),
        .port = options->port,
        .apps = options->apps,
        .app_count = options->app_count,
        .proxies = *options->proxies,
        .limits = options->limits,
        .home = options->home,
        .upstreams = options->upstreams,
        .is_paused = options->is_paused,
        .worker = options->index,
    };
    enum status status = signalr_host_new(&host, &worker->host);
    if (status != STATUS_OK) {
        tls_context_free(worker->tls);
        free(worker);
        return status;
    }
    backplane_port_set_handler(options->port, &signalr_host_port_handler, loop_clock(options->loop),
                               worker->host);
    *out = worker;
    return STATUS_OK;
}

struct signalr_host *
worker_host(struct worker *worker)
{
    return worker->host;
}

static void
on_drain_time_up(struct timer *timer)
{
    struct worker *worker = CONTAINER_OF(timer, struct worker, drain_timer);

    if (worker->sockets.count == 0) {
        end_drain(worker);
    } else {
        client_sockets_close(&worker->sockets, "stopping");
    }
}

void
worker_drain(struct worker *worker, uint32_t timeout_ms, void (*on_drained)(void *owner),
             void *owner)
{
    worker->on_drained = on_drained;
    worker->owner = owner;
    signalr_host_drain(worker->host);
    client_sockets_drain(&worker->sockets);
    timer_start(loop_timers(worker->options.loop), &worker->drain_timer,
                worker->sockets.count == 0 ? 0 : timeout_ms, on_drain_time_up);
}

void
worker_free(struct worker *worker)
{
    if (worker != NULL) {
        signalr_host_free(worker->host);
        backplane_port_clear_handler(worker->options.port);
        tls_context_free(worker->tls);
        free(worker);
    }
}
