/* SPDX-License-Identifier: MIT */
#include "service/transport/receive_request.h"

#include <stdlib.h>

#include "service/signalr/connection.h"
#include "service/signalr/cursor.h"
#include "service/signalr/groups_token.h"
#include "service/signalr/relocation.h"
#include "service/signalr/subscription.h"
#include "service/signalr/topic_name.h"
#include "service/transport/admission.h"
#include "service/transport/answer.h"

enum {
    REQUEST_TEXT_BYTES_MAX = 2 * 1024 * 1024, /* the HTTP parser has a limit of its own */
    GROUP_TEXT_BYTES_MAX = 256 * 1024,
};

/* What the request wants, checked, before anything is changed. */
struct receiving {
    struct client_request *request;
    struct transport_request start;
    struct subscription_options options;
    struct http_forwarded forwarded;
    struct answer_headers headers;
    struct buffer own_query;
    struct buffer client_headers;
    struct buffer group_text; /* the group topics, one behind the other */
    struct subscription_group *groups;
    bool is_connect;
};

static bool
is_poll(const struct client_request *request)
{
    return request->transport == &long_polling_transport;
}

static void
refuse(const struct receiving *receiving, enum client_fault fault, uint16_t status,
       const char *text)
{
    client_request_report(receiving->request, fault, BYTES(""));
    answer_text(receiving->request->app->app, receiving->request->exchange, status, NULL,
                bytes_from_string(text));
}

static void
refuse_without_memory(const struct receiving *receiving)
{
    answer_out_of_memory(receiving->request->app->app, receiving->request->exchange);
}

/*
 * Reading. Each returns false when the request has been answered.
 */

static bool
read_cursor(struct receiving *receiving)
{
    const struct client_request *request = receiving->request;
    struct cursor cursor =
        cursor_parse(client_request_parameter(request, BYTES("messageId"), is_poll(request)));

    if (cursor.kind == CURSOR_MALFORMED) {
        refuse(receiving, CLIENT_FAULT_CURSOR, 400, CURSOR_INVALID_TEXT);
        return false;
    }
    receiving->options.since = cursor.kind == CURSOR_RESUME ? cursor.id : BACKPLANE_NO_REPLAY;
    return true;
}

/* The topic of a group the token names, if it is of a hub this request registers. */
static bool
append_group(const struct client_request *request, struct bytes group, struct buffer *out)
{
    const struct app *app = request->app->app;
    struct bytes name;

    if (request->path->raw != NULL) {
        struct bytes type = bytes_from_string(request->path->raw->name);
        return topic_name_group_of(group, type, &name) &&
               topic_name_append(out, TOPIC_NAME_RAW_GROUP, type, name) == STATUS_OK;
    }
    for (size_t i = 0; i < app->hub_count; i++) {
        struct bytes hub = bytes_from_string(app->hubs[i].name);
        if ((request->hubs >> i & 1) != 0 && topic_name_group_of(group, hub, &name)) {
            return topic_name_append(out, TOPIC_NAME_HUB_GROUP, hub, name) == STATUS_OK;
        }
    }
    return false;
}

static bool
keep_groups(struct receiving *receiving, const struct groups_token *token)
{
    struct subscription_options *options = &receiving->options;
    struct buffer *text = &receiving->group_text;

    receiving->groups = calloc(token->count + 1, sizeof(*receiving->groups));
    if (receiving->groups == NULL) {
        refuse_without_memory(receiving);
        return false;
    }
    for (size_t i = 0; i < token->count; i++) {
        size_t before = text->length;
        if (append_group(receiving->request, token->groups[i], text)) {
            /* The text may still move: keep the length now, point to it at the end. */
            receiving->groups[options->group_count].topic.length = text->length - before;
            receiving->groups[options->group_count].since = options->since;
            options->group_count++;
        } else {
            buffer_truncate(text, before);
        }
    }
    if (text->status != STATUS_OK) {
        refuse_without_memory(receiving);
        return false;
    }
    size_t from = 0;
    for (size_t i = 0; i < options->group_count; i++) {
        struct bytes *topic = &receiving->groups[i].topic;
        *topic = bytes_slice(buffer_bytes(text), from, topic->length);
        from += topic->length;
    }
    options->groups = receiving->groups;
    return true;
}

