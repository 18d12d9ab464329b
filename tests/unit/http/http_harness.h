/* SPDX-License-Identifier: MIT */
/* http_harness: one http_connection between a fake client and a recording handler, in virtual time.
 */
#ifndef HUBPLANE_TESTS_UNIT_HTTP_HARNESS_H
#define HUBPLANE_TESTS_UNIT_HTTP_HARNESS_H

#include "service/http/http_connection.h"
#include "service/websocket/websocket.h"
#include "tests/support/fake_sink.h"
#include "tests/support/test.h"

enum {
    HARNESS_LINE_MAX_BYTES = 256,
    HARNESS_HEADERS_MAX_BYTES = 512,
    HARNESS_BODY_MAX_BYTES = 64,
    HARNESS_REQUEST_TIMEOUT_MS = 10 * 1000,
    HARNESS_IDLE_TIMEOUT_MS = 60 * 1000,
};

struct http_harness {
    struct clock clock;
    struct timers timers;
    struct fake_sink fake;
    struct http_server server;
    struct http_connection *connection; /* NULL once closed */
    size_t chunk_bytes;                 /* harness_send() delivers at most so many bytes at once */

    /* Called with each request; without it the exchange stays open in ${exchange}. */
    void (*on_request)(struct http_harness *harness, struct http_exchange *exchange);
    struct http_exchange *exchange; /* the latest */
    size_t request_count;
    char seen[4096]; /* one line a request: "GET /path?query [body]" */

    char closed_reason[64];   /* of the connection, empty before */
    char exchange_closed[64]; /* of the exchange, empty before */
    size_t exchange_closed_count;
    size_t drained_count;

    struct websocket *websocket;
    char texts[4096]; /* one line a WebSocket message */
    char websocket_closed[64];
    void *context; /* the test's own */
};

void harness_init(struct http_harness *harness);
/** Also closes the connection if the test has not. */
void harness_deinit(struct http_harness *harness);
/** Bytes of the client, in chunks of chunk_bytes, in writable memory of its exact size. */
void harness_send(struct http_harness *harness, struct bytes bytes);
void harness_send_text(struct http_harness *harness, const char *text);
/** All that was written to the client since the last call; lives until the next write; a NUL
 * follows it. */
struct bytes harness_take(struct http_harness *harness);
void harness_advance(struct http_harness *harness, uint64_t delta_ms);
/** The sink reports its end. */
void harness_close(struct http_harness *harness, const char *reason);
/** Run ${scenario} in fresh harnesses: fed whole, byte by byte, and in chunks of 2, 3 and 7 bytes.
 */
void harness_each_chunking(void (*scenario)(struct http_harness *harness));

/* Handlers for on_request, and what they are made of. */
void harness_answer_ok(struct http_harness *harness, struct http_exchange *exchange);
void harness_respond(struct http_exchange *exchange, uint16_t status, const char *body);
void harness_start(struct http_exchange *exchange);
void harness_write(struct http_exchange *exchange, const char *data);
void harness_upgrade(struct http_harness *harness, struct http_exchange *exchange);
/** Report the end of the exchange in exchange_closed. */
void harness_watch(struct http_harness *harness, struct http_exchange *exchange);

/* Checks. */
#define assert_seen(harness, literal) assert_string_equal((harness)->seen, literal)
/** The client got an error answer with that status, and the connection is ending. */
void harness_assert_refused(struct http_harness *harness, const char *status_line);

/* "HTTP/1.1 200 OK", body "ok", kept alive. */
#define HARNESS_OK "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

#endif
