/* SPDX-License-Identifier: MIT */
#include "service/node/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "common/net/loop_thread.h"
#include "hubplane_version.h"
#include "service/api/admin.h"
#include "service/node/acceptor.h"
#include "service/node/bridge_link.h"
#include "service/node/client_sockets.h"
#include "service/node/service_metrics.h"
#include "service/node/worker.h"
#include "service/platform/service_system.h"

enum {
    WORKERS_AUTO_MAX = 8,
    CREDENTIALS_MAX_BYTES = 1024 * 1024,
    STOP_HINT_MS = 3000,
    FLUSH_POLL_MS = 20,
    FLUSH_WAIT_MS = 5000,
};

struct node;

struct node_worker {
    struct node *node;
    struct loop *loop;
    struct loop_thread *thread; /* NULL: worker 0, on the link loop */
    struct worker *worker;
};

/* Where stopping stands; each step starts the next from its callback. */
enum node_phase {
    NODE_RUNNING, /* or starting */
    NODE_CLOSING_ACCEPTOR,
    NODE_DRAINING_WORKERS,
    NODE_FLUSHING_SPOOL,
    NODE_CLOSING_LINK,
    NODE_CLOSING_ADMIN,
};

struct node {
    const struct service_options *options;
    struct log *log;
    struct service_host *host;
    enum node_phase phase;
    int exit_code;
    struct metrics metrics;
    atomic_bool is_paused;
    char name[SERVICE_SYSTEM_NAME_BYTES];
    struct tls_context *link_tls;
    struct tls_context *client_tls;
    struct loop *loop; /* of the link and of worker 0 */
    struct node_worker *workers;
    size_t worker_count;
    size_t draining_count;
    struct backplane *backplane;
    struct loop_turn_task flush;
    struct bridge_link *link;
    struct acceptor *acceptor;
    /* The admin listener, on the link loop. */
    struct acceptor *admin_acceptor;
    struct admin admin;
    struct http_server admin_server;
    struct client_sockets admin_sockets;
    struct timer stop_timer;
    uint64_t stop_deadline_ms;
};

/* Credentials and certificates. */

static enum status
load_tls(struct node *node, const char *path, const struct tls_options *kind, const char *option,
         struct tls_context **out)
{
    struct buffer pem, problem;
    struct tls_options options = *kind;

    buffer_init(&pem, CREDENTIALS_MAX_BYTES);
    buffer_init(&problem, 4096);
    enum status status = file_read(path, CREDENTIALS_MAX_BYTES, &pem);
    if (status == STATUS_OK) {
        options.certificate_pem = options.key_pem = buffer_bytes(&pem);
        options.authority_pem = kind->is_link ? buffer_bytes(&pem) : BYTES_NONE;
        status = tls_context_new(&options, &problem, out);
        if (status != STATUS_OK) {
            log_error(node->log, "service", "%s \"%s\": %.*s", option, path, BYTES_PRINTF(buffer_bytes(&problem)));
        }
    } else {
        log_error(node->log, "service", "%s \"%s\" cannot be read: %s", option, path, status_sentence(status));
    }
    crypto_wipe(pem.data, pem.length);
    buffer_deinit(&pem);
    buffer_deinit(&problem);
    return status;
}

static enum status
load_credentials(struct node *node)
{
    static const struct tls_options link_options = {.role = TLS_CLIENT, .is_link = true};
    static const struct tls_options client_options = {.role = TLS_SERVER};
    enum status status =
        load_tls(node, node->options->bridge->credentials, &link_options, "[bridge] credentials", &node->link_tls);

    if (status == STATUS_OK && node->options->service->certificate != NULL) {
        status = load_tls(node, node->options->service->certificate, &client_options, "[service] certificate",
                          &node->client_tls);
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
        .publish_refused = SERVICE_METRIC_PUBLISH_REFUSED,
        .publish_rejected = SERVICE_METRIC_PUBLISH_REJECTED,
        .spool_depth = SERVICE_METRIC_SPOOL_DEPTH,
        .spool_bytes = SERVICE_METRIC_SPOOL_BYTES,
        .delivered = SERVICE_METRIC_DELIVERED,
        .rejected_frames = SERVICE_METRIC_REJECTED_FRAMES,
        .replays_local = SERVICE_METRIC_REPLAYS_LOCAL,
        .replays_bridge = SERVICE_METRIC_REPLAYS_BRIDGE,
        .gaps = SERVICE_METRIC_GAPS,
        .interest_topics = SERVICE_METRIC_INTEREST_TOPICS,
        .link_up = SERVICE_METRIC_LINK_UP,
    };
}