/* A token that is not this connection's names no groups, and is no error. */
static bool
read_groups(struct receiving *receiving)
{
    const struct client_request *request = receiving->request;
    struct bytes text = client_request_parameter(request, BYTES("groupsToken"), is_poll(request));
    struct groups_token token;

    if (text.length == 0) {
        return true;
    }
    enum status status = groups_token_open(&request->app->keys, worker_app_key(request->app),
                                           request->token.id, text, &token);
    if (status == STATUS_NO_MEMORY) {
        refuse_without_memory(receiving); /* a resume without its groups would lose them */
        return false;
    }
    if (status != STATUS_OK) {
        client_request_report(request, CLIENT_FAULT_GROUPS_TOKEN, BYTES(""));
        return true;
    }
    bool is_kept = keep_groups(receiving, &token);
    groups_token_deinit(&token);
    return is_kept;
}

/* What backends may see of the request. */
static bool
read_texts(struct receiving *receiving)
{
    const struct client_request *request = receiving->request;

    if (client_request_own_query(request, &receiving->own_query) != STATUS_OK ||
        client_request_headers(request, &receiving->client_headers) != STATUS_OK) {
        refuse_without_memory(receiving);
        return false;
    }
    return true;
}

static bool
read_frame_id(struct receiving *receiving)
{
    const struct client_request *request = receiving->request;
    struct bytes text = http_parameters_get(&request->query, BYTES("frameId"));

    if (request->transport == &forever_frame_transport &&
        client_frame_parse_id(text, &receiving->start.frame_id) != STATUS_OK) {
        refuse(receiving, CLIENT_FAULT_FRAME_ID, 500, CLIENT_FRAME_ID_TEXT);
        return false;
    }
    return true;
}

/* A page of our own comes from "https://web01" when that is how the client addresses us. */
static bool
is_same_origin(const struct http_forwarded *forwarded, struct bytes origin)
{
    struct bytes rest = origin;
    struct bytes scheme;

    return forwarded->host.length > 0 && bytes_split(&rest, ':', &scheme) &&
           (forwarded->scheme.length == 0 || bytes_equal_ignore_case(scheme, forwarded->scheme)) &&
           bytes_starts_with(rest, BYTES("//")) &&
           bytes_equal_ignore_case(bytes_after(rest, 2), forwarded->host);
}

/* A browser lets any page open a WebSocket: where a list is configured, we look. */
static bool
check_origin(const struct receiving *receiving)
{
    const struct client_request *request = receiving->request;
    const struct app *app = request->app->app;
    struct bytes origin = http_request_header(request->http, BYTES("Origin"));

    if (request->transport != &websocket_transport || app->origin_count == 0 ||
        origin.data == NULL || app_allows_origin(app, origin) ||
        is_same_origin(&receiving->forwarded, origin)) {
        return true;
    }
    client_request_report(request, CLIENT_FAULT_ORIGIN, origin);
    answer_text(app, request->exchange, 403, NULL, BYTES("The origin is not allowed."));
    return false;
}

static bool
read_all(struct receiving *receiving)
{
    struct client_request *request = receiving->request;
    struct subscription_options *options = &receiving->options;
    bool is_reconnect = client_request_ends_in(request, BYTES("/reconnect"));

    receiving->is_connect = client_request_ends_in(request, BYTES("/connect"));
    http_forwarded_read(request->http, &request->app->context->proxies, &receiving->forwarded);
    options->is_init = receiving->is_connect;
    options->raises_connected =
        receiving->is_connect && !protocol_version_has_start(&request->version);
    options->raises_reconnected = is_poll(request) ? is_reconnect : !receiving->is_connect;
    return check_origin(receiving) && read_cursor(receiving) && read_frame_id(receiving) &&
           read_groups(receiving) && read_texts(receiving);
}

/*
 * Doing.
 */

