/* SPDX-License-Identifier: MIT */
/*
 * Any bytes of an HTTP client: the first byte is how requests are answered, the second the size of
 * the chunks, the rest what the client sends, WebSocket frames after an upgrade included. Whatever
 * the chunking, the same requests and texts are handed out.
 */
#include "service/http/http_connection.h"

#include <stdlib.h>
#include <string.h>

#include "service/websocket/websocket.h"
#include "tests/support/fake_sink.h"

enum { MESSAGE_MAX_BYTES = 200 };

enum answer_mode { ANSWER_AT_ONCE, ANSWER_LATER, ANSWER_STREAMED, ANSWER_UPGRADE, ANSWER_MODES };

struct client {
    struct clock clock;
    struct timers timers;
    struct fake_sink fake;
    struct http_server server;
    struct http_connection *connection;
    struct http_exchange *open; /* to be answered later */
    enum answer_mode mode;
    uint64_t hash;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* FNV-1a */
static void
add(struct client *client, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        client->hash = (client->hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    client->hash = (client->hash ^ bytes.length) * UINT64_C(0x100000001b3);
}

static void
note_text(void *owner, struct websocket *websocket, struct bytes text)
{
    (void)websocket;
    check(bytes_is_utf8(text) && text.length <= MESSAGE_MAX_BYTES);
    add(owner, text);
}

static void
note_websocket_closed(void *owner, const char *reason)
{
    (void)owner;
    (void)reason;
}

static const struct websocket_handler websocket_handler = {
    .on_text = note_text,
    .on_closed = note_websocket_closed,
};

static void
note_exchange_closed(void *owner, const char *reason)
{
    struct client *client = owner;
    (void)reason;
    check(client->open != NULL);
    client->open = NULL;
}

static void
respond(struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    const struct http_header header = {BYTES("X-Target"), request->target};
    http_exchange_respond(exchange, &(struct http_response){.status = 200,
                                                            .headers = &header,
                                                            .header_count = 1,
                                                            .body = request->body});
}

static void
answer(struct client *client, struct http_exchange *exchange)
{
    struct websocket *websocket;
    if (client->mode == ANSWER_STREAMED) {
        http_exchange_start(exchange, &(struct http_response){.status = 200});
        struct http_chunk chunk = http_chunk_from(BYTES("piece"));
        http_exchange_write(exchange, chunk);
        payload_unref(chunk.payload);
        http_exchange_finish(exchange);
    } else if (client->mode != ANSWER_AT_ONCE && http_exchange_is_websocket(exchange)) {
        check(http_exchange_upgrade(exchange, &websocket_handler, client, MESSAGE_MAX_BYTES,
                                    &websocket) == STATUS_OK);
    } else if (!http_exchange_refuse_websocket_version(exchange)) {
        respond(exchange);
    }
}

static void
receive_request(void *owner, struct http_exchange *exchange)
{
    struct client *client = owner;
    const struct http_request *request = http_exchange_request(exchange);
    check(client->open == NULL); /* one at a time */
    check(request->header_count <= HTTP_HEADERS_MAX);
    add(client, request->target);
    add(client, request->path);
    add(client, request->query);
    for (size_t i = 0; i < request->header_count; i++) {
        check(request->headers[i].name.length > 0 && request->headers[i].value.data != NULL);
        add(client, request->headers[i].name);
        add(client, request->headers[i].value);
    }
    add(client, request->body);
    if (client->mode == ANSWER_LATER) {
        client->open = exchange;
        http_exchange_on_closed(exchange, client, note_exchange_closed);
    } else {
        answer(client, exchange);
    }
}

static void
init_client(struct client *client, enum answer_mode mode)
{
    *client = (struct client){.mode = mode, .hash = UINT64_C(0xcbf29ce484222325)};
    clock_init_virtual(&client->clock, 0, 0);
    timers_init(&client->timers, &client->clock);
    fake_sink_init(&client->fake);
    client->server = (struct http_server){
        .timers = &client->timers,
        .limits = {.line_max_bytes = 200,
                   .headers_max_bytes = 400,
                   .body_max_bytes = 100,
                   .request_timeout_ms = 1000,
                   .idle_timeout_ms = 5000},
        .on_request = receive_request,
        .owner = client,
    };
    check(http_connection_new(&client->server, &client->fake.sink, "peer", false,
                              &client->connection) == STATUS_OK);
}

static void
send_chunks(struct client *client, struct bytes bytes, size_t chunk_bytes)
{
    while (bytes.length > 0) {
        struct bytes part = bytes_slice(bytes, 0, chunk_bytes);
        uint8_t *copy = malloc(part.length); /* WebSocket frames are unmasked in place */
        check(copy != NULL);
        memcpy(copy, part.data, part.length);
        http_connection_receive(client->connection, bytes_from(copy, part.length));
        free(copy);
        bytes = bytes_after(bytes, part.length);
    }
}

/* What waits for an answer gets one, until nothing new comes of it; the last request of a lucky
 * input stays open. */
static void
answer_open(struct client *client)
{
    while (client->open != NULL && client->hash % 5 != 0) {
        struct http_exchange *exchange = client->open;
        client->open = NULL;
        answer(client, exchange);
        timers_run(&client->timers);
    }
}

static uint64_t
run(struct bytes bytes, enum answer_mode mode, size_t chunk_bytes)
{
    struct client client;
    init_client(&client, mode);
    send_chunks(&client, bytes, chunk_bytes);
    timers_run(&client.timers);
    answer_open(&client);
    clock_advance(&client.clock, 1000);
    timers_run(&client.timers);
    http_connection_drained(client.connection);
    http_connection_closed(client.connection, "end");
    check(client.open == NULL);
    check(client.timers.count == 0);
    timers_deinit(&client.timers);
    fake_sink_deinit(&client.fake);
    return client.hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 64 * 1024) {
        return 0;
    }
    struct bytes bytes = bytes_from(data + 2, size - 2);
    enum answer_mode mode = (enum answer_mode)(data[0] % ANSWER_MODES);
    check(run(bytes, mode, SIZE_MAX) == run(bytes, mode, (size_t)data[1] + 1));
    return 0;
}
