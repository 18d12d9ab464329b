/* SPDX-License-Identifier: MIT */
#include "service/http/http_exchange.h"

#include <assert.h>

#include "service/http/http_connection_state.h"
#include "service/http/http_handshake.h"

/* ---- asking -------------------------------------------------------------------------- */

const struct http_request *
http_exchange_request(const struct http_exchange *exchange)
{
    const struct http_connection *connection = http_connection_of_const(exchange);
    assert(connection->state == HTTP_CONNECTION_PENDING);
    return http_request_parser_request(connection->parser);
}

void
http_exchange_on_closed(struct http_exchange *exchange, void *owner, http_exchange_closed_fn fn)
{
    exchange->owner = owner;
    exchange->on_closed = fn;
}

void
http_exchange_on_drained(struct http_exchange *exchange, http_exchange_drained_fn fn)
{
    exchange->on_drained = fn;
}

size_t
http_exchange_queued_bytes(const struct http_exchange *exchange)
{
    return sink_queued_bytes(http_connection_of_const(exchange)->sink);
}

/* ---- answering at once --------------------------------------------------------------- */

static void
write_response(struct http_connection *connection, const struct http_response *response)
{
    struct http_response_form form = {
        .framing = connection->framing,
        .version_minor = connection->version_minor,
        .is_head = connection->is_head,
        .keeps_alive = connection->keeps_alive,
    };
    /* Encoded first, since the response may view the request. */
    struct payload *payload = http_response_encode(response, &form);
    http_connection_release_request(connection);
    http_connection_write(connection, payload);
}

void
http_exchange_respond(struct http_exchange *exchange, const struct http_response *response)
{
    struct http_connection *connection = http_connection_of(exchange);
    assert(connection->state == HTTP_CONNECTION_PENDING);
    connection->framing = HTTP_FRAMING_LENGTH;
    write_response(connection, response);
    http_connection_answered(connection);
}

void
http_exchange_abort(struct http_exchange *exchange, const char *reason)
{
    struct http_connection *connection = http_connection_of(exchange);
    assert(connection->state == HTTP_CONNECTION_PENDING ||
           connection->state == HTTP_CONNECTION_STREAMING);
    http_connection_abort(connection, reason);
}

/* ---- streaming ----------------------------------------------------------------------- */

void
http_exchange_start(struct http_exchange *exchange, const struct http_response *response)
{
    struct http_connection *connection = http_connection_of(exchange);
    assert(connection->state == HTTP_CONNECTION_PENDING);
    bool is_chunked = connection->version_minor > 0;
    connection->framing = is_chunked ? HTTP_FRAMING_CHUNKED : HTTP_FRAMING_CLOSE;
    connection->is_bodiless = connection->is_head || http_response_is_bodiless(response->status);
    if (!is_chunked && !connection->is_bodiless) {
        connection->keeps_alive = false;
    }
    http_connection_set_state(connection, HTTP_CONNECTION_STREAMING);
    write_response(connection, response);
}

void
http_exchange_write(struct http_exchange *exchange, struct http_chunk chunk)
{
    struct http_connection *connection = http_connection_of(exchange);
    assert(connection->state == HTTP_CONNECTION_STREAMING);
    if (connection->is_bodiless) {
        return;
    }
    struct payload_slice slice = payload_whole(chunk.payload);
    if (connection->framing == HTTP_FRAMING_CLOSE) {
        slice.offset = chunk.data_offset;
        slice.length = chunk.data_length;
    }
    sink_write(connection->sink, slice);
}

void
http_exchange_finish(struct http_exchange *exchange)
{
    struct http_connection *connection = http_connection_of(exchange);
    assert(connection->state == HTTP_CONNECTION_STREAMING);
    if (connection->framing == HTTP_FRAMING_CHUNKED && !connection->is_bodiless) {
        sink_write_bytes(connection->sink, BYTES("0\r\n\r\n"));
    }
    http_connection_answered(connection);
}

/* ---- becoming a WebSocket ------------------------------------------------------------ */

bool
http_exchange_is_websocket(const struct http_exchange *exchange)
{
    return http_handshake_of(http_exchange_request(exchange)) == HTTP_HANDSHAKE_VALID;
}

bool
http_exchange_refuse_websocket_version(struct http_exchange *exchange)
{
    if (http_handshake_of(http_exchange_request(exchange)) != HTTP_HANDSHAKE_OTHER_VERSION) {
        return false;
    }
    const struct http_header version = {BYTES("Sec-WebSocket-Version"), BYTES("13")};
    const struct http_response response = {
        .status = 426,
        .content_type = "text/plain",
        .headers = &version,
        .header_count = 1,
        .body = BYTES("This service speaks version 13 of the WebSocket protocol.\n"),
    };
    http_exchange_respond(exchange, &response);
    return true;
}

static void
respond_no_memory(struct http_exchange *exchange)
{
    http_exchange_respond(exchange, &(struct http_response){.status = 503});
}

enum status
http_exchange_upgrade(struct http_exchange *exchange, const struct websocket_handler *handler,
                      void *owner, size_t message_max_bytes, struct websocket **out)
{
    struct http_connection *connection = http_connection_of(exchange);
    struct websocket *websocket;
    assert(http_exchange_is_websocket(exchange));
    struct payload *answer = http_handshake_accept(http_exchange_request(exchange));
    if (answer == NULL) {
        respond_no_memory(exchange);
        return STATUS_NO_MEMORY;
    }
    const struct websocket_options options = {
        .sink = connection->sink,
        .timers = connection->server->timers,
        .handler = handler,
        .owner = owner,
        .message_max_bytes = message_max_bytes,
    };
    if (websocket_new(&options, &websocket) != STATUS_OK) {
        payload_unref(answer);
        respond_no_memory(exchange);
        return STATUS_NO_MEMORY;
    }
    http_connection_write(connection, answer);
    http_connection_become_websocket(connection, websocket);
    *out = websocket;
    return STATUS_OK;
}
