/* SPDX-License-Identifier: MIT */
#include "service/http/http_connection.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "service/http/http_connection_state.h"
#include "service/http/http_status.h"

enum {
    BACKLOG_PAUSE_BYTES = 4 * 1024, /* the sink is paused above it */
    BACKLOG_MAX_BYTES = 256 * 1024, /* several reads of a sink which was paused too late */
    /* So much of the answers waits to be taken before another request is begun. It is more than the
     * mark from which a stream reports that it has drained. */
    ANSWERS_WAITING_BYTES = 512 * 1024,
};

/* ---- life ---------------------------------------------------------------------------- */

enum status
http_connection_new(struct http_server *server, struct sink *sink, const char *peer_address,
                    bool is_tls, struct http_connection **out)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        return STATUS_NO_MEMORY;
    }
    connection->server = server;
    connection->sink = sink;
    connection->is_tls = is_tls;
    connection->keeps_alive = true;
    connection->peer_address = peer_address;
    buffer_init(&connection->backlog, BACKLOG_MAX_BYTES);
    connection->state = HTTP_CONNECTION_IDLE;
    http_connection_set_state(connection, HTTP_CONNECTION_IDLE);
    *out = connection;
    return STATUS_OK;
}

static void
tell_closed(struct http_connection *connection, const char *reason)
{
    struct http_exchange exchange = connection->exchange;
    if (connection->websocket != NULL) {
        websocket_closed(connection->websocket, reason);
    } else if (exchange.on_closed != NULL) {
        exchange.on_closed(exchange.owner, reason);
    }
    if (connection->server->on_closed != NULL) {
        connection->server->on_closed(connection->server->owner, connection, reason);
    }
}

void
http_connection_closed(struct http_connection *connection, const char *reason)
{
    assert(!connection->is_reading);
    timer_stop(connection->server->timers, &connection->timer);
    if (connection->server->log != NULL) {
        log_debug(connection->server->log, "http", "connection closed peer=%s reason=%s",
                  connection->peer_address, reason);
    }
    tell_closed(connection, reason);
    http_request_parser_free(connection->parser);
    buffer_deinit(&connection->backlog);
    free(connection);
}

struct http_connection *
http_connection_of(struct http_exchange *exchange)
{
    return CONTAINER_OF(exchange, struct http_connection, exchange);
}

const struct http_connection *
http_connection_of_const(const struct http_exchange *exchange)
{
    return (
        const struct http_connection *)(const void *)((const char *)exchange -
                                                      offsetof(struct http_connection, exchange));
}

/* ---- states -------------------------------------------------------------------------- */

#define MOVE(state) (1u << HTTP_CONNECTION_##state)

static const unsigned legal_moves[] = {
    [HTTP_CONNECTION_IDLE] = MOVE(IDLE) | MOVE(RECEIVING) | MOVE(FINISHING),
    [HTTP_CONNECTION_RECEIVING] = MOVE(PENDING) | MOVE(FINISHING),
    [HTTP_CONNECTION_PENDING] = MOVE(IDLE) | MOVE(STREAMING) | MOVE(WEBSOCKET) | MOVE(FINISHING),
    [HTTP_CONNECTION_STREAMING] = MOVE(IDLE) | MOVE(FINISHING),
    [HTTP_CONNECTION_WEBSOCKET] = 0,
    [HTTP_CONNECTION_FINISHING] = 0,
};

static void on_timer(struct timer *timer);

static void
start_timer(struct http_connection *connection, uint64_t delay_ms)
{
    timer_start(connection->server->timers, &connection->timer, delay_ms, on_timer);
}

void
http_connection_set_state(struct http_connection *connection, enum http_connection_state state)
{
    const struct http_limits *limits = &connection->server->limits;
    assert((legal_moves[connection->state] & (1u << state)) != 0);
    connection->state = state;
    switch (state) {
    case HTTP_CONNECTION_IDLE:
        start_timer(connection, limits->idle_timeout_ms);
        break;
    case HTTP_CONNECTION_RECEIVING:
    case HTTP_CONNECTION_FINISHING:
        start_timer(connection, limits->request_timeout_ms);
        break;
    case HTTP_CONNECTION_PENDING:
    case HTTP_CONNECTION_STREAMING:
    case HTTP_CONNECTION_WEBSOCKET:
        timer_stop(connection->server->timers, &connection->timer);
        break;
    }
}

void
http_connection_forget_exchange(struct http_connection *connection)
{
    connection->exchange = (struct http_exchange){0};
}

void
http_connection_release_request(struct http_connection *connection)
{
    http_request_parser_free(connection->parser);
    connection->parser = NULL;
}

static void
enter_finishing(struct http_connection *connection)
{
    http_connection_forget_exchange(connection);
    http_connection_release_request(connection);
    buffer_deinit(&connection->backlog);
    connection->backlog_offset = 0;
    http_connection_set_state(connection, HTTP_CONNECTION_FINISHING);
}

void
http_connection_finish(struct http_connection *connection, const char *reason)
{
    enter_finishing(connection);
    sink_finish(connection->sink, reason);
}

