/* SPDX-License-Identifier: MIT */
/* node_start: everything a node consists of is made here, in order. */
#include <stdlib.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "common/net/listener.h"
#include "hubplane_version.h"
#include "service/node/node_internal.h"
#include "service/node/service_metrics.h"

enum { WORKERS_AUTO_MAX = 8, CREDENTIALS_MAX_BYTES = 1024 * 1024 };

/* Credentials and certificates. */

enum status
node_load_tls(struct node *node, const char *path, enum service_credentials_kind kind,
              struct tls_context **out)
{
    bool is_link = kind == SERVICE_CREDENTIALS_LINK;
    const char *option = is_link ? "[bridge] credentials" : "[service] certificate";
    struct buffer problem;

    buffer_init(&problem, 4096);
    enum status status = service_credentials_load(path, kind, option, &problem, out);
    if (status != STATUS_OK) {
        log_error(node->log, "service", "%.*s", BYTES_PRINTF(buffer_bytes(&problem)));
    } else if (service_file_is_exposed(path, &problem)) {
        service_event(node->host, node->log, SERVICE_EVENT_CREDENTIALS_EXPOSED, ": %s \"%s\" %.*s",
                      option, path, BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
    return status;
}

static enum status
load_credentials(struct node *node)
{
    enum status status = node_load_tls(node, node->options->bridge->credentials,
                                       SERVICE_CREDENTIALS_LINK, &node->link_tls);

    if (status == STATUS_OK && node->options->service->certificate != NULL) {
        status = node_load_tls(node, node->options->service->certificate,
                               SERVICE_CREDENTIALS_CLIENTS, &node->client_tls);
    }
    return status;
}

/* Backplane and workers. */

static void
run_flush(struct loop_turn_task *task)
{
    backplane_flush(CONTAINER_OF(task, struct node, flush)->backplane);
}

static void
schedule_flush(void *context)
{
    struct node *node = context;
    loop_at_turn_end(node->loop, &node->flush);
}

static enum status
post_to_loop(void *context, void (*fn)(void *argument), void *argument)
{
    return loop_post(context, fn, argument);
}

static struct backplane_metrics
backplane_metrics_of(struct metrics *registry)
{
    return (struct backplane_metrics){
        .registry = registry,
        .publish_accepted = SERVICE_METRIC_PUBLISH_ACCEPTED,
        .publish_confirmed = SERVICE_METRIC_PUBLISH_CONFIRMED,
        .failed_refused = SERVICE_METRIC_PUBLISH_FAILED_REFUSED,
        .failed_timed_out = SERVICE_METRIC_PUBLISH_FAILED_TIMED_OUT,
        .failed_unknown = SERVICE_METRIC_PUBLISH_FAILED_UNKNOWN,
        .rejected_full = SERVICE_METRIC_PUBLISH_REJECTED_FULL,
        .rejected_closed = SERVICE_METRIC_PUBLISH_REJECTED_CLOSED,
        .rejected_invalid = SERVICE_METRIC_PUBLISH_REJECTED_INVALID,
        .publish_latency = SERVICE_METRIC_PUBLISH_LATENCY,
        .spool_depth = SERVICE_METRIC_SPOOL_DEPTH,
        .spool_bytes = SERVICE_METRIC_SPOOL_BYTES,
        .spool_oldest_age = SERVICE_METRIC_SPOOL_OLDEST_AGE,
        .delivered = SERVICE_METRIC_DELIVERED,
        .rejected_frames = SERVICE_METRIC_REJECTED_FRAMES,
        .replays_local = SERVICE_METRIC_REPLAYS_LOCAL,
        .replays_bridge = SERVICE_METRIC_REPLAYS_BRIDGE,
        .gaps = SERVICE_METRIC_GAPS,
        .interest_topics = SERVICE_METRIC_INTEREST_TOPICS,
        .link_up = SERVICE_METRIC_LINK_UP,
        .degraded = SERVICE_METRIC_DEGRADED,
    };
}

static enum status
start_backplane(struct node *node)
{
    const struct service_options *options = node->options;
    struct bytes *keys = calloc(options->app_count + 1, sizeof(*keys));
    /* The Redis endpoint counts as one more worker, on the link loop. */
    size_t port_count = node->worker_count + (options->door_count > 0 ? 1 : 0);
    struct poster *posters = calloc(port_count, sizeof(*posters));
    enum status status = STATUS_NO_MEMORY;

    node->flush.run = run_flush;
    if (keys != NULL && posters != NULL) {
        for (size_t i = 0; i < options->app_count; i++) {
            keys[i] = bytes_from_string(options->apps[i].key);
        }
        for (size_t i = 1; i < node->worker_count; i++) {
            posters[i] = (struct poster){post_to_loop, node->workers[i].loop};
        }
        struct backplane_options backplane = {
            .timers = loop_timers(node->loop),
            .log = node->log,
            .metrics = backplane_metrics_of(&node->metrics),
            .self = {.name = bytes_from_string(node->name),
                     .software = BYTES("hubplane-service " HUBPLANE_VERSION)},
            .app_keys = keys,
            .app_count = options->app_count,
            .workers = posters,
            .worker_count = port_count,
            .link_loop = {post_to_loop, node->loop},
            .schedule_flush = schedule_flush,
            .schedule_context = node,
            .spool_bytes = options->bridge->spool_max,
            .recent_bytes = options->bridge->recent_max,
            .publish_wait_ms = (uint32_t)options->bridge->publish_wait,
            .linger_ms = (uint32_t)options->bridge->linger,
        };
        crypto_random(backplane.self.instance, sizeof(backplane.self.instance));
        status = backplane_new(&backplane, &node->backplane);
    }
    free(keys);
    free(posters);
    return status;
}

static enum status
start_upstreams(struct node *node)
{
    const struct service_options *options = node->options;
    struct buffer problem;

    buffer_init(&problem, 4096);
    enum status status =
        upstream_sockets_new(node->loop, options->upstreams, options->upstream_count, &problem,
                             &node->upstream_sockets);
    if (status != STATUS_OK) {
        log_error(node->log, "service", "an application cannot be dialed: %.*s status=%s",
                  BYTES_PRINTF(buffer_bytes(&problem)), status_name(status));
    }
    buffer_deinit(&problem);
    if (status != STATUS_OK) {
        return status;
    }
    struct upstreams_options upstreams = {
        .timers = loop_timers(node->loop),
        .log = node->log,
        .metrics = {.registry = &node->metrics,
                    .requests = SERVICE_METRIC_UPSTREAM_REQUESTS,
                    .failures = SERVICE_METRIC_UPSTREAM_FAILURES,
                    .waiting = SERVICE_METRIC_UPSTREAM_WAITING,
                    .open = SERVICE_METRIC_UPSTREAM_OPEN_CIRCUITS,
                    .lost = SERVICE_METRIC_UPSTREAM_LOST},
        .loop = {post_to_loop, node->loop},
        .dialer = upstream_sockets_dialer(node->upstream_sockets),
        .settings = options->upstreams,
        .count = options->upstream_count,
    };
    return upstreams_new(&upstreams, &node->upstreams);
}

static size_t
count_workers(const struct service_options *options)
{
    unsigned processors = service_system_processors();

    if (options->service->workers != 0) {
        return (size_t)options->service->workers;
    }
    size_t half = (processors + 1) / 2; /* the rest is for the web server next door */
    return half < WORKERS_AUTO_MAX ? half : WORKERS_AUTO_MAX;
}

static enum status
make_loops(struct node *node)
{
    size_t count = count_workers(node->options);

    node->workers = calloc(count, sizeof(*node->workers));
    if (node->workers == NULL) {
        return STATUS_NO_MEMORY;
    }
    node->worker_count = count;
    for (size_t i = 0; i < node->worker_count; i++) {
        node->workers[i].node = node;
        enum status status = loop_new(node->log, &node->workers[i].loop);
        if (status != STATUS_OK) {
            return status;
        }
    }
    node->loop = node->workers[0].loop;
    return STATUS_OK;
}

static struct http_limits
http_limits(const struct service_section *service)
{
    return (struct http_limits){
        .line_max_bytes = service->headers_max,
        .headers_max_bytes = service->headers_max,
        .body_max_bytes = service->request_max,
        .request_timeout_ms = (uint32_t)service->request_timeout,
        .idle_timeout_ms = (uint32_t)service->idle_timeout,
    };
}

struct client_limits_options
node_client_limits(const struct service_section *service)
{
    return (struct client_limits_options){
        .connections_max = service->connections_max,
        .address_connections_max = service->address_connections_max,
        .negotiates_max = service->negotiates_max,
    };
}

struct client_limits_options
node_socket_limits(const struct service_section *service)
{
    return (struct client_limits_options){
        .address_connections_max = service->address_sockets_max,
    };
}

static enum status
make_workers(struct node *node)
{
    const struct client_limits_options limits = node_client_limits(node->options->service);
    const struct client_limits_options socket_limits = node_socket_limits(node->options->service);

    node->limits = client_limits_new(&limits);
    node->socket_limits = client_limits_new(&socket_limits);
    if (node->limits == NULL || node->socket_limits == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < node->worker_count; i++) {
        struct worker_options options = {
            .index = i,
            .loop = node->workers[i].loop,
            .log = node->log,
            .metrics = &node->metrics,
            .port = backplane_worker_port(node->backplane, i),
            .apps = node->options->apps,
            .app_count = node->options->app_count,
            .proxies = &node->options->proxies,
            .limits = node->limits,
            .socket_limits = node->socket_limits,
            .tls = node->client_tls,
            .http = http_limits(node->options->service),
            .is_paused = &node->is_paused,
            .home = {post_to_loop, node->workers[i].loop},
            .upstreams = node->upstreams,
        };
        enum status status = worker_new(&options, &node->workers[i].worker);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status
node_start_threads(struct node *node)
{
    for (size_t i = 1; i < node->worker_count; i++) {
        enum status status = loop_thread_start(node->workers[i].loop, &node->workers[i].thread);
        if (status != STATUS_OK) {
            log_error(node->log, "service", "cannot start a thread: %s", status_sentence(status));
            return status;
        }
    }
    return STATUS_OK;
}

static void
hand_over(void *owner, size_t worker, stream_socket socket)
{
    struct node *node = owner;

    if (node->phase == NODE_ABANDONED) {
        listener_reject(socket);
    } else {
        worker_take(node->workers[worker].worker, socket);
    }
}

static void
take_admin_socket(void *owner, size_t worker, stream_socket socket)
{
    struct node *node = owner;

    (void)worker;
    client_sockets_add(&node->admin_sockets, socket);
}

static void
on_admin_request(void *owner, struct http_exchange *exchange)
{
    struct node *node = owner;

    if (!rest_api_handle(node->rest, exchange)) {
        admin_handle(&node->admin, exchange);
    }
}

static enum status
start_rest(struct node *node)
{
    const struct rest_api_options options = {
        .timers = loop_timers(node->loop),
        .metrics = {.registry = &node->metrics,
                    .requests = SERVICE_METRIC_REST_REQUESTS,
                    .unauthorized = SERVICE_METRIC_REST_UNAUTHORIZED},
        .apps = node->options->apps,
        .app_count = node->options->app_count,
        .host = worker_host(node->workers[0].worker),
    };

    return rest_api_new(&options, &node->rest);
}

static enum status
start_admin(struct node *node, struct buffer *problem)
{
    struct acceptor_options options = {
        .loop = node->loop,
        .addresses = node->options->service->admin,
        .option = "[service] admin",
        .worker_count = 1,
        .hand_over = take_admin_socket,
        .owner = node,
    };

    node->report = (struct node_report){
        .name = node->name,
        .options = node->options,
        .metrics = &node->metrics,
        .backplane = node->backplane,
        .is_paused = &node->is_paused,
        .clock = loop_clock(node->loop),
        .started_ms = loop_clock(node->loop)->now_ms,
    };
    node->admin = (struct admin){
        .metrics = &node->metrics,
        .backplane = node->backplane,
        .write_table = node_report_write_table,
        .write_json = node_report_write_json,
        .owner = &node->report,
    };
    node->admin_server = (struct http_server){
        .timers = loop_timers(node->loop),
        .log = node->log,
        .limits = http_limits(node->options->service),
        .on_request = on_admin_request,
        .owner = node,
    };
    client_sockets_init(&node->admin_sockets, node->loop, NULL, &node->admin_server,
                        node_on_admin_empty, node);
    return acceptor_new(&options, problem, &node->admin_acceptor);
}

static enum status
start_doors(struct node *node, struct buffer *problem)
{
    const struct redis_doors_options options = {
        .loop = node->loop,
        .log = node->log,
        .metrics = &node->metrics,
        .port = backplane_worker_port(node->backplane, node->worker_count),
        .doors = node->options->doors,
        .door_count = node->options->door_count,
        .apps = node->options->door_apps,
        .app_count = node->options->door_app_count,
    };

    return redis_doors_new(&options, problem, &node->doors);
}

static enum status
start_listening(struct node *node)
{
    struct acceptor_options options = {
        .loop = node->loop,
        .addresses = node->options->service->listen,
        .option = "[service] listen",
        .worker_count = node->worker_count,
        .hand_over = hand_over,
        .owner = node,
    };
    struct buffer problem;

    buffer_init(&problem, 4096);
    enum status status = acceptor_new(&options, &problem, &node->acceptor);
    if (status == STATUS_OK && node->options->service->admin != NULL) {
        status = start_rest(node);
    }
    if (status == STATUS_OK && node->options->service->admin != NULL) {
        status = start_admin(node, &problem);
    }
    if (status == STATUS_OK && node->options->door_count > 0) {
        status = start_doors(node, &problem);
    }
    if (status != STATUS_OK) {
        log_error(node->log, "service", "%.*s", BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
    return status;
}

static enum status
start_link(struct node *node)
{
    struct bridge_link_options options = {
        .loop = node->loop,
        .backplane = node->backplane,
        .addresses = node->options->bridge->address,
        .tls = node->link_tls,
        .connect_timeout_ms = (uint32_t)node->options->bridge->connect_timeout,
        .metrics = &node->metrics,
    };
    return bridge_link_new(&options, &node->link);
}

enum status
node_start(struct node *node)
{
    enum status status;

    service_host_report(node->host, SERVICE_PHASE_STARTING, NODE_STOP_HINT_MS);
    if ((status = load_credentials(node)) != STATUS_OK ||
        (status = make_loops(node)) != STATUS_OK || (status = start_backplane(node)) != STATUS_OK ||
        (status = start_upstreams(node)) != STATUS_OK ||
        (status = make_workers(node)) != STATUS_OK ||
        (status = start_listening(node)) != STATUS_OK || (status = start_link(node)) != STATUS_OK) {
        return status;
    }
    return STATUS_OK;
}
