/* SPDX-License-Identifier: MIT */
/* node_stop: stopping is a chain of callbacks, each of which starts the next step; enum node_phase
 * says where it stands. */
#include <inttypes.h>
#include <stdlib.h>

#include "service/node/node_internal.h"
#include "service/node/service_metrics.h"

enum { FLUSH_POLL_MS = 20, FLUSH_WAIT_MS = 5000 };

static void
stop_loops(struct node *node)
{
    for (size_t i = 1; i < node->worker_count; i++) {
        if (node->workers[i].thread != NULL && loop_post(node->workers[i].loop, (loop_fn)loop_stop,
                                                         node->workers[i].loop) != STATUS_OK) {
            abort();
        }
    }
    loop_stop(node->loop);
}

void
node_on_admin_empty(void *owner)
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
close_link(void *owner)
{
    struct node *node = owner;

    node->phase = NODE_CLOSING_LINK;
    if (node->link != NULL) {
        bridge_link_close(node->link, on_link_closed, node);
    } else {
        close_admin(node);
    }
}

static void
close_doors(struct node *node)
{
    node->phase = NODE_CLOSING_DOORS;
    if (node->doors != NULL) {
        redis_doors_close(node->doors, close_link, node);
    } else {
        close_link(node);
    }
}

static void
on_flush_poll(struct timer *timer)
{
    struct node *node = CONTAINER_OF(timer, struct node, stop_timer);
    bool is_late = loop_clock(node->loop)->now_ms >= node->stop_deadline_ms;

    if (!(backplane_is_idle(node->backplane) && upstreams_is_idle(node->upstreams)) && !is_late) {
        timer_start(loop_timers(node->loop), &node->stop_timer, FLUSH_POLL_MS, on_flush_poll);
        return;
    }
    if (!backplane_is_idle(node->backplane)) {
        log_error(
            node->log, "service",
            "stopping although no bridge has accepted some publishes: they are lost count=%" PRId64,
            metrics_get(&node->metrics, SERVICE_METRIC_SPOOL_DEPTH));
    }
    upstreams_close(node->upstreams);
    close_doors(node);
}

static void
on_worker_drained(void *owner)
{
    struct node *node = owner;

    if (--node->draining_count > 0) {
        return;
    }
    node->phase = NODE_FLUSHING_SPOOL;
    service_host_report(node->host, SERVICE_PHASE_STOPPING, FLUSH_WAIT_MS + NODE_STOP_HINT_MS);
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
    worker_drain(worker->worker, worker->node->drain_timeout_ms, on_drained_there, worker);
}

static void
on_acceptor_closed(void *owner)
{
    struct node *node = owner;

    node->phase = NODE_DRAINING_WORKERS;
    node->draining_count = node->worker_count;
    service_host_report(node->host, SERVICE_PHASE_STOPPING,
                        node->drain_timeout_ms + NODE_STOP_HINT_MS);
    for (size_t i = 0; i < node->worker_count; i++) {
        if (loop_post(node->workers[i].loop, drain_there, &node->workers[i]) != STATUS_OK) {
            abort();
        }
    }
}

void
node_stop(struct node *node)
{
    if (node->phase != NODE_RUNNING) {
        return;
    }
    log_info(node->log, "service", "stopping: clients are sent elsewhere");
    node_watch_stop(&node->watch);
    node->phase = NODE_CLOSING_ACCEPTOR;
    service_host_report(node->host, SERVICE_PHASE_STOPPING, NODE_STOP_HINT_MS);
    if (node->doors != NULL) {
        redis_doors_drain(node->doors);
    }
    if (node->rest != NULL) {
        rest_api_drain(node->rest);
    }
    acceptor_close(node->acceptor, on_acceptor_closed, node);
}

/* Starting failed half-way, before any thread ran: close what is open, step by step as stopping
 * does. */
static void
on_abandoned_acceptor_closed(void *owner)
{
    close_doors(owner);
}

void
node_abandon(struct node *node)
{
    node->phase = NODE_ABANDONED;
    if (node->acceptor != NULL) {
        acceptor_close(node->acceptor, on_abandoned_acceptor_closed, node);
        loop_run(node->loop);
    }
}
