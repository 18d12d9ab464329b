/* SPDX-License-Identifier: MIT */
#include "service/signalr/signalr_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "service/signalr/acknowledgement.h"
#include "service/signalr/connection.h"
#include "service/signalr/delivery.h"
#include "service/signalr/farm_command.h"
#include "service/signalr/relocation.h"
#include "service/signalr/topic_name.h"
#include "service/transport/endpoints.h"

struct signalr_host {
    struct worker_context context;
    size_t app_count;
    struct worker_app *apps[];
};

static enum status
init_context(struct worker_context *context, const struct signalr_host_options *options)
{
    uint32_t nonce;

    context->timers = options->timers;
    context->clock = options->timers->clock;
    context->log = options->log;
    context->metrics = options->metrics;
    context->port = options->port;
    context->proxies = options->proxies;
    context->limits = options->limits;
    context->is_paused = options->is_paused;
    context->backends = (struct hub_backend_context){
        .timers = options->timers,
        .log = options->log,
        .home = options->home,
        .upstreams = options->upstreams,
        .worker = options->worker,
    };
    crypto_random(&nonce, sizeof(nonce));
    snprintf(context->nonce, sizeof(context->nonce), "%08x", (unsigned int)nonce);
    for (size_t i = 0; i < CLIENT_FRAME_KINDS; i++) {
        context->keep_alives[i] = transport_frame_keep_alive((enum client_frame_kind)i);
        if (context->keep_alives[i].payload == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

enum status
signalr_host_new(const struct signalr_host_options *options, struct signalr_host **out)
{
    struct signalr_host *host =
        calloc(1, sizeof(*host) + options->app_count * sizeof(struct worker_app *));

    if (host == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = init_context(&host->context, options);
    for (size_t i = 0; i < options->app_count && status == STATUS_OK; i++) {
        status = worker_app_new(&host->context, &options->apps[i], &host->apps[i]);
        host->app_count += status == STATUS_OK;
    }
    if (status != STATUS_OK) {
        signalr_host_free(host);
        return status;
    }
    *out = host;
    return STATUS_OK;
}

void
signalr_host_free(struct signalr_host *host)
{
    if (host == NULL) {
        return;
    }
    for (size_t i = 0; i < host->app_count; i++) {
        worker_app_free(host->apps[i]);
    }
    for (size_t i = 0; i < CLIENT_FRAME_KINDS; i++) {
        payload_unref(host->context.keep_alives[i].payload);
    }
    free(host);
}

bool
signalr_host_handle(struct signalr_host *host, struct http_exchange *exchange)
{
    struct bytes path = http_exchange_request(exchange)->path;
    const struct app_path *best = NULL;
    struct worker_app *app = NULL;

    for (size_t i = 0; i < host->app_count; i++) {
        const struct app_path *found = app_find_path(host->apps[i]->app, path);
        if (found != NULL && (best == NULL || strlen(found->path) > strlen(best->path))) {
            best = found;
            app = host->apps[i];
        }
    }
    if (best == NULL) {
        return false;
    }
    endpoints_handle(app, best, exchange);
    return true;
}

static void
drain_list(struct list *list)
{
    LIST_FOR_EACH (node, list) {
        connection_end_transport(CONTAINER_OF(node, struct connection, node), TRANSPORT_END_DRAIN);
    }
}

void
signalr_host_drain(struct signalr_host *host)
{
    host->context.is_draining = true;
    for (size_t i = 0; i < host->app_count; i++) {
        drain_list(&host->apps[i]->opening);
        drain_list(&host->apps[i]->attached);
        /* Nobody is to hear of disconnects that are none. */
        timer_stop(host->context.timers, &host->apps[i]->heartbeat);
    }
}

bool
signalr_host_is_idle(const struct signalr_host *host)
{
    for (size_t i = 0; i < host->app_count; i++) {
        const struct worker_app *app = host->apps[i];
        if (!list_is_empty(&app->opening) || !list_is_empty(&app->attached) ||
            !list_is_empty(&app->calls)) {
            return false;
        }
    }
    return true;
}

struct worker_app *
signalr_host_app(struct signalr_host *host, size_t index)
{
    return host->apps[index];
}

/*
 * From the farm.
 */

static struct worker_app *
find_app(const struct signalr_host *host, uint16_t handle)
{
    for (size_t i = 0; i < host->app_count; i++) {
        if (host->apps[i]->app->handle == handle) {
            return host->apps[i];
        }
    }
    return NULL;
}

/* The two topics that concern the worker rather than its clients. */
static void
receive_standing(struct worker_app *app, const struct backplane_message *messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct signalr_message *message = &messages[i].message;
        if (message->is_ack) {
            acknowledgement_receive(app, message->command_id);
        } else if (bytes_equal(message->topic, BYTES(TOPIC_NAME_NODE_TEXT))) {
            relocation_receive(app, message->value);
            farm_command_receive(app, &messages[i]);
        }
    }
}

/* A farm command takes its turn: it counts for what comes after it, and not before. */
static size_t
count_up_to_command(const struct backplane_message *messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (farm_command_is(&messages[i].message)) {
            return i + 1;
        }
    }
    return count;
}

static void
on_messages(void *owner, uint16_t handle, const struct backplane_message *messages, size_t count)
{
    struct worker_app *app = find_app(owner, handle);
    size_t taken;

    for (; app != NULL && count > 0; messages += taken, count -= taken) {
        taken = count_up_to_command(messages, count);
        delivery_fan_out(app, messages, taken);
        receive_standing(app, messages, taken);
    }
}

static void
on_position(void *owner, uint16_t handle, uint64_t position)
{
    struct worker_app *app = find_app(owner, handle);

    if (app != NULL) {
        worker_app_set_position(app, position);
    }
}

static void
on_gap(void *owner, uint16_t handle, uint64_t from, uint64_t to)
{
    struct worker_app *app = find_app(owner, handle);
    uint64_t suppressed;

    if (app != NULL && log_allows(&app->short_limit, app->context->clock->now_ms, &suppressed)) {
        log_warn(app->context->log, app->app->name,
                 "messages are no longer retained anywhere from=%llu to=%llu suppressed=%llu",
                 (unsigned long long)from, (unsigned long long)to, (unsigned long long)suppressed);
    }
}

static void
on_state(void *owner, uint16_t handle, enum backplane_state state)
{
    struct worker_app *app = find_app(owner, handle);

    if (app != NULL) {
        app->state = state;
    }
}

static void
on_secrets(void *owner, uint16_t handle, size_t count,
           const uint8_t (*secrets)[BACKPLANE_SECRET_BYTES])
{
    struct worker_app *app = find_app(owner, handle);

    if (app != NULL && token_keys_set(&app->keys, count, secrets) != STATUS_OK) {
        log_warn(app->context->log, app->app->name, "new token secrets could not be used");
    }
}

static void
on_notice(void *owner, uint16_t handle, enum backplane_notice notice, struct bytes id)
{
    struct worker_app *app = find_app(owner, handle);
    struct connection *connection = app == NULL ? NULL : connection_find(app, id);

    if (connection == NULL) {
        return;
    }
    switch (notice) {
    case BACKPLANE_NOTICE_MOVED:
        connection_drop(connection, "moved");
        break;
    case BACKPLANE_NOTICE_ABORT:
        connection_disconnect(connection, true, "abort");
        break;
    }
}

const struct backplane_port_handler signalr_host_port_handler = {
    .on_messages = on_messages,
    .on_position = on_position,
    .on_gap = on_gap,
    .on_state = on_state,
    .on_secrets = on_secrets,
    .on_notice = on_notice,
};
