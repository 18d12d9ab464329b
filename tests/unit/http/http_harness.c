/* SPDX-License-Identifier: MIT */
#include "tests/unit/http/http_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
method_name(enum http_method method)
{
    static const char *const names[] = {
        [HTTP_METHOD_GET] = "GET",       [HTTP_METHOD_HEAD] = "HEAD",
        [HTTP_METHOD_POST] = "POST",     [HTTP_METHOD_PUT] = "PUT",
        [HTTP_METHOD_DELETE] = "DELETE", [HTTP_METHOD_OPTIONS] = "OPTIONS",
        [HTTP_METHOD_OTHER] = "OTHER",
    };
    return names[method];
}

PRINTF_LIKE(3, 4)
static void
append_line(char *lines, size_t size, const char *format, ...)
{
    size_t length = strlen(lines);
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(lines + length, size - length, format, arguments);
    va_end(arguments);
    assert_true(added > 0 && length + (size_t)added < size);
}

static void
copy_reason(char *out, size_t size, const char *reason)
{
    assert_int_equal(out[0], '\0'); /* reported once */
    snprintf(out, size, "%s", reason);
}

static void
receive_request(void *owner, struct http_exchange *exchange)
{
    struct http_harness *harness = owner;
    const struct http_request *request = http_exchange_request(exchange);
    append_line(harness->seen, sizeof(harness->seen), "%s %.*s?%.*s [%.*s]\n",
                method_name(request->method), BYTES_PRINTF(request->path),
                BYTES_PRINTF(request->query), BYTES_PRINTF(request->body));
    harness->request_count++;
    harness->exchange = exchange;
    if (harness->on_request != NULL) {
        harness->on_request(harness, exchange);
    }
}

static void
forget_connection(void *owner, struct http_connection *connection, const char *reason)
{
    struct http_harness *harness = owner;
    assert_ptr_equal(harness->connection, connection);
    harness->connection = NULL;
    copy_reason(harness->closed_reason, sizeof(harness->closed_reason), reason);
}

void
harness_init(struct http_harness *harness)
{
    *harness = (struct http_harness){.chunk_bytes = SIZE_MAX};
    clock_init_virtual(&harness->clock, 1000, 0);
    timers_init(&harness->timers, &harness->clock);
    fake_sink_init(&harness->fake);
    harness->server = (struct http_server){
        .timers = &harness->timers,
        .limits = {.line_max_bytes = HARNESS_LINE_MAX_BYTES,
                   .headers_max_bytes = HARNESS_HEADERS_MAX_BYTES,
                   .body_max_bytes = HARNESS_BODY_MAX_BYTES,
                   .request_timeout_ms = HARNESS_REQUEST_TIMEOUT_MS,
                   .idle_timeout_ms = HARNESS_IDLE_TIMEOUT_MS},
        .on_request = receive_request,
        .on_closed = forget_connection,
        .owner = harness,
    };
    assert_status(http_connection_new(&harness->server, &harness->fake.sink, "192.0.2.1:5000",
                                      false, &harness->connection),
                  STATUS_OK);
}

void
harness_deinit(struct http_harness *harness)
{
    if (harness->connection != NULL) {
        http_connection_closed(harness->connection, "test");
    }
    assert_int_equal(harness->timers.count, 0);
    assert_int_equal(harness->fake.late_write_count, 0);
    timers_deinit(&harness->timers);
    fake_sink_deinit(&harness->fake);
}

void
harness_send(struct http_harness *harness, struct bytes bytes)
{
    while (bytes.length > 0) {
        struct bytes part = bytes_slice(bytes, 0, harness->chunk_bytes);
        uint8_t *copy = malloc(part.length);
        assert_non_null(copy);
        memcpy(copy, part.data, part.length);
        http_connection_receive(harness->connection, bytes_from(copy, part.length));
        free(copy);
        bytes = bytes_after(bytes, part.length);
    }
}

void
harness_send_text(struct http_harness *harness, const char *text)
{
    harness_send(harness, bytes_from_string(text));
}

struct bytes
harness_take(struct http_harness *harness)
{
    assert_status(buffer_append_byte(&harness->fake.written, '\0'), STATUS_OK);
    struct bytes written = fake_sink_written(&harness->fake);
    fake_sink_clear(&harness->fake); /* keeps the memory */
    return bytes_slice(written, 0, written.length - 1);
}

