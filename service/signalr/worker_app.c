/* SPDX-License-Identifier: MIT */
#include "service/signalr/worker_app.h"

#include <stdlib.h>

#include "service/hubs/hub_call.h"
#include "service/signalr/acknowledgement.h"
#include "service/signalr/connection.h"
#include "service/signalr/farm_expiry.h"
#include "service/signalr/heartbeat.h"
#include "service/signalr/membership.h"
#include "service/signalr/topic_name.h"

static const struct backplane_topic standing_topics[] = {
    {{(const uint8_t *)TOPIC_NAME_SERVER_TEXT, sizeof(TOPIC_NAME_SERVER_TEXT) - 1},
     BACKPLANE_NO_REPLAY},
    {{(const uint8_t *)TOPIC_NAME_NODE_TEXT, sizeof(TOPIC_NAME_NODE_TEXT) - 1},
     BACKPLANE_NO_REPLAY},
};
enum { STANDING_TOPICS = sizeof(standing_topics) / sizeof(standing_topics[0]) };

static void
on_standing_topics(void *owner, const struct backplane_subscribed *result)
{
    struct worker_app *app = owner;

    app->standing_request = NULL;
    if (result->status == STATUS_OK) {
        worker_app_set_position(app, result->position);
    } else {
        log_warn(app->context->log, app->app->name,
                 "joins of connections elsewhere will not be acknowledged status=%s",
                 status_name(result->status));
    }
}

/* A hub whose backend cannot be made is answered with errors; the others work. */
static struct hub_backend *
make_backend(struct worker_app *app, const struct app_hub *hub)
{
    struct hub_backend_context context = app->context->backends;
    struct hub_backend *backend = NULL;

    context.app = app;
    context.hub = bytes_from_string(hub->name);
    enum status status = hub->make_backend(hub->configuration, &context, &backend);

    if (status != STATUS_OK) {
        log_error(app->context->log, app->app->name, "hub is not available hub=%s status=%s",
                  hub->name, status_name(status));
        return NULL;
    }
    return backend;
}

static void
make_backends(struct worker_app *app)
{
    for (size_t i = 0; i < app->app->hub_count; i++) {
        app->hubs[i] = make_backend(app, &app->app->hubs[i]);
    }
    for (size_t i = 0; i < app->app->path_count; i++) {
        if (app->app->paths[i].raw != NULL) {
            app->raws[i] = make_backend(app, app->app->paths[i].raw);
        }
    }
}

static void
init_lists(struct worker_app *app)
{
    list_init(&app->opening);
    list_init(&app->attached);
    list_init(&app->detached);
    list_init(&app->filled_polls);
    list_init(&app->calls);
    list_init(&app->awaiting_position);
    list_init(&app->ended_calls);
    list_init(&app->ended_joins);
    map_init(&app->acknowledgements);
    map_init(&app->expiries);
    topic_table_init(&app->topics);
}

enum status
worker_app_new(struct worker_context *context, const struct app *app_options,
               struct worker_app **out)
{
    struct worker_app *app = calloc(1, sizeof(*app));

    if (app == NULL) {
        return STATUS_NO_MEMORY;
    }
    app->hubs = calloc(app_options->hub_count + 1, sizeof(struct hub_backend *));
    app->raws = calloc(app_options->path_count + 1, sizeof(struct hub_backend *));
    if (app->hubs == NULL || app->raws == NULL) {
        free(app->hubs);
        free(app->raws);
        free(app);
        return STATUS_NO_MEMORY;
    }
    app->context = context;
    app->app = app_options;
    init_lists(app);
    make_backends(app);
    app->standing_request = backplane_subscribe(context->port, app_options->handle, standing_topics,
                                                STANDING_TOPICS, on_standing_topics, app);
    heartbeat_start(app);
    *out = app;
    return STATUS_OK;
}

static void
drop_connections(struct list *list)
{
    while (!list_is_empty(list)) {
        struct connection *connection = CONTAINER_OF(list_first(list), struct connection, node);
        connection_drop(connection, "stop");
    }
}

static void
free_backends(struct hub_backend **backends, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (backends[i] != NULL) {
            backends[i]->operations->free(backends[i]);
        }
    }
    free(backends);
}

void
worker_app_free(struct worker_app *app)
{
    struct worker_context *context;

    if (app == NULL) {
        return;
    }
    context = app->context;
    drop_connections(&app->opening);
    drop_connections(&app->attached);
    drop_connections(&app->detached);
    hub_call_drop_all(app);
    acknowledgement_drop_all(app);
    membership_tell_ended(app);
    farm_expiry_stop_all(app);
    if (app->standing_request != NULL) {
        backplane_cancel(context->port, app->standing_request);
    }
    for (size_t i = 0; i < STANDING_TOPICS; i++) {
        backplane_unsubscribe(context->port, app->app->handle, &standing_topics[i].topic, 1);
    }
    timer_stop(context->timers, &app->heartbeat);
    timer_stop(context->timers, &app->acknowledgements_timer);
    timer_stop(context->timers, &app->ended_calls_timer);
    timer_stop(context->timers, &app->ended_joins_timer);
    free_backends(app->hubs, app->app->hub_count);
    free_backends(app->raws, app->app->path_count);
    map_deinit(&app->acknowledgements);
    map_deinit(&app->expiries);
    topic_table_deinit(&app->topics);
    token_keys_deinit(&app->keys);
    free(app);
}

bool
worker_app_is_ready(const struct worker_app *app)
{
    return app->keys.count > 0;
}

void
worker_app_set_position(struct worker_app *app, uint64_t position)
{
    app->has_position = true;
    if (position > app->position) {
        app->position = position;
    }
    hub_call_position_moved(app);
}

void
worker_app_count(const struct worker_app *app, size_t metric, int64_t delta)
{
    struct metrics *registry = app->context->metrics.registry;

    if (registry != NULL && delta != 0) {
        metrics_add(registry, metric, delta);
    }
}

struct bytes
worker_app_key(const struct worker_app *app)
{
    return bytes_from_string(app->app->key);
}