void
http_connection_abort(struct http_connection *connection, const char *reason)
{
    enter_finishing(connection);
    sink_close(connection->sink, reason);
}

void
http_connection_write(struct http_connection *connection, struct payload *payload)
{
    if (payload == NULL) {
        sink_close(connection->sink, "no-memory");
        return;
    }
    sink_write(connection->sink, payload_whole(payload));
    payload_unref(payload);
}

static size_t
backlog_bytes(const struct http_connection *connection)
{
    return connection->backlog.length - connection->backlog_offset;
}

void
http_connection_answered(struct http_connection *connection)
{
    http_connection_forget_exchange(connection);
    if (!connection->keeps_alive) {
        http_connection_finish(connection, "done");
        return;
    }
    http_connection_set_state(connection, HTTP_CONNECTION_IDLE);
    /* Whoever answers later must not meet the next request inside his call. */
    if (!connection->is_reading && backlog_bytes(connection) > 0) {
        start_timer(connection, 0);
    }
}

void
http_connection_become_websocket(struct http_connection *connection, struct websocket *websocket)
{
    http_connection_forget_exchange(connection);
    http_connection_release_request(connection);
    connection->websocket = websocket;
    http_connection_set_state(connection, HTTP_CONNECTION_WEBSOCKET);
    if (!connection->is_reading && backlog_bytes(connection) > 0) {
        start_timer(connection, 0);
    }
}

/* ---- refusing ------------------------------------------------------------------------ */