void
harness_advance(struct http_harness *harness, uint64_t delta_ms)
{
    clock_advance(&harness->clock, delta_ms);
    timers_run(&harness->timers);
}

void
harness_close(struct http_harness *harness, const char *reason)
{
    http_connection_closed(harness->connection, reason);
    assert_null(harness->connection);
}

void
harness_each_chunking(void (*scenario)(struct http_harness *harness))
{
    static const size_t chunks[] = {SIZE_MAX, 1, 2, 3, 7};
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        struct http_harness harness;
        harness_init(&harness);
        harness.chunk_bytes = chunks[i];
        scenario(&harness);
        harness_deinit(&harness);
    }
}

void
harness_respond(struct http_exchange *exchange, uint16_t status, const char *body)
{
    http_exchange_respond(exchange, &(struct http_response){.status = status,
                                                            .content_type = "text/plain",
                                                            .body = bytes_from_string(body)});
}

void
harness_answer_ok(struct http_harness *harness, struct http_exchange *exchange)
{
    harness->exchange = NULL;
    harness_respond(exchange, 200, "ok");
}

void
harness_start(struct http_exchange *exchange)
{
    http_exchange_start(exchange, &(struct http_response){.status = 200,
                                                          .content_type = "text/event-stream"});
}

void
harness_write(struct http_exchange *exchange, const char *data)
{
    struct http_chunk chunk = http_chunk_from(bytes_from_string(data));
    assert_non_null(chunk.payload);
    http_exchange_write(exchange, chunk);
    payload_unref(chunk.payload);
}

static void
note_text(void *owner, struct websocket *websocket, struct bytes text)
{
    struct http_harness *harness = owner;
    assert_ptr_equal(websocket, harness->websocket);
    append_line(harness->texts, sizeof(harness->texts), "%.*s\n", BYTES_PRINTF(text));
}

static void
note_websocket_drained(void *owner, struct websocket *websocket)
{
    struct http_harness *harness = owner;
    assert_ptr_equal(websocket, harness->websocket);
    harness->drained_count++;
}

static void
note_websocket_closed(void *owner, const char *reason)
{
    struct http_harness *harness = owner;
    harness->websocket = NULL;
    copy_reason(harness->websocket_closed, sizeof(harness->websocket_closed), reason);
}

static const struct websocket_handler websocket_handler = {
    .on_text = note_text,
    .on_drained = note_websocket_drained,
    .on_closed = note_websocket_closed,
};

void
harness_upgrade(struct http_harness *harness, struct http_exchange *exchange)
{
    assert_true(http_exchange_is_websocket(exchange));
    assert_status(http_exchange_upgrade(exchange, &websocket_handler, harness, 64,
                                        &harness->websocket),
                  STATUS_OK);
    harness->exchange = NULL;
}

static void
note_exchange_closed(void *owner, const char *reason)
{
    struct http_harness *harness = owner;
    harness->exchange = NULL;
    harness->exchange_closed_count++;
    copy_reason(harness->exchange_closed, sizeof(harness->exchange_closed), reason);
}

static void
note_exchange_drained(void *owner)
{
    struct http_harness *harness = owner;
    harness->drained_count++;
}

void
harness_watch(struct http_harness *harness, struct http_exchange *exchange)
{
    http_exchange_on_closed(exchange, harness, note_exchange_closed);
    http_exchange_on_drained(exchange, note_exchange_drained);
}

void
harness_assert_refused(struct http_harness *harness, const char *status_line)
{
    struct bytes answer = harness_take(harness);
    struct bytes line = bytes_slice(answer, 0, bytes_find(answer, '\r'));
    assert_bytes(line, bytes_from_string(status_line));
    const char *text = (const char *)answer.data;
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Type: text/plain\r\n"));
    assert_true(bytes_ends_with_ignore_case(answer, BYTES(".\n")));
    assert_non_null(harness->fake.finish_reason);
    assert_null(harness->fake.close_reason);
    /* What still comes is ignored. */
    harness_send_text(harness, "GET /late HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(harness_take(harness).length, 0);
}