/* The record, without transport; NULL when the request has been answered. */
static struct connection *
take_record(const struct receiving *receiving, bool *is_new)
{
    struct worker_app *app = receiving->request->app;
    struct connection *connection = connection_find(app, receiving->request->token.id);
    struct client_place *place;

    *is_new = connection == NULL;
    if (connection != NULL) {
        connection_end_transport(connection, TRANSPORT_END_REPLACED);
        return connection;
    }
    if (!admission_take_place(receiving->request, receiving->forwarded.address,
                              !receiving->is_connect, &place)) {
        return NULL;
    }
    connection = connection_new(app, receiving->request->token.id);
    if (connection == NULL) {
        client_limits_leave(app->context->limits, place);
        refuse_without_memory(receiving);
        return NULL;
    }
    connection->place = place;
    return connection;
}

static enum status
start_transport(struct receiving *receiving, struct connection *connection)
{
    struct client_request *request = receiving->request;
    struct connection_identity identity = {.path = request->path,
                                           .hubs = request->hubs,
                                           .user = request->user,
                                           .query = buffer_bytes(&receiving->own_query),
                                           .headers = buffer_bytes(&receiving->client_headers),
                                           .claims = buffer_bytes(&request->token_claims)};
    enum status status = connection_identify(connection, &identity);

    if (status != STATUS_OK) {
        refuse_without_memory(receiving);
        return status;
    }
    answer_headers_init(&receiving->headers, request->app->app, request->exchange);
    answer_headers_add(&receiving->headers, BYTES("X-Accel-Buffering"), BYTES("no"));
    receiving->start.exchange = request->exchange;
    receiving->start.websocket_message_bytes = request->app->app->limits.websocket_message_bytes;
    receiving->start.callback = is_poll(request) ? request->callback : BYTES("");
    receiving->start.headers = receiving->headers.items;
    receiving->start.header_count = receiving->headers.count;
    return request->transport->start(&connection->transport, &receiving->start, connection);
}

/* Without stickiness a long-polling client comes to another node with every poll: that is no news.
 */
static void
log_opening(const struct receiving *receiving)
{
    const struct client_request *request = receiving->request;
    const struct worker_app *app = request->app;

    if (receiving->is_connect || request->transport->is_streaming) {
        log_info(app->context->log, app->app->name,
                 "connection %s conn=%.*s transport=%s address=%.*s",
                 receiving->is_connect ? "opened" : "resumed", BYTES_PRINTF(request->token.id),
                 request->transport->name, BYTES_PRINTF(receiving->forwarded.address));
    }
}

static void
open_transport(struct receiving *receiving)
{
    const struct client_request *request = receiving->request;
    struct worker_app *app = request->app;
    bool is_new;
    struct connection *connection = take_record(receiving, &is_new);

    if (connection == NULL) {
        return;
    }
    if (is_new) {
        log_opening(receiving); /* while the request is still there to be read */
    }
    if (start_transport(receiving, connection) != STATUS_OK) {
        if (is_new) {
            connection_free(connection);
        }
        return;
    }
    connection->opened_ms = app->context->clock->now_ms;
    connection->has_claimed = false;
    worker_app_count(app,
                     receiving->is_connect ? app->context->metrics.connects
                                           : app->context->metrics.reconnects,
                     1);
    if (is_new) {
        /* WebSocket is what clients try first: such a /connect cannot have been elsewhere before.
         */
        relocation_announce(connection,
                            !receiving->is_connect || request->transport != &websocket_transport);
    }
    if (subscription_open(connection, &receiving->options) != STATUS_OK) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
    }
}

void
receive_request_handle(struct client_request *request)
{
    struct receiving receiving = {.request = request};

    buffer_init(&receiving.own_query, REQUEST_TEXT_BYTES_MAX);
    buffer_init(&receiving.client_headers, REQUEST_TEXT_BYTES_MAX);
    buffer_init(&receiving.group_text, GROUP_TEXT_BYTES_MAX);
    if (read_all(&receiving)) {
        open_transport(&receiving);
    }
    free(receiving.groups);
    buffer_deinit(&receiving.own_query);
    buffer_deinit(&receiving.client_headers);
    buffer_deinit(&receiving.group_text);
}
