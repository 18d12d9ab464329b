/* SPDX-License-Identifier: MIT */
#include "service/signalr/connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/hubs/hub_call.h"
#include "service/hubs/hub_dispatch.h"
#include "service/signalr/delivery.h"
#include "service/signalr/membership.h"
#include "service/signalr/membership_echo.h"
#include "service/signalr/subscription.h"
#include "service/signalr/topic_name.h"

enum { OWN_PREFIX_BYTES = 2 }; /* of "c-<id>" */

static const bool legal_moves[CONNECTION_STATES][CONNECTION_STATES] = {
    [CONNECTION_NEW] = {[CONNECTION_OPENING] = true, [CONNECTION_DETACHED] = true},
    [CONNECTION_OPENING] =
        {[CONNECTION_ATTACHED] = true, [CONNECTION_DETACHED] = true, [CONNECTION_NEW] = true},
    /* Back to opening: a join found in the stream changes what has to be replayed. */
    [CONNECTION_ATTACHED] =
        {[CONNECTION_OPENING] = true, [CONNECTION_DETACHED] = true, [CONNECTION_NEW] = true},
    [CONNECTION_DETACHED] = {[CONNECTION_OPENING] = true, [CONNECTION_NEW] = true},
};

static struct list *
list_of(struct worker_app *app, enum connection_state state)
{
    switch (state) {
    case CONNECTION_OPENING:
        return &app->opening;
    case CONNECTION_ATTACHED:
        return &app->attached;
    case CONNECTION_DETACHED:
        return &app->detached;
    case CONNECTION_NEW:
    case CONNECTION_STATES:
        break;
    }
    return NULL;
}

void
connection_set_state(struct connection *connection, enum connection_state state)
{
    assert(legal_moves[connection->state][state]);
    struct list *list = list_of(connection->app, state);

    if (list_of(connection->app, (enum connection_state)connection->state) != NULL) {
        list_remove(&connection->node);
    }
    if (list != NULL) {
        list_append(list, &connection->node);
    }
    connection->state = (uint8_t)state;
}

struct connection *
connection_new(struct worker_app *app, struct bytes id)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    struct buffer name;

    if (connection == NULL) {
        return NULL;
    }
    buffer_init(&name, TOPIC_NAME_BYTES_MAX);
    if (topic_name_append(&name, TOPIC_NAME_CONNECTION, BYTES(""), id) == STATUS_OK) {
        connection->own_topic = topic_acquire(&app->topics, buffer_bytes(&name));
    }
    buffer_deinit(&name);
    if (connection->own_topic == NULL) {
        free(connection);
        return NULL;
    }
    assert(connection->own_topic->owner == NULL);
    connection->own_topic->owner = connection;
    connection->app = app;
    list_init(&connection->calls);
    list_init(&connection->joins);
    list_init(&connection->echoes);
    app->connection_count++;
    worker_app_count(app, app->context->metrics.connections, 1);
    return connection;
}

void
connection_free(struct connection *connection)
{
    struct worker_app *app = connection->app;

    assert(!transport_is_open(&connection->transport));
    if (connection->state != CONNECTION_NEW) {
        connection_set_state(connection, CONNECTION_NEW);
    }
    connection_detach_topics(connection);
    connection_release_topics(connection);
    membership_echo_forget_all(connection);
    group_spans_deinit(&connection->left, &app->topics);
    if (connection->start != NULL) {
        hub_dispatch_cancel(connection->start);
    }
    client_limits_leave(app->context->limits, connection->place);
    connection->own_topic->owner = NULL;
    topic_release(&app->topics, connection->own_topic);
    topic_set_deinit(&connection->topics);
    free(connection->user);
    free(connection->query);
    free(connection->headers);
    free(connection->claims);
    free(connection);
    app->connection_count--;
    worker_app_count(app, app->context->metrics.connections, -1);
}

struct connection *
connection_find(const struct worker_app *app, struct bytes id)
{
    struct buffer name;
    struct topic *topic = NULL;

    buffer_init(&name, TOPIC_NAME_BYTES_MAX);
    if (topic_name_append(&name, TOPIC_NAME_CONNECTION, BYTES(""), id) == STATUS_OK) {
        topic = topic_find(&app->topics, buffer_bytes(&name));
    }
    buffer_deinit(&name);
    return topic == NULL ? NULL : topic->owner;
}

struct bytes
connection_id(const struct connection *connection)
{
    return bytes_after(topic_name_of(connection->own_topic), OWN_PREFIX_BYTES);
}

struct bytes
connection_user(const struct connection *connection)
{
    return connection->user == NULL ? BYTES("") : bytes_from_string(connection->user);
}

