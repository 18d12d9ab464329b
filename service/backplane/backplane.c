/* SPDX-License-Identifier: MIT */
#include "service/backplane/backplane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/backplane/backplane_internal.h"

/* Also how late a publisher may learn that it has waited long enough. */
enum { JANITOR_MS = 250 };

void
backplane_count(struct backplane *backplane, size_t metric, int64_t delta)
{
    if (backplane->options.metrics.registry != NULL) {
        metrics_add(backplane->options.metrics.registry, metric, delta);
    }
}

struct backplane_app *
backplane_app_of(struct backplane *backplane, uint16_t handle)
{
    assert(handle >= 1 && handle <= backplane->options.app_count);
    return &backplane->apps[handle - 1];
}

void
backplane_schedule_flush(struct backplane *backplane)
{
    if (!backplane->is_flush_scheduled) {
        backplane->is_flush_scheduled = true;
        backplane->options.schedule_flush(backplane->options.schedule_context);
    }
}

static void
run_notify(struct backplane_app *app, const struct port_command *command)
{
    struct backplane *backplane = app->backplane;
    struct bytes id = command->topics[0].topic;
    uint8_t text[2 + sizeof(((struct port_event *)NULL)->as.notice.id)] = "c-";

    if (id.length > sizeof(text) - 2) {
        return; /* no connection has such an id */
    }
    memcpy(text + 2, id.data, id.length);
    const struct interested_topic *topic =
        topic_interest_find(&app->interest, bytes_from(text, id.length + 2));
    for (uint32_t i = 0; topic != NULL && i < backplane->options.worker_count; i++) {
        if (i == command->worker || topic->counts[i] == 0) {
            continue;
        }
        struct port_event *event =
            worker_outbox_add(&backplane->outboxes[i], PORT_NOTICE, app->handle);
        event->as.notice.kind = command->notice;
        event->as.notice.id_length = id.length;
        memcpy(event->as.notice.id, id.data, id.length);
        backplane_schedule_flush(backplane);
    }
}

void
backplane_run(struct backplane *backplane, struct port_command *command)
{
    struct backplane_app *app = backplane_app_of(backplane, command->app);

    switch (command->kind) {
    case PORT_PUBLISH:
        publishing_add(app, command);
        return;
    case PORT_SUBSCRIBE:
        subscribing_add(app, command);
        return;
    case PORT_QUERY:
        querying_add(app, command);
        return;
    case PORT_UNSUBSCRIBE:
        subscribing_remove(app, command);
        break;
    case PORT_NOTIFY:
        run_notify(app, command);
        break;
    }
    free(command);
}

static void
add_positions(struct backplane *backplane)
{
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        struct backplane_app *app = &backplane->apps[i];
        if (app->told_position == app->position) {
            continue;
        }
        app->told_position = app->position;
        for (size_t worker = 0; worker < backplane->options.worker_count; worker++) {
            worker_outbox_add(&backplane->outboxes[worker], PORT_POSITION, app->handle)
                ->as.position = app->position;
        }
    }
}

void
backplane_flush(struct backplane *backplane)
{
    /* Cleared first: handlers that run on this thread may ask for another flush. */
    backplane->is_flush_scheduled = false;
    link_client_free(backplane->ended_link);
    backplane->ended_link = NULL;
    backplane_link_leave(backplane);
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        backplane_app_flush(&backplane->apps[i]);
    }
    add_positions(backplane);
    for (size_t i = 0; i < backplane->options.worker_count; i++) {
        worker_outbox_flush(&backplane->outboxes[i]);
    }
}

static void
on_janitor(struct timer *timer)
{
    struct backplane *backplane = CONTAINER_OF(timer, struct backplane, janitor);

    for (size_t i = 0; i < backplane->options.app_count; i++) {
        publishing_janitor(&backplane->apps[i]);
    }
    backplane_measure(backplane);
    backplane_schedule_flush(backplane);
    timer_start(backplane->options.timers, &backplane->janitor, JANITOR_MS, on_janitor);
}

static enum status
copy_options(struct backplane *backplane, const struct backplane_options *options)
{
    backplane->options = *options;
    backplane->self = options->self;
    backplane->self_name = bytes_duplicate(options->self.name);
    backplane->self_software = bytes_duplicate(options->self.software);
    if (backplane->self_name == NULL || backplane->self_software == NULL) {
        return STATUS_NO_MEMORY;
    }
    backplane->self.name = bytes_from_string(backplane->self_name);
    backplane->self.software = bytes_from_string(backplane->self_software);
    return STATUS_OK;
}

