/* SPDX-License-Identifier: MIT */
#include "service/redis_endpoint/redis_endpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "service/redis_endpoint/redis_state.h"

enum { WAKE_DELAY_MS = 1000, SHOWN_KEY_BYTES = 64 };

enum status
redis_endpoint_new(const struct redis_endpoint_options *options, struct redis_endpoint **out)
{
    struct redis_endpoint *endpoint = calloc(1, sizeof(*endpoint));
    struct redis_app *apps = calloc(options->app_count + 1, sizeof(*apps));

    if (endpoint == NULL || apps == NULL) {
        free(endpoint);
        free(apps);
        return STATUS_NO_MEMORY;
    }
    endpoint->options = *options;
    endpoint->apps = apps;
    list_init(&endpoint->sessions);
    list_init(&endpoint->orphans);
    for (size_t i = 0; i < options->app_count; i++) {
        apps[i].endpoint = endpoint;
        apps[i].options = &options->apps[i];
        list_init(&apps[i].subscriptions);
    }
    *out = endpoint;
    return STATUS_OK;
}

void
redis_endpoint_free(struct redis_endpoint *endpoint)
{
    if (endpoint == NULL) {
        return;
    }
    assert(list_is_empty(&endpoint->sessions));
    LIST_FOR_EACH (node, &endpoint->orphans) {
        redis_publishing_free(CONTAINER_OF(node, struct redis_publish, node));
    }
    for (size_t i = 0; i < endpoint->options.app_count; i++) {
        timer_stop(endpoint->options.timers, &endpoint->apps[i].wake_timer);
    }
    free(endpoint->apps);
    free(endpoint);
}

void
redis_endpoint_drain(struct redis_endpoint *endpoint)
{
    endpoint->is_draining = true;
    LIST_FOR_EACH (node, &endpoint->sessions) {
        sink_pause(CONTAINER_OF(node, struct redis_session, node)->sink);
    }
}

struct redis_app *
redis_endpoint_find_app(const struct redis_session *session, struct bytes key)
{
    const struct redis_endpoint *endpoint = session->endpoint;

    for (size_t i = 0; i < endpoint->options.app_count; i++) {
        struct redis_app *app = &endpoint->apps[i];
        if (app->options->door == session->door &&
            bytes_equal(bytes_from_string(app->options->key), key)) {
            return app;
        }
    }
    return NULL;
}

void
redis_endpoint_refuse_key(struct redis_session *session, struct bytes key)
{
    struct redis_endpoint *endpoint = session->endpoint;
    const char *address = endpoint->options.doors[session->door].address;
    char shown[SHOWN_KEY_BYTES];
    uint64_t suppressed;

    (void)bytes_printable(&key, shown, sizeof(shown));
    redis_session_fail(session,
                       "ERR hubplane: no app has the key '%s' at %s; write \"key = %s\" and "
                       "\"redis = %s\" in an [app NAME] section of hubplane-service's "
                       "configuration, or correct the application's eventKey",
                       shown, address, shown, address);
    if (log_allows(&endpoint->unknown_key_lines, endpoint->options.timers->clock->now_ms,
                   &suppressed)) {
        log_warn(endpoint->options.log, "redis",
                 "a client uses a key that no app has at this address key=\"%s\" address=%s "
                 "suppressed=%" PRIu64,
                 shown, address, suppressed);
    }
}

enum signalr_script
redis_endpoint_find_script(const struct redis_endpoint *endpoint, struct bytes digest)
{
    enum signalr_script kind = signalr_script_of_digest(digest);
    size_t count = endpoint->learnt_count < REDIS_LEARNT_SCRIPTS ? endpoint->learnt_count
                                                                 : REDIS_LEARNT_SCRIPTS;

    for (size_t i = 0; i < count && kind == SIGNALR_SCRIPT_UNKNOWN; i++) {
        const struct learnt_script *learnt = &endpoint->learnt[i];
        if (bytes_equal_ignore_case(digest, bytes_from(learnt->digest, sizeof(learnt->digest)))) {
            kind = learnt->kind;
        }
    }
    return kind;
}

void
redis_endpoint_remember_script(struct redis_endpoint *endpoint,
                               const uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES],
                               enum signalr_script kind)
{
    if (redis_endpoint_find_script(endpoint, bytes_from(digest, SIGNALR_SCRIPT_DIGEST_BYTES)) ==
        SIGNALR_SCRIPT_UNKNOWN) {
        struct learnt_script *learnt =
            &endpoint->learnt[endpoint->learnt_count++ % REDIS_LEARNT_SCRIPTS];
        memcpy(learnt->digest, digest, sizeof(learnt->digest));
        learnt->kind = kind;
    }
}

/* ---- listening to an app ---- */

static void
stop_listening(struct redis_app *app)
{
    const struct bytes every = BACKPLANE_EVERY_TOPIC;

    app->state = REDIS_APP_SILENT;
    backplane_unsubscribe(app->endpoint->options.port, app->options->handle, &every, 1);
}

static void
on_subscribed(void *owner, const struct backplane_subscribed *result)
{
    struct redis_app *app = owner;

    if (result->status == STATUS_OK) {
        app->state = REDIS_APP_LISTENING;
    } else {
        stop_listening(app);
    }
    if (result->position > app->last_id) {
        app->last_id = result->position;
    }
    redis_subscribing_answered(app, result->status);
    /* Everyone may have left meanwhile. */
    redis_endpoint_unlisten(app);
}

