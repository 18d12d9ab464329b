/* SPDX-License-Identifier: MIT */
/* publishing: a message waits in the spool until the farm has accepted it; its waiter is told once.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "service/backplane/backplane_internal.h"

static void
tell(struct backplane_app *app, uint32_t worker, struct backplane_request *request,
     enum status status, uint64_t id)
{
    if (request == NULL) {
        return;
    }
    struct port_event *event =
        worker_outbox_add(&app->backplane->outboxes[worker], PORT_PUBLISHED, app->handle);
    event->request = request;
    event->as.published.status = status;
    event->as.published.id = id;
    backplane_schedule_flush(app->backplane);
}

static void
count_depth(struct backplane_app *app, int64_t count, int64_t bytes)
{
    backplane_count(app->backplane, app->backplane->options.metrics.spool_depth, count);
    backplane_count(app->backplane, app->backplane->options.metrics.spool_bytes, bytes);
}

static size_t
rejection_metric(const struct backplane_metrics *metrics, enum status status)
{
    switch (status) {
    case STATUS_INVALID:
        return metrics->rejected_invalid;
    case STATUS_BACKPLANE_DOWN:
        return metrics->rejected_closed;
    default:
        return metrics->rejected_full;
    }
}

void
publishing_add(struct backplane_app *app, struct port_command *command)
{
    struct backplane *backplane = app->backplane;
    size_t before = app->spool.bytes;
    enum status status = STATUS_OK;

    if (command->frame == NULL) {
        status = STATUS_INVALID;
    } else if (app->state == BACKPLANE_CLOSED) {
        status = STATUS_BACKPLANE_DOWN;
    } else {
        uint32_t wait_ms =
            command->wait_ms != 0 ? command->wait_ms : backplane->options.publish_wait_ms;
        uint64_t now_ms = backplane->options.timers->clock->now_ms;
        status = publish_spool_add(&app->spool, command->frame, now_ms, now_ms + wait_ms,
                                   command->worker, command->request);
    }
    if (status == STATUS_OK) {
        backplane_count(backplane, backplane->options.metrics.publish_accepted, 1);
        count_depth(app, 1, (int64_t)(app->spool.bytes - before));
        publishing_send(app);
    } else {
        payload_unref(command->frame);
        backplane_count(backplane, rejection_metric(&backplane->options.metrics, status), 1);
        tell(app, command->worker, command->request, status, 0);
    }
    free(command);
}

static void
trace(const struct backplane_app *app, uint64_t sequence, const char *what, uint64_t id)
{
    const struct backplane *backplane = app->backplane;
    char text[SIGNALR_TRACE_BYTES];

    if (log_is_on(backplane->options.log, LOG_DEBUG)) {
        log_debug(backplane->options.log, app->label, "%s trace=%s id=%" PRIu64, what,
                  signalr_trailer_trace(backplane->self.instance, sequence, text), id);
    }
}

void
publishing_send(struct backplane_app *app)
{
    struct backplane *backplane = app->backplane;

    while (app->phase == APP_LINKED && app->state == BACKPLANE_OPEN &&
           link_client_send_credit(backplane->link) > 0) {
        struct spooled_publish *entry = publish_spool_next(&app->spool);
        if (entry == NULL) {
            return;
        }
        link_client_publish(backplane->link, app->handle, entry->sequence, entry->frame);
        trace(app, entry->sequence, "publish sent", 0);
    }
}

static void
end_publish(struct backplane_app *app, struct spooled_publish *entry, enum status status,
            uint64_t id)
{
    size_t before = app->spool.bytes;

    tell(app, entry->worker, entry->waiter, status, id);
    publish_spool_remove(&app->spool, entry);
    count_depth(app, -1, -(int64_t)(before - app->spool.bytes));
}

static void
count_settled(const struct backplane *backplane, const struct spooled_publish *entry,
              enum status status)
{
    const struct backplane_metrics *metrics = &backplane->options.metrics;

    if (metrics->registry == NULL) {
        return;
    }
    if (status != STATUS_OK) {
        metrics_add(metrics->registry, metrics->failed_refused, 1);
        return;
    }
    metrics_add(metrics->registry, metrics->publish_confirmed, 1);
    metrics_observe_ms(metrics->registry, metrics->publish_latency,
                       backplane->options.timers->clock->now_ms - entry->added_ms);
}

void
publishing_settled(struct backplane_app *app, uint64_t sequence, uint64_t id, enum status status)
{
    struct backplane *backplane = app->backplane;
    struct spooled_publish *entry;

    while ((entry = publish_spool_oldest(&app->spool, sequence)) != NULL) {
        bool is_last = entry->sequence == sequence;
        /* A refusal names one sequence; everything before it is published. */
        enum status own = status != STATUS_OK && !is_last ? STATUS_OK : status;
        count_settled(backplane, entry, own);
        trace(app, entry->sequence, own == STATUS_OK ? "publish accepted" : "publish refused",
              is_last ? id : 0);
        end_publish(app, entry, own, is_last && own == STATUS_OK ? id : 0);
    }
}

/* Those who have waited long enough are told; what never left the node is withdrawn, the rest goes
 * on being retried. */
void
publishing_janitor(struct backplane_app *app)
{
    const struct backplane_metrics *metrics = &app->backplane->options.metrics;
    uint64_t now_ms = app->backplane->options.timers->clock->now_ms;

    LIST_FOR_EACH (node, &app->spool.list) {
        struct spooled_publish *entry = CONTAINER_OF(node, struct spooled_publish, node);
        if (entry->waiter == NULL || now_ms < entry->deadline_ms) {
            continue;
        }
        if (entry->sequence == 0) {
            backplane_count(app->backplane, metrics->failed_timed_out, 1);
            end_publish(app, entry, STATUS_TIMED_OUT, 0);
        } else {
            backplane_count(app->backplane, metrics->failed_unknown, 1);
            tell(app, entry->worker, entry->waiter, STATUS_OUTCOME_UNKNOWN, 0);
            entry->waiter = NULL;
        }
    }
}

void
publishing_fail_unsent(struct backplane_app *app, enum status status)
{
    LIST_FOR_EACH (node, &app->spool.list) {
        struct spooled_publish *entry = CONTAINER_OF(node, struct spooled_publish, node);
        if (entry->sequence == 0) {
            backplane_count(app->backplane, app->backplane->options.metrics.failed_refused, 1);
            end_publish(app, entry, status, 0);
        }
    }
}
