/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "service/signalr/connection_token.h"
#include "service/signalr/delivery.h"
#include "service/signalr/hub_message.h"

enum { TOKEN_BYTES_MAX = 16 * 1024 };

static struct hub_dispatch_caller
caller_of(const struct connection *connection)
{
    return (struct hub_dispatch_caller){
        .app = connection->app,
        .path = connection->path,
        .hubs = connection->hubs,
        .connection_id = connection_id(connection),
        .user = connection_user(connection),
        .query = bytes_from_string(connection->query == NULL ? "" : connection->query),
        .headers = bytes_from_string(connection->headers == NULL ? "" : connection->headers),
        .claims = bytes_from_string(connection->claims == NULL ? "" : connection->claims),
    };
}

static struct hub_call_options
options_for(const struct hub_dispatch_caller *caller, enum hub_event event)
{
    return (struct hub_call_options){
        .app = caller->app,
        .path = caller->path,
        .info = {.event = event,
                 .arguments = BYTES("[]"),
                 .connection_id = caller->connection_id,
                 .user = caller->user,
                 .query = caller->query,
                 .headers = caller->headers,
                 .claims = caller->claims},
    };
}

static void
set_hub(struct hub_call_options *options, size_t index)
{
    options->info.hub = bytes_from_string(options->app->app->hubs[index].name);
    options->backend = options->app->hubs[index];
}

static void
set_raw(struct hub_call_options *options)
{
    size_t index = (size_t)(options->path - options->app->app->paths);

    options->info.hub = bytes_from_string(options->path->raw->name);
    options->backend = options->app->raws[index];
}

/* Start the call. A backend that wants it gets the connection's token; without keys there is none.
 */
static enum status
start_call(struct hub_call_options *options, struct hub_call **out)
{
    struct worker_app *app = options->app;
    struct buffer token;

    buffer_init(&token, TOKEN_BYTES_MAX);
    if (options->backend != NULL && options->backend->operations->wants_token &&
        connection_token_seal(&app->keys, worker_app_key(app), options->info.connection_id,
                              options->info.user, &token) == STATUS_OK) {
        options->info.token = buffer_bytes(&token);
    }
    enum status status = hub_call_start(options, out);
    options->info.token = BYTES("");
    buffer_deinit(&token);
    return status;
}

static enum status
start_invocation(const struct hub_dispatch_caller *caller, const struct hub_message *message,
                 hub_call_ended_fn fn, void *owner, struct hub_call **out)
{
    struct hub_call_options options = options_for(caller, HUB_INVOCATION);
    size_t hub = app_find_hub(caller->app->app, message->hub);

    if (hub == SIZE_MAX) {
        return STATUS_NOT_FOUND;
    }
    set_hub(&options, hub);
    options.info.method = message->method;
    options.info.arguments = message->arguments;
    options.info.argument_count = message->argument_count;
    options.info.state = message->state;
    options.hub_as_spelled = message->hub;
    options.info.id = message->id;
    options.is_too_deep = message->is_too_deep;
    options.on_ended = fn;
    options.owner = owner;
    return start_call(&options, out);
}

static enum status
start_raw(const struct hub_dispatch_caller *caller, struct bytes data, hub_call_ended_fn fn,
          void *owner, struct hub_call **out)
{
    struct hub_call_options options = options_for(caller, HUB_RAW_DATA);

    set_raw(&options);
    options.info.arguments = data;
    options.on_ended = fn;
    options.owner = owner;
    return start_call(&options, out);
}

enum status
hub_dispatch_send(const struct hub_dispatch_caller *caller, struct bytes data, hub_call_ended_fn fn,
                  void *owner, struct hub_call **out)
{
    struct hub_message message;

    if (caller->path->raw != NULL) {
        return start_raw(caller, data, fn, owner, out);
    }
    enum status status = hub_message_parse(data, &message);
    if (status == STATUS_OK) {
        status = start_invocation(caller, &message, fn, owner, out);
        hub_message_deinit(&message);
    }
    return status;
}

static void
on_result(void *owner, const struct hub_call_outcome *outcome)
{
    struct connection *connection = owner;

    if (outcome->json.length > 0 && transport_is_open(&connection->transport)) {
        delivery_send_result(connection, outcome->json);
    }
}

void
hub_dispatch_receive(struct connection *connection, struct bytes text)
{
    struct hub_dispatch_caller caller = caller_of(connection);
    struct hub_call *call;
    enum status status = hub_dispatch_send(&caller, text, on_result, connection, &call);

    if (status != STATUS_OK) {
        client_fault_report(connection->app, CLIENT_FAULT_INVOCATION, "conn=%.*s reason=%s",
                            BYTES_PRINTF(connection_id(connection)), status_name(status));
    } else if (transport_is_open(&connection->transport)) {
        hub_call_track(call, &connection->calls);
    } else {
        hub_call_lose_caller(call); /* what the call did has cost the transport */
    }
}

