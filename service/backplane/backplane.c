/* SPDX-License-Identifier: MIT */
#include "service/backplane/backplane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/backplane/backplane_internal.h"

enum { JANITOR_MS = 1000, GRANT_AFTER_BYTES = 256 * 1024 };

void
backplane_count(struct backplane *backplane, size_t metric, int64_t delta)
{
    if (backplane->options.metrics.registry != NULL) {
        metrics_add(backplane->options.metrics.registry, metric, delta);
    }
}

void
backplane_schedule_flush(struct backplane *backplane)
{
    if (!backplane->is_flush_scheduled) {
        backplane->is_flush_scheduled = true;
        backplane->options.schedule_flush(backplane->options.schedule_context);
    }
}

static struct backplane_app *
app_of(struct backplane *backplane, uint16_t handle)
{
    assert(handle >= 1 && handle <= backplane->options.app_count);
    return &backplane->apps[handle - 1];
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
        struct port_event *event = worker_outbox_add(&backplane->outboxes[i], PORT_NOTICE, app->handle);
        event->as.notice.kind = command->notice;
        event->as.notice.id_length = id.length;
        memcpy(event->as.notice.id, id.data, id.length);
        backplane_schedule_flush(backplane);
    }
}

void
backplane_run(struct backplane *backplane, struct port_command *command)
{
    struct backplane_app *app = app_of(backplane, command->app);

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

/* What the link tells. */

static void
on_welcome(void *owner, const struct link_identity *bridge)
{
    struct backplane *backplane = owner;

    backplane->is_welcome = true;
    free(backplane->bridge_name);
    backplane->bridge_name = bytes_duplicate(bridge->name);
    log_info(backplane->options.log, "link", "connected to bridge=%.*s software=\"%.*s\"",
             BYTES_PRINTF(bridge->name), BYTES_PRINTF(bridge->software));
    if (backplane->options.metrics.registry != NULL) {
        metrics_set(backplane->options.metrics.registry, backplane->options.metrics.link_up, 1);
    }
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        backplane_app_open(&backplane->apps[i]);
    }
}

static void
on_opened(void *owner, uint16_t app, const struct link_opened *opened)
{
    backplane_app_opened(app_of(owner, app), opened);
}

static void
on_open_refused(void *owner, uint16_t app, enum status status, struct bytes text)
{
    backplane_app_open_refused(app_of(owner, app), status, text);
}

static void
on_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id)
{
    publishing_settled(app_of(owner, app), sequence, id, STATUS_OK);
}

static void
on_refused(void *owner, uint16_t app, uint64_t sequence, enum status status, struct bytes text)
{
    struct backplane_app *refused = app_of(owner, app);

    log_warn(refused->backplane->options.log, refused->label, "a publish was refused: %.*s status=%s",
             BYTES_PRINTF(text), status_name(status));
    publishing_settled(refused, sequence, 0, status);
}

static void
on_interest_ack(void *owner, uint16_t app, uint32_t request, uint64_t position)
{
    backplane_app_position(app_of(owner, app), position);
    subscribing_interest_ack(app_of(owner, app), request, position);
}

static void
on_deliver(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame, bool is_foreign)
{
    struct backplane *backplane = owner;

    (void)is_foreign;
    backplane_app_deliver(app_of(backplane, app), request, id, frame);
    backplane->ungranted_bytes += frame.length;
    if (backplane->ungranted_bytes >= GRANT_AFTER_BYTES) {
        link_client_credit(backplane->link, backplane->ungranted_bytes);
        backplane->ungranted_bytes = 0;
    }
}

static void
on_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position, uint64_t missing_to)
{
    backplane_app_replayed(app_of(owner, app), request, position, missing_to);
}

static void
on_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    backplane_app_gap(app_of(owner, app), from, to);
}

static void
on_query_ack(void *owner, uint16_t app, uint32_t request, bool exists)
{
    querying_answer(app_of(owner, app), request, exists);
}

static void
on_state(void *owner, uint16_t handle, enum link_backplane_state state, struct bytes text)
{
    struct backplane_app *app = app_of(owner, handle);
    static const char *const words[] = {"", "open", "buffering", "closed"};
    static const enum backplane_state states[] = {BACKPLANE_CLOSED, BACKPLANE_OPEN, BACKPLANE_BUFFERING,
                                                  BACKPLANE_CLOSED};

    log_info(app->backplane->options.log, app->label, "the backplane is %s: %.*s", words[state], BYTES_PRINTF(text));
    backplane_app_set_state(app, states[state]);
    if (app->state == BACKPLANE_CLOSED) {
        publishing_fail_unsent(app, STATUS_BACKPLANE_DOWN);
    }
    publishing_send(app);
}

static void
on_secrets(void *owner, uint16_t app, size_t count, const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    backplane_app_secrets(app_of(owner, app), count, secrets);
}