enum status
backplane_new(const struct backplane_options *options, struct backplane **out)
{
    struct backplane *backplane = calloc(1, sizeof(*backplane));

    assert(options->worker_count >= 1 && options->worker_count <= BACKPLANE_WORKERS_MAX);
    if (backplane == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = copy_options(backplane, options);
    backplane->apps = calloc(options->app_count + 1, sizeof(*backplane->apps));
    backplane->ports = calloc(options->worker_count, sizeof(*backplane->ports));
    backplane->outboxes = calloc(options->worker_count, sizeof(*backplane->outboxes));
    if (status != STATUS_OK || backplane->apps == NULL || backplane->ports == NULL ||
        backplane->outboxes == NULL) {
        backplane->options.app_count = backplane->options.worker_count = 0;
        backplane_free(backplane);
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < options->worker_count; i++) {
        bool is_local = options->workers[i].post == NULL;
        worker_port_init(&backplane->ports[i], backplane, i,
                         is_local ? (struct poster){NULL, NULL} : options->link_loop);
        backplane->outboxes[i] = (struct worker_outbox){.port = &backplane->ports[i],
                                                        .worker_loop = options->workers[i]};
    }
    for (size_t i = 0; i < options->app_count && status == STATUS_OK; i++) {
        status = backplane_app_init(&backplane->apps[i], backplane, (uint16_t)(i + 1),
                                    options->app_keys[i]);
    }
    timer_start(options->timers, &backplane->janitor, JANITOR_MS, on_janitor);
    if (status != STATUS_OK) {
        backplane_free(backplane);
        return status;
    }
    *out = backplane;
    return STATUS_OK;
}

void
backplane_free(struct backplane *backplane)
{
    if (backplane == NULL) {
        return;
    }
    timer_stop(backplane->options.timers, &backplane->janitor);
    link_client_free(backplane->link);
    link_client_free(backplane->ended_link);
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        backplane_app_deinit(&backplane->apps[i]);
    }
    for (size_t i = 0; i < backplane->options.worker_count; i++) {
        worker_outbox_deinit(&backplane->outboxes[i]);
        worker_port_deinit(&backplane->ports[i]);
    }
    free(backplane->apps);
    free(backplane->ports);
    free(backplane->outboxes);
    free(backplane->bridge_name);
    free(backplane->self_name);
    free(backplane->self_software);
    free(backplane);
}

struct backplane_port *
backplane_worker_port(struct backplane *backplane, size_t index)
{
    return &backplane->ports[index].port;
}

bool
backplane_is_idle(const struct backplane *backplane)
{
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        if (backplane->apps[i].spool.count > 0) {
            return false;
        }
    }
    return true;
}

bool
backplane_is_ready(const struct backplane *backplane)
{
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        if (backplane->apps[i].phase == APP_LINKED && backplane->apps[i].state == BACKPLANE_OPEN) {
            return true;
        }
    }
    return false;
}

void
backplane_measure(const struct backplane *backplane)
{
    const struct backplane_metrics *metrics = &backplane->options.metrics;
    uint64_t now_ms = backplane->options.timers->clock->now_ms, age_ms = 0;
    size_t topics = 0;

    if (metrics->registry == NULL) {
        return;
    }
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        uint64_t own_ms = publish_spool_age_ms(&backplane->apps[i].spool, now_ms);
        age_ms = own_ms > age_ms ? own_ms : age_ms;
        topics += map_count(&backplane->apps[i].interest.topics);
    }
    metrics_set(metrics->registry, metrics->interest_topics, (int64_t)topics);
    metrics_set(metrics->registry, metrics->spool_oldest_age, (int64_t)(age_ms / 1000));
    metrics_set(metrics->registry, metrics->degraded, backplane_is_ready(backplane) ? 0 : 1);
}

void
backplane_look(const struct backplane *backplane, size_t app, struct backplane_app_view *out)
{
    const struct backplane_app *looked_at = &backplane->apps[app];
    bool is_open = looked_at->phase == APP_LINKED && looked_at->state == BACKPLANE_OPEN;

    *out = (struct backplane_app_view){
        .key = looked_at->key,
        .state = is_open                                ? "open"
                 : looked_at->state == BACKPLANE_CLOSED ? "refused"
                                                        : "waiting",
        .position = looked_at->position,
        .waiting_count = looked_at->spool.count,
        .waiting_bytes = looked_at->spool.bytes,
    };
}

void
backplane_render_last_ids(const struct backplane *backplane, struct buffer *out)
{
    metrics_render_heading(out, "last_id", METRIC_GAUGE,
                           "Everything up to this message id has been handed to the workers.");
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        metrics_render_value(out, "last_id", "app", bytes_from_string(backplane->apps[i].key),
                             (int64_t)backplane->apps[i].position);
    }
}