bool
connection_is_raw(const struct connection *connection)
{
    return connection->path->raw != NULL;
}

/* Replace an owned text; an empty one costs no memory. */
static enum status
set_text(char **text, struct bytes value)
{
    char *copy = NULL;

    if (value.length > 0) {
        copy = bytes_duplicate(value);
        if (copy == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    free(*text);
    *text = copy;
    return STATUS_OK;
}

enum status
connection_identify(struct connection *connection, const struct connection_identity *identity)
{
    if (set_text(&connection->user, identity->user) != STATUS_OK ||
        set_text(&connection->query, identity->query) != STATUS_OK ||
        set_text(&connection->headers, identity->headers) != STATUS_OK ||
        set_text(&connection->claims, identity->claims) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    connection->path = identity->path;
    connection->hubs = identity->hubs;
    return STATUS_OK;
}

void
connection_detach_topics(struct connection *connection)
{
    subscription_cancel(connection);
    membership_cancel_joins(connection);
    delivery_forget_poll(connection);
    topic_set_detach_all(&connection->topics);
}

void
connection_release_topics(struct connection *connection)
{
    subscription_release_set(connection->app, &connection->topics);
}

/* What every way of losing a transport has in common. */
static void
forget_transport(struct connection *connection)
{
    connection->is_detached_poll = !connection->transport.operations->is_streaming;
    free(connection->transport.callback);
    connection->transport = (struct transport){0};
    connection->queue_allowance = 0;
    connection->doom = 0;
    connection->holds_polls = false;
    connection->detached_ms = connection->app->context->clock->now_ms;
    /* First, so that what is called back from here on finds no open transport. */
    if (connection->state != CONNECTION_NEW) {
        connection_set_state(connection, CONNECTION_DETACHED);
    }
    connection_detach_topics(connection);
    hub_call_lose_callers(&connection->calls);
}

void
connection_end_transport(struct connection *connection, enum transport_end why)
{
    struct transport *transport = &connection->transport;
    struct http_chunk last = {0};

    if (!transport_is_open(transport)) {
        return;
    }
    if (!transport->operations->is_streaming) {
        last = delivery_last_envelope(connection, why == TRANSPORT_END_DRAIN);
    }
    transport->operations->end(transport, why, last);
    payload_unref(last.payload);
    connection_log_debug(connection, "transport closed", transport_end_name(why));
    forget_transport(connection);
}

void
connection_poll_answered(struct connection *connection)
{
    forget_transport(connection);
}

void
connection_transport_lost(void *owner, const char *reason)
{
    struct connection *connection = owner;

    connection_log_debug(connection, "transport lost", reason);
    forget_transport(connection);
}

void
connection_transport_broken(void *owner, bool is_too_big, const char *reason)
{
    struct connection *connection = owner;

    client_fault_report(connection->app,
                        is_too_big ? CLIENT_FAULT_MESSAGE_TOO_BIG : CLIENT_FAULT_WEBSOCKET,
                        "conn=%.*s reason=%s", BYTES_PRINTF(connection_id(connection)), reason);
}

void
connection_transport_text(void *owner, struct bytes text)
{
    hub_dispatch_receive(owner, text);
}

void
connection_disconnect(struct connection *connection, bool stop_called, const char *reason)
{
    struct worker_app *app = connection->app;

    connection_log_info(connection, "closed", reason);
    /* The poll that brought the end is completed after the event, as the reference does. */
    hub_dispatch_disconnected(connection, stop_called);
    connection_end_transport(connection, TRANSPORT_END_DONE);
    connection_free(connection);
    worker_app_count(app, app->context->metrics.disconnects, 1);
}

void
connection_drop(struct connection *connection, const char *reason)
{
    /* It goes on elsewhere; without stickiness, a long-polling client moves with every poll. */
    connection_log_debug(connection, "dropped", reason);
    connection_end_transport(connection, TRANSPORT_END_MOVED);
    connection_free(connection);
}

static const char *
transport_name(const struct connection *connection)
{
    const struct transport_operations *operations = connection->transport.operations;

    return operations == NULL ? "none" : operations->name;
}

void
connection_log_info(const struct connection *connection, const char *sentence, const char *reason)
{
    log_info(connection->app->context->log, connection->app->app->name,
             "connection %s conn=%.*s transport=%s reason=%s", sentence,
             BYTES_PRINTF(connection_id(connection)), transport_name(connection), reason);
}

void
connection_log_debug(const struct connection *connection, const char *sentence, const char *reason)
{
    log_debug(connection->app->context->log, connection->app->app->name,
              "connection %s conn=%.*s transport=%s reason=%s", sentence,
              BYTES_PRINTF(connection_id(connection)), transport_name(connection), reason);
}