/*
 * Events.
 */

/* One event for every registered hub. Nobody waits when ${fn} is NULL. Returns how many calls were
 * made; ${failed} counts the rest. */
static size_t
raise_event(const struct hub_dispatch_caller *caller, enum hub_event event, bool stop_called,
            hub_call_ended_fn fn, void *owner, struct list *callers, size_t *failed)
{
    struct hub_call_options options = options_for(caller, event);
    size_t count = caller->path->raw != NULL ? 1 : caller->app->app->hub_count;
    size_t started = 0;
    struct hub_call *call;

    options.info.stop_called = stop_called;
    options.on_ended = fn;
    options.owner = owner;
    for (size_t i = 0; i < count; i++) {
        if (caller->path->raw != NULL) {
            set_raw(&options);
        } else if ((caller->hubs >> i & 1) != 0) {
            set_hub(&options, i);
        } else {
            continue;
        }
        if (start_call(&options, &call) != STATUS_OK) {
            *failed += 1;
            continue;
        }
        started++;
        if (callers != NULL) {
            hub_call_track(call, callers);
        }
    }
    return started;
}

/* OnConnected of all hubs of one connection. */
struct hub_dispatch_start {
    struct worker_app *app;
    hub_dispatch_started_fn fn;
    void *owner;
    struct list calls;
    struct timer timer; /* when there is nothing to wait for: the answer still comes later */
    size_t waiting_count;
    enum hub_start result; /* the worst so far */
};

static void
report_start(struct hub_dispatch_start *start)
{
    hub_dispatch_started_fn fn = start->fn;
    void *owner = start->owner;
    enum hub_start result = start->result;

    timer_stop(start->app->context->timers, &start->timer);
    free(start);
    fn(owner, result);
}

static void
on_start_due(struct timer *timer)
{
    report_start(CONTAINER_OF(timer, struct hub_dispatch_start, timer));
}

static void
on_connected(void *owner, const struct hub_call_outcome *outcome)
{
    struct hub_dispatch_start *start = owner;

    if (outcome->is_refused) {
        start->result = HUB_START_REFUSED;
    } else if (!outcome->is_ok && start->result == HUB_START_OK) {
        start->result = HUB_START_FAILED;
    }
    start->waiting_count--;
    if (start->waiting_count == 0) {
        report_start(start);
    }
}

struct hub_dispatch_start *
hub_dispatch_connected(const struct hub_dispatch_caller *caller, hub_dispatch_started_fn fn,
                       void *owner)
{
    struct hub_dispatch_start *start = calloc(1, sizeof(*start));
    size_t failed = 0;

    if (start == NULL) {
        return NULL;
    }
    start->app = caller->app;
    start->fn = fn;
    start->owner = owner;
    list_init(&start->calls);
    start->waiting_count =
        raise_event(caller, HUB_CONNECTED, false, on_connected, start, &start->calls, &failed);
    start->result = failed > 0 ? HUB_START_FAILED : HUB_START_OK;
    if (start->waiting_count == 0) {
        timer_start(caller->app->context->timers, &start->timer, 0, on_start_due);
    }
    return start;
}

void
hub_dispatch_cancel(struct hub_dispatch_start *start)
{
    hub_call_lose_callers(&start->calls);
    timer_stop(start->app->context->timers, &start->timer);
    free(start);
}

static void
on_old_client_connected(void *owner, enum hub_start result)
{
    struct connection *connection = owner;

    connection->start = NULL;
    connection->has_connected = result == HUB_START_OK;
    if (result == HUB_START_REFUSED) {
        connection_disconnect(connection, false, "refused");
    } else if (result == HUB_START_FAILED) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
    } else if (connection->state == CONNECTION_ATTACHED) {
        delivery_send_init(connection);
    }
}

void
hub_dispatch_connected_before_init(struct connection *connection)
{
    struct hub_dispatch_caller caller = caller_of(connection);

    if (connection->has_connected) {
        delivery_send_init(connection);
        return;
    }
    /* A second request may find the first one's event still under way: its end serves whichever
     * transport is open then. */
    if (connection->start == NULL) {
        connection->start = hub_dispatch_connected(&caller, on_old_client_connected, connection);
    }
    if (connection->start == NULL) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
    }
}

void
hub_dispatch_reconnected(const struct connection *connection)
{
    struct hub_dispatch_caller caller = caller_of(connection);
    size_t failed = 0;

    (void)raise_event(&caller, HUB_RECONNECTED, false, NULL, NULL, NULL, &failed);
}

void
hub_dispatch_disconnected(const struct connection *connection, bool stop_called)
{
    struct hub_dispatch_caller caller = caller_of(connection);
    size_t failed = 0;

    (void)raise_event(&caller, HUB_DISCONNECTED, stop_called, NULL, NULL, NULL, &failed);
}