void
redis_endpoint_listen(struct redis_app *app)
{
    const struct backplane_topic every = {BACKPLANE_EVERY_TOPIC, BACKPLANE_NO_REPLAY};

    if (app->state == REDIS_APP_SILENT) {
        app->state = REDIS_APP_ASKED;
        (void)backplane_subscribe(app->endpoint->options.port, app->options->handle, &every, 1,
                                  on_subscribed, app);
    }
}

void
redis_endpoint_unlisten(struct redis_app *app)
{
    if (app->state == REDIS_APP_LISTENING && list_is_empty(&app->subscriptions)) {
        stop_listening(app);
    }
}

/* ---- waking .NET servers: after an error they send nothing more until they hear something ---- */

static void on_wake_due(struct timer *timer);

static void
plan_wake(struct redis_app *app)
{
    if (!app->is_waking && !timer_is_running(&app->wake_timer)) {
        timer_start(app->endpoint->options.timers, &app->wake_timer, WAKE_DELAY_MS, on_wake_due);
    }
}

static void
on_woken(void *owner, enum status status, uint64_t id)
{
    struct redis_app *app = owner;

    (void)id;
    app->is_waking = false;
    if (status == STATUS_OK) {
        app->needs_wake = false;
    } else if (app->needs_wake) {
        plan_wake(app);
    }
}

static void
on_wake_due(struct timer *timer)
{
    struct redis_app *app = CONTAINER_OF(timer, struct redis_app, wake_timer);
    struct redis_endpoint *endpoint = app->endpoint;
    struct buffer buffer;

    if (!app->needs_wake) {
        return;
    }
    buffer_init(&buffer, 64);
    enum status status =
        signalr_message_encode(NULL, 0, clock_dotnet_ticks(endpoint->options.timers->clock),
                               &buffer);
    struct payload *frame = status == STATUS_OK ? payload_from(buffer_bytes(&buffer)) : NULL;
    buffer_deinit(&buffer);
    if (frame == NULL) {
        plan_wake(app);
        return;
    }
    app->is_waking = true;
    backplane_publish_frame(endpoint->options.port, app->options->handle, frame,
                            REDIS_ENDPOINT_WAIT_MS, on_woken, app);
    payload_unref(frame);
}

void
redis_endpoint_note_failure(struct redis_app *app, enum status status)
{
    struct redis_endpoint *endpoint = app->endpoint;
    uint64_t suppressed;

    if (endpoint->options.metrics.registry != NULL) {
        metrics_add(endpoint->options.metrics.registry, endpoint->options.metrics.failed_publishes,
                    1);
    }
    if (log_allows(&endpoint->failed_lines, endpoint->options.timers->clock->now_ms, &suppressed)) {
        log_warn(endpoint->options.log, "redis",
                 "an application was told that its message is not known to be published: %s app=%s "
                 "suppressed=%" PRIu64,
                 status_sentence(status), app->options->name, suppressed);
    }
    app->needs_wake = true;
    plan_wake(app);
}

/* ---- what the backplane tells ---- */

static void
on_messages(void *owner, uint16_t handle, const struct backplane_message *messages, size_t count)
{
    struct redis_endpoint *endpoint = owner;

    for (size_t i = 0; i < endpoint->options.app_count; i++) {
        struct redis_app *app = &endpoint->apps[i];
        if (app->options->handle != handle) {
            continue;
        }
        app->needs_wake = false;
        for (size_t k = 0; k < count; k++) {
            app->last_id = messages[k].id;
            redis_subscribing_deliver(app, messages[k].id, messages[k].frame);
        }
    }
}

static void
on_position(void *owner, uint16_t handle, uint64_t position)
{
    struct redis_endpoint *endpoint = owner;

    for (size_t i = 0; i < endpoint->options.app_count; i++) {
        struct redis_app *app = &endpoint->apps[i];
        if (app->options->handle == handle && position > app->last_id) {
            app->last_id = position;
        }
    }
}

/* What is lost to the farm is lost to everybody: clients of Redis have no word for it. */
static void
on_gap(void *owner, uint16_t handle, uint64_t from, uint64_t to)
{
    (void)owner;
    (void)handle;
    (void)from;
    (void)to;
}

static void
on_state(void *owner, uint16_t handle, enum backplane_state state)
{
    (void)owner;
    (void)handle;
    (void)state;
}

static void
on_secrets(void *owner, uint16_t handle, size_t count,
           const uint8_t (*secrets)[BACKPLANE_SECRET_BYTES])
{
    (void)owner;
    (void)handle;
    (void)count;
    (void)secrets;
}

static void
on_notice(void *owner, uint16_t handle, enum backplane_notice notice, struct bytes connection_id)
{
    (void)owner;
    (void)handle;
    (void)notice;
    (void)connection_id;
}

const struct backplane_port_handler redis_endpoint_port_handler = {
    .on_messages = on_messages,
    .on_position = on_position,
    .on_gap = on_gap,
    .on_state = on_state,
    .on_secrets = on_secrets,
    .on_notice = on_notice,
};