static enum status
start_backplane(struct node *node)
{
    const struct service_options *options = node->options;
    struct bytes *keys = calloc(options->app_count + 1, sizeof(*keys));
    struct backplane_poster *posters = calloc(node->worker_count, sizeof(*posters));
    enum status status = STATUS_NO_MEMORY;

    if (keys != NULL && posters != NULL) {
        for (size_t i = 0; i < options->app_count; i++) {
            keys[i] = bytes_from_string(options->apps[i].key);
        }
        for (size_t i = 1; i < node->worker_count; i++) {
            posters[i] = (struct backplane_poster){post_to_loop, node->workers[i].loop};
        }
        struct backplane_options backplane = {
            .timers = loop_timers(node->loop),
            .log = node->log,
            .metrics = backplane_metrics_of(&node->metrics),
            .self = {.name = bytes_from_string(node->name), .software = BYTES("hubplane-service " HUBPLANE_VERSION)},
            .app_keys = keys,
            .app_count = options->app_count,
            .workers = posters,
            .worker_count = node->worker_count,
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

static size_t
count_workers(const struct service_options *options)
{
    unsigned processors = service_system_processors();

    if (options->service->workers != 0) {
        return (size_t)options->service->workers;
    }
    return processors < WORKERS_AUTO_MAX ? processors : WORKERS_AUTO_MAX;
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

static enum status
make_workers(struct node *node)
{
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
            .tls = node->client_tls,
            .http = http_limits(node->options->service),
            .is_paused = &node->is_paused,
        };
        enum status status = worker_new(&options, &node->workers[i].worker);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status
start_threads(struct node *node)
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
    worker_take(node->workers[worker].worker, socket);
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
    admin_handle(&node->admin, exchange);
}

static void on_admin_empty(void *owner);

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

    node->admin = (struct admin){node->name, &node->metrics, node->backplane, &node->is_paused};
    node->admin_server = (struct http_server){
        .timers = loop_timers(node->loop),
        .log = node->log,
        .limits = http_limits(node->options->service),
        .on_request = on_admin_request,
        .owner = node,
    };
    client_sockets_init(&node->admin_sockets, node->loop, NULL, &node->admin_server, on_admin_empty, node);
    return acceptor_new(&options, problem, &node->admin_acceptor);
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
        status = start_admin(node, &problem);
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
    };
    return bridge_link_new(&options, &node->link);
}

/* Stopping, in the order of enum node_phase. */

static void
stop_loops(struct node *node)
{
    for (size_t i = 1; i < node->worker_count; i++) {
        if (node->workers[i].thread != NULL &&
            loop_post(node->workers[i].loop, (loop_fn)loop_stop, node->workers[i].loop) != STATUS_OK) {
            abort();
        }
    }
    loop_stop(node->loop);
}

static void
on_admin_empty(void *owner)
{
    stop_loops(owner);
}

static void
on_admin_closed(void *owner)
{
    struct node *node = owner;

    if (node->admin_sockets.count == 0) {
        stop_loops(node);
    } else {
        client_sockets_close(&node->admin_sockets, "stopping");
    }
}

/* The admin listener goes last, so that stopping can be watched. */
static void
close_admin(struct node *node)
{
    node->phase = NODE_CLOSING_ADMIN;
    if (node->admin_acceptor != NULL) {
        acceptor_close(node->admin_acceptor, on_admin_closed, node);
    } else {
        stop_loops(node);
    }
}

static void
on_link_closed(void *owner)
{
    close_admin(owner);
}

static void
on_flush_poll(struct timer *timer)
{
    struct node *node = CONTAINER_OF(timer, struct node, stop_timer);
    bool is_late = loop_clock(node->loop)->now_ms >= node->stop_deadline_ms;

    if (!backplane_is_idle(node->backplane) && !is_late) {
        timer_start(loop_timers(node->loop), &node->stop_timer, FLUSH_POLL_MS, on_flush_poll);
        return;
    }
    if (!backplane_is_idle(node->backplane)) {
        log_error(node->log, "service", "stopping although no bridge has accepted some publishes: they are lost count=%" PRId64,
                  metrics_get(&node->metrics, SERVICE_METRIC_SPOOL_DEPTH));
    }
    node->phase = NODE_CLOSING_LINK;
    bridge_link_close(node->link, on_link_closed, node);
}

static void
on_worker_drained(void *owner)
{
    struct node *node = owner;

    if (--node->draining_count > 0) {
        return;
    }
    node->phase = NODE_FLUSHING_SPOOL;
    service_host_report(node->host, SERVICE_PHASE_STOPPING, FLUSH_WAIT_MS + STOP_HINT_MS);
    node->stop_deadline_ms = loop_clock(node->loop)->now_ms + FLUSH_WAIT_MS;
    timer_start(loop_timers(node->loop), &node->stop_timer, 0, on_flush_poll);
}

/* On the worker's loop: tell the link loop. */
static void
on_drained_there(void *owner)
{
    struct node_worker *worker = owner;

    if (loop_post(worker->node->loop, on_worker_drained, worker->node) != STATUS_OK) {
        abort();
    }
}

static void
drain_there(void *context)
{
    struct node_worker *worker = context;
    worker_drain(worker->worker, (uint32_t)worker->node->options->service->drain_timeout, on_drained_there, worker);
}

static void
on_acceptor_closed(void *owner)
{
    struct node *node = owner;

    node->phase = NODE_DRAINING_WORKERS;
    node->draining_count = node->worker_count;
    service_host_report(node->host, SERVICE_PHASE_STOPPING,
                        (uint32_t)node->options->service->drain_timeout + STOP_HINT_MS);
    for (size_t i = 0; i < node->worker_count; i++) {
        if (loop_post(node->workers[i].loop, drain_there, &node->workers[i]) != STATUS_OK) {
            abort();
        }
    }
}

static void
stop(struct node *node)
{
    if (node->phase != NODE_RUNNING) {
        return;
    }
    log_info(node->log, "service", "stopping: clients are sent elsewhere");
    node->phase = NODE_CLOSING_ACCEPTOR;
    service_host_report(node->host, SERVICE_PHASE_STOPPING, STOP_HINT_MS);
    acceptor_close(node->acceptor, on_acceptor_closed, node);
}

static void
on_control(void *owner, enum service_control control)
{
    struct node *node = owner;

    switch (control) {
    case SERVICE_CONTROL_REQUEST_STOP:
        stop(node);
        break;
    case SERVICE_CONTROL_REQUEST_PAUSE:
        atomic_store(&node->is_paused, true);
        log_info(node->log, "service", "paused: load balancers see 503 at /health, present clients stay");
        service_host_report(node->host, SERVICE_PHASE_PAUSED, 0);
        break;
    case SERVICE_CONTROL_REQUEST_CONTINUE:
        atomic_store(&node->is_paused, false);
        log_info(node->log, "service", "continued");
        service_host_report(node->host, SERVICE_PHASE_RUNNING, 0);
        break;
    case SERVICE_CONTROL_REQUEST_RELOAD:
        log_info(node->log, "service", "no option can be changed without a restart yet");
        break;
    }
}

static enum status
start(struct node *node)
{
    enum status status;

    service_host_report(node->host, SERVICE_PHASE_STARTING, STOP_HINT_MS);
    if ((status = load_credentials(node)) != STATUS_OK || (status = make_loops(node)) != STATUS_OK ||
        (status = start_backplane(node)) != STATUS_OK || (status = make_workers(node)) != STATUS_OK ||
        (status = start_listening(node)) != STATUS_OK || (status = start_link(node)) != STATUS_OK ||
        (status = service_host_listen(node->host, node->loop, on_control, node)) != STATUS_OK) {
        return status;
    }
    return start_threads(node);
}

/* Starting failed half-way, before any thread ran: close what is open, step by step as stopping does. */
static void
on_abandoned_acceptor_closed(void *owner)
{
    struct node *node = owner;

    if (node->link != NULL) {
        bridge_link_close(node->link, on_link_closed, node);
    } else {
        close_admin(node);
    }
}

static void
abandon(struct node *node)
{
    node->phase = NODE_CLOSING_ACCEPTOR;
    if (node->acceptor != NULL) {
        acceptor_close(node->acceptor, on_abandoned_acceptor_closed, node);
        loop_run(node->loop);
    }
}

static void
free_node(struct node *node)
{
    service_host_unlisten(node->host);
    for (size_t i = 1; i < node->worker_count; i++) {
        loop_thread_join(node->workers[i].thread);
    }
    for (size_t i = 0; i < node->worker_count; i++) {
        worker_free(node->workers[i].worker);
    }
    /* Their last commands, and what the backplane answers, are carried out while both ends still exist. */
    for (size_t i = 0; i < node->worker_count && node->workers[i].loop != NULL; i++) {
        loop_stop(node->workers[i].loop);
        loop_run(node->workers[i].loop);
    }
    bridge_link_free(node->link);
    acceptor_free(node->admin_acceptor);
    acceptor_free(node->acceptor);
    if (node->loop != NULL) {
        loop_turn_task_cancel(&node->flush);
    }
    backplane_free(node->backplane);
    for (size_t i = node->worker_count; i > 0; i--) {
        loop_free(node->workers[i - 1].loop);
    }
    free(node->workers);
    tls_context_free(node->link_tls);
    tls_context_free(node->client_tls);
    metrics_deinit(&node->metrics);
}

int
node_run(const struct service_options *options, struct log *log, struct service_host *host)
{
    struct node node = {.options = options, .log = log, .host = host, .flush = {.run = run_flush}};

    if (options->service->name != NULL) {
        (void)snprintf(node.name, sizeof(node.name), "%s", options->service->name);
    } else {
        service_system_host_name(node.name);
    }
    if (metrics_init(&node.metrics, service_metric_rows, SERVICE_METRIC_COUNT) != STATUS_OK) {
        return NODE_EXIT_FAILED;
    }
    enum status status = start(&node);
    if (status == STATUS_OK) {
        log_info(log, "service", "started version=%s name=%s port=%u workers=%zu apps=%zu", HUBPLANE_VERSION, node.name,
                 acceptor_port(node.acceptor), node.worker_count, options->app_count);
        service_host_report(host, SERVICE_PHASE_RUNNING, 0);
        loop_run(node.loop);
        log_info(log, "service", "stopped");
    } else {
        abandon(&node);
        node.exit_code = status == STATUS_INVALID || status == STATUS_EXPIRED || status == STATUS_NOT_FOUND ||
                                 status == STATUS_DENIED
                             ? NODE_EXIT_CONFIGURATION
                             : NODE_EXIT_FAILED;
    }
    free_node(&node);
    return node.exit_code;
}