static void
on_position(void *owner, uint16_t app, uint64_t position)
{
    backplane_app_position(app_of(owner, app), position);
}

static void
on_credit(void *owner, uint64_t bytes)
{
    struct backplane *backplane = owner;

    backplane->credit_bytes += (int64_t)bytes;
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        publishing_send(&backplane->apps[i]);
    }
}

static void
on_goaway(void *owner, struct bytes reason, struct bytes others)
{
    struct backplane *backplane = owner;

    log_info(backplane->options.log, "link", "the bridge asks us to leave: %.*s others=%.*s", BYTES_PRINTF(reason),
             BYTES_PRINTF(others));
}

static void
on_failed(void *owner, enum status status, const char *reason)
{
    struct backplane *backplane = owner;
    void (*tell)(void *, const char *) = backplane->on_failed;

    log_warn(backplane->options.log, "link", "lost: %s status=%s", reason, status_name(status));
    backplane_link_closed(backplane, reason);
    tell(backplane->failed_owner, reason);
}

static const struct link_client_handler link_handler = {
    .on_welcome = on_welcome,
    .on_opened = on_opened,
    .on_open_refused = on_open_refused,
    .on_published = on_published,
    .on_refused = on_refused,
    .on_interest_ack = on_interest_ack,
    .on_deliver = on_deliver,
    .on_replayed = on_replayed,
    .on_gap = on_gap,
    .on_query_ack = on_query_ack,
    .on_state = on_state,
    .on_secrets = on_secrets,
    .on_position = on_position,
    .on_credit = on_credit,
    .on_goaway = on_goaway,
    .on_failed = on_failed,
};

enum status
backplane_link_opened(struct backplane *backplane, struct sink *sink, void (*failed)(void *owner, const char *reason),
                      void *owner)
{
    assert(backplane->link == NULL);
    link_client_free(backplane->ended_link);
    backplane->ended_link = NULL;
    backplane->is_welcome = false;
    backplane->credit_bytes = 0;
    backplane->ungranted_bytes = 0;
    backplane->on_failed = failed;
    backplane->failed_owner = owner;
    return link_client_new(sink, backplane->options.timers, backplane->options.log, &backplane->self, &link_handler,
                           backplane, &backplane->link);
}

void
backplane_link_receive(struct backplane *backplane, struct bytes input)
{
    if (backplane->link != NULL) {
        link_client_receive(backplane->link, input);
    }
}

void
backplane_link_closed(struct backplane *backplane, const char *reason)
{
    if (backplane->link == NULL) {
        return;
    }
    if (backplane->is_welcome) {
        log_warn(backplane->options.log, "link", "closed: %s bridge=%s", reason,
                 backplane->bridge_name != NULL ? backplane->bridge_name : "?");
    }
    link_client_free(backplane->ended_link);
    backplane->ended_link = backplane->link;
    backplane->link = NULL;
    backplane->is_welcome = false;
    if (backplane->options.metrics.registry != NULL) {
        metrics_set(backplane->options.metrics.registry, backplane->options.metrics.link_up, 0);
    }
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        backplane_app_unlinked(&backplane->apps[i]);
    }
    backplane_schedule_flush(backplane);
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
            worker_outbox_add(&backplane->outboxes[worker], PORT_POSITION, app->handle)->as.position = app->position;
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

    size_t topics = 0;

    for (size_t i = 0; i < backplane->options.app_count; i++) {
        publishing_janitor(&backplane->apps[i]);
        topics += map_count(&backplane->apps[i].interest.topics);
    }
    if (backplane->options.metrics.registry != NULL) {
        metrics_set(backplane->options.metrics.registry, backplane->options.metrics.interest_topics, (int64_t)topics);
    }
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
    if (status != STATUS_OK || backplane->apps == NULL || backplane->ports == NULL || backplane->outboxes == NULL) {
        backplane->options.app_count = backplane->options.worker_count = 0;
        backplane_free(backplane);
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < options->worker_count; i++) {
        bool is_local = options->workers[i].post == NULL;
        worker_port_init(&backplane->ports[i], backplane, i,
                         is_local ? (struct backplane_poster){NULL, NULL} : options->link_loop);
        backplane->outboxes[i] =
            (struct worker_outbox){.port = &backplane->ports[i], .worker_loop = options->workers[i]};
    }
    for (size_t i = 0; i < options->app_count && status == STATUS_OK; i++) {
        status = backplane_app_init(&backplane->apps[i], backplane, (uint16_t)(i + 1), options->app_keys[i]);
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
        if (backplane->apps[i].phase == APP_LINKED) {
            return true;
        }
    }
    return false;
}

const char *
backplane_bridge_name(const struct backplane *backplane)
{
    return backplane->is_welcome ? backplane->bridge_name : NULL;
}
