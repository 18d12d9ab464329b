/* SPDX-License-Identifier: MIT */
#include "service/node/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "hubplane_version.h"
#include "service/node/node_internal.h"
#include "service/node/service_metrics.h"

/* From now on new connections use the certificate that is in the file now; what is open stays open.
 */
static void
reload_credentials(struct node *node, const struct service_options *fresh)
{
    struct tls_context *link = NULL, *clients = NULL;

    if (node_load_tls(node, fresh->bridge->credentials, SERVICE_CREDENTIALS_LINK, &link) ==
        STATUS_OK) {
        tls_context_free(node->link_tls);
        node->link_tls = link;
        bridge_link_set_tls(node->link, link);
        node_watch_set_credentials(&node->watch, link);
    }
    /* A listener cannot change between HTTP and HTTPS while it is open: then report_reload names
     * it. */
    if (node->client_tls != NULL && fresh->service->certificate != NULL &&
        node_load_tls(node, fresh->service->certificate, SERVICE_CREDENTIALS_CLIENTS, &clients) ==
            STATUS_OK) {
        for (size_t i = 0; i < node->worker_count; i++) {
            worker_post_tls(node->workers[i].worker, clients);
        }
        tls_context_free(node->client_tls);
        node->client_tls = clients;
    }
}

static void
report_reload(struct node *node, const struct service_options *fresh)
{
    struct buffer names;

    buffer_init(&names, 64 * 1024);
    (void)option_write_changes(&node->options->set, &fresh->set, OPTION_RESTART, &names);
    if ((node->client_tls == NULL) != (fresh->service->certificate == NULL)) {
        buffer_append_string(&names, names.length > 0 ? ", [service] certificate"
                                                      : "[service] certificate");
    }
    service_event(node->host, node->log, SERVICE_EVENT_RELOADED,
                  ": log_level=%s drain_timeout=%" PRIu32 ", limits of clients and certificates",
                  fresh->service->log_level, node->drain_timeout_ms);
    if (names.length > 0) {
        service_event(node->host, node->log, SERVICE_EVENT_RESTART_NEEDED, ": %.*s",
                      BYTES_PRINTF(buffer_bytes(&names)));
    }
    buffer_deinit(&names);
}

static void
reload(struct node *node)
{
    struct service_options fresh;

    if (node->reload == NULL || node->phase != NODE_RUNNING) {
        return;
    }
    if (node->reload->read(node->reload->owner, &fresh) == STATUS_OK) {
        atomic_store(&node->log->level, (int)service_options_log_level(&fresh));
        node->drain_timeout_ms = (uint32_t)fresh.service->drain_timeout;
        const struct client_limits_options limits = node_client_limits(fresh.service);
        const struct client_limits_options socket_limits = node_socket_limits(fresh.service);
        client_limits_set(node->limits, &limits);
        client_limits_set(node->socket_limits, &socket_limits);
        reload_credentials(node, &fresh);
        report_reload(node, &fresh);
    }
    service_options_deinit(&fresh);
}

static void
set_paused(struct node *node, bool is_paused)
{
    if (node->phase != NODE_RUNNING) {
        return;
    }
    atomic_store(&node->is_paused, is_paused);
    service_host_report(node->host, is_paused ? SERVICE_PHASE_PAUSED : SERVICE_PHASE_RUNNING, 0);
    if (is_paused) {
        service_event(node->host, node->log, SERVICE_EVENT_PAUSED,
                      ": /health answers 503, present clients stay");
    } else {
        service_event(node->host, node->log, SERVICE_EVENT_CONTINUED, ": /health answers 200");
    }
}

static void
on_control(void *owner, enum service_control control)
{
    struct node *node = owner;

    switch (control) {
    case SERVICE_CONTROL_REQUEST_STOP:
        node_stop(node);
        break;
    case SERVICE_CONTROL_REQUEST_PAUSE:
        set_paused(node, true);
        break;
    case SERVICE_CONTROL_REQUEST_CONTINUE:
        set_paused(node, false);
        break;
    case SERVICE_CONTROL_REQUEST_RELOAD:
        reload(node);
        break;
    }
}

static void
start_watch(struct node *node)
{
    const struct node_watch_options options = {
        .timers = loop_timers(node->loop),
        .clock = loop_clock(node->loop),
        .log = node->log,
        .host = node->host,
        .metrics = &node->metrics,
        .backplane = node->backplane,
    };

    node_watch_start(&node->watch, &options);
    node_watch_set_credentials(&node->watch, node->link_tls);
}

static void
free_node(struct node *node)
{
    service_host_unlisten(node->host);
    for (size_t i = 1; i < node->worker_count; i++) {
        loop_thread_join(node->workers[i].thread);
    }
    rest_api_free(node->rest);
    for (size_t i = 0; i < node->worker_count; i++) {
        worker_free(node->workers[i].worker);
    }
    client_limits_free(node->limits);
    client_limits_free(node->socket_limits);
    /* Their last commands, and what the backplane answers, are carried out while both ends still
     * exist. */
    for (size_t i = 0; i < node->worker_count && node->workers[i].loop != NULL; i++) {
        loop_stop(node->workers[i].loop);
        loop_run(node->workers[i].loop);
    }
    redis_doors_free(node->doors);
    bridge_link_free(node->link);
    acceptor_free(node->admin_acceptor);
    acceptor_free(node->acceptor);
    if (node->loop != NULL) {
        loop_turn_task_cancel(&node->flush);
    }
    backplane_free(node->backplane);
    upstreams_free(node->upstreams);
    upstream_sockets_free(node->upstream_sockets);
    for (size_t i = node->worker_count; i > 0; i--) {
        loop_free(node->workers[i - 1].loop);
    }
    free(node->workers);
    tls_context_free(node->link_tls);
    tls_context_free(node->client_tls);
    metrics_deinit(&node->metrics);
}

int
node_run(const struct service_options *options, struct log *log, struct service_host *host,
         const struct node_reload *reload)
{
    struct node node = {
        .options = options,
        .log = log,
        .host = host,
        .drain_timeout_ms = (uint32_t)options->service->drain_timeout,
        .reload = reload,
    };

    if (options->service->name != NULL) {
        (void)snprintf(node.name, sizeof(node.name), "%s", options->service->name);
    } else {
        service_system_host_name(node.name);
    }
    if (metrics_init(&node.metrics, service_metric_rows, SERVICE_METRIC_COUNT) != STATUS_OK) {
        return NODE_EXIT_FAILED;
    }
    enum status status = node_start(&node);
    if (status == STATUS_OK) {
        status = service_host_listen(host, node.loop, on_control, &node);
    }
    if (status == STATUS_OK) {
        status = node_start_threads(&node);
    }
    if (status == STATUS_OK) {
        service_event(host, log, SERVICE_EVENT_STARTED,
                      " version=%s name=%s port=%u workers=%zu apps=%zu", HUBPLANE_VERSION,
                      node.name, acceptor_port(node.acceptor), node.worker_count,
                      options->app_count);
        service_host_report(host, SERVICE_PHASE_RUNNING, 0);
        start_watch(&node);
        loop_run(node.loop);
    } else {
        node_abandon(&node);
        node.exit_code = status == STATUS_INVALID || status == STATUS_EXPIRED ||
                                 status == STATUS_NOT_FOUND || status == STATUS_DENIED
                             ? NODE_EXIT_CONFIGURATION
                             : NODE_EXIT_FAILED;
    }
    free_node(&node);
    return node.exit_code;
}