/* The last row answers for every status that has none of its own. */
static const struct refusal {
    uint16_t status;
    const char *explanation;
} refusals[HTTP_REFUSALS] = {
    {408, "The request did not arrive in time.\n"},
    {413, "The request body is too large.\n"},
    {414, "The request line is too long.\n"},
    {417, "This expectation cannot be met.\n"},
    {431, "The request headers are too large or too many.\n"},
    {501, "This method or transfer encoding is not supported.\n"},
    {503, "The service is out of memory.\n"},
    {505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.\n"},
    {400, "The request is malformed.\n"},
};

static size_t
find_refusal(uint16_t status)
{
    size_t index = 0;

    while (index + 1 < HTTP_REFUSALS && refusals[index].status != status) {
        index++;
    }
    return index;
}

/* Any stranger can provoke this line. */
static void
log_refusal(struct http_connection *connection, uint16_t status, struct log_limit *limit)
{
    struct http_server *server = connection->server;
    uint64_t suppressed;
    if (server->log != NULL && log_allows(limit, server->timers->clock->now_ms, &suppressed)) {
        log_info(server->log, "http",
                 "request refused peer=%s status=%u reason=\"%s\" suppressed=%" PRIu64,
                 connection->peer_address, (unsigned)status, http_status_phrase(status),
                 suppressed);
    }
}

static void
refuse(struct http_connection *connection, uint16_t status)
{
    size_t refusal = find_refusal(status);
    const struct http_response response = {
        .status = status,
        .content_type = "text/plain",
        .body = bytes_from_string(refusals[refusal].explanation),
    };
    const struct http_response_form form = {.framing = HTTP_FRAMING_LENGTH, .version_minor = 1};
    log_refusal(connection, status, &connection->server->refusal_limits[refusal]);
    http_connection_write(connection, http_response_encode(&response, &form));
    http_connection_finish(connection, http_status_phrase(status));
}

/* ---- reading ------------------------------------------------------------------------- */

/* Blank lines before a request are to be ignored (RFC 9112 section 2.2), and must not look like the
 * start of one. */
static void
skip_blank_lines(struct bytes *input)
{
    while (input->length > 0 && (input->data[0] == '\r' || input->data[0] == '\n')) {
        *input = bytes_after(*input, 1);
    }
}

static void
begin_request(struct http_connection *connection, struct bytes *input)
{
    skip_blank_lines(input);
    if (input->length == 0) {
        return;
    }
    connection->parser = http_request_parser_new(&connection->server->limits);
    if (connection->parser == NULL) {
        http_connection_abort(connection, "no-memory");
        return;
    }
    http_connection_set_state(connection, HTTP_CONNECTION_RECEIVING);
}

static void
hand_out(struct http_connection *connection)
{
    struct http_request *request = http_request_parser_request(connection->parser);
    request->peer_address = connection->peer_address;
    request->is_tls = connection->is_tls;
    connection->version_minor = request->version_minor;
    connection->is_head = (request->method == HTTP_METHOD_HEAD);
    connection->keeps_alive =
        connection->keeps_alive && http_request_parser_keeps_alive(connection->parser);
    http_connection_set_state(connection, HTTP_CONNECTION_PENDING);
    connection->server->on_request(connection->server->owner, &connection->exchange);
}

static void
receive_request(struct http_connection *connection, struct bytes *input)
{
    switch (http_request_parser_feed(connection->parser, input)) {
    case STATUS_OK:
        hand_out(connection);
        break;
    case STATUS_NEED_MORE:
        if (http_request_parser_take_continue(connection->parser)) {
            sink_write_bytes(connection->sink, BYTES("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        break;
    default:
        refuse(connection, http_request_parser_failure(connection->parser));
        break;
    }
}

/* Requests sent ahead by a client that does not read: the next one waits until it does. */
static bool
is_stuck(struct http_connection *connection)
{
    if (!connection->is_stuck && sink_queued_bytes(connection->sink) > ANSWERS_WAITING_BYTES) {
        connection->is_stuck = true;
        start_timer(connection, connection->server->limits.idle_timeout_ms);
    }
    return connection->is_stuck;
}

/* Consume ${input} as far as the state allows; what is left waits for the present answer. */
static void
read_input(struct http_connection *connection, struct bytes *input)
{
    connection->is_reading = true;
    while (input->length > 0) {
        switch ((enum http_connection_state)connection->state) {
        case HTTP_CONNECTION_IDLE:
            if (is_stuck(connection)) {
                connection->is_reading = false;
                return;
            }
            begin_request(connection, input);
            continue;
        case HTTP_CONNECTION_RECEIVING:
            receive_request(connection, input);
            continue;
        case HTTP_CONNECTION_WEBSOCKET:
            websocket_receive(connection->websocket, *input);
            break;
        case HTTP_CONNECTION_FINISHING:
            break;
        case HTTP_CONNECTION_PENDING:
        case HTTP_CONNECTION_STREAMING:
            connection->is_reading = false;
            return;
        }
        *input = BYTES_NONE;
    }
    connection->is_reading = false;
}

static void
append_backlog(struct http_connection *connection, struct bytes input)
{
    buffer_consume(&connection->backlog, connection->backlog_offset);
    connection->backlog_offset = 0;
    if (buffer_append(&connection->backlog, input) != STATUS_OK) {
        /* The open exchange hears of it when the sink reports its end. */
        sink_close(connection->sink, "too-many-requests");
        return;
    }
    if (!connection->is_paused && connection->backlog.length > BACKLOG_PAUSE_BYTES) {
        connection->is_paused = true;
        sink_pause(connection->sink);
    }
}

static void
read_backlog(struct http_connection *connection)
{
    struct bytes input =
        bytes_after(buffer_bytes(&connection->backlog), connection->backlog_offset);
    read_input(connection, &input);
    if (connection->state == HTTP_CONNECTION_FINISHING) {
        return;
    }
    connection->backlog_offset = (uint32_t)(connection->backlog.length - input.length);
    if (input.length == 0) {
        buffer_deinit(&connection->backlog);
        connection->backlog_offset = 0;
    }
    if (connection->is_paused && input.length <= BACKLOG_PAUSE_BYTES) {
        connection->is_paused = false;
        sink_resume(connection->sink);
    }
}

void
http_connection_receive(struct http_connection *connection, struct bytes input)
{
    if (connection->state == HTTP_CONNECTION_FINISHING) {
        return;
    }
    if (backlog_bytes(connection) == 0) {
        read_input(connection, &input);
        if (input.length > 0) {
            append_backlog(connection, input);
        }
        return;
    }
    append_backlog(connection, input);
    if (connection->state == HTTP_CONNECTION_IDLE ||
        connection->state == HTTP_CONNECTION_WEBSOCKET) {
        read_backlog(connection);
    }
}

/* ---- everything else that happens ---------------------------------------------------- */

static void
on_timer(struct timer *timer)
{
    struct http_connection *connection = CONTAINER_OF(timer, struct http_connection, timer);
    switch ((enum http_connection_state)connection->state) {
    case HTTP_CONNECTION_IDLE:
        if (connection->is_stuck) {
            http_connection_abort(connection, "slow-consumer");
        } else if (backlog_bytes(connection) > 0) {
            read_backlog(connection);
        } else {
            http_connection_finish(connection, "idle");
        }
        break;
    case HTTP_CONNECTION_RECEIVING:
        refuse(connection, 408);
        break;
    case HTTP_CONNECTION_WEBSOCKET:
        read_backlog(connection);
        break;
    case HTTP_CONNECTION_FINISHING:
        sink_close(connection->sink, "slow-consumer");
        break;
    case HTTP_CONNECTION_PENDING:
    case HTTP_CONNECTION_STREAMING:
        assert(!"a state without a timer");
        break;
    }
}

void
http_connection_drained(struct http_connection *connection)
{
    if (connection->is_stuck && connection->state == HTTP_CONNECTION_IDLE) {
        connection->is_stuck = false;
        start_timer(connection, 0);
        return;
    }
    if (connection->websocket != NULL) {
        websocket_drained(connection->websocket);
    } else if (connection->exchange.on_drained != NULL) {
        connection->exchange.on_drained(connection->exchange.owner);
    }
}

void
http_connection_drain(struct http_connection *connection)
{
    connection->keeps_alive = false;
    if (connection->state == HTTP_CONNECTION_IDLE && backlog_bytes(connection) == 0) {
        http_connection_finish(connection, "drain");
    }
}
