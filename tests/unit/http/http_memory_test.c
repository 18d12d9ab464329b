/* SPDX-License-Identifier: MIT */
/* Goal of this test: an open connection that does nothing costs little, and running out of memory
 * costs only that connection. */
#include "service/http/http_connection_state.h"
#include "tests/support/fail_alloc.h"
#include "tests/unit/http/http_harness.h"

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define UPGRADE                                                                  \
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
#define HELLO "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"

static void
assert_holds_nothing(const struct http_harness *harness)
{
    assert_null(harness->connection->parser);
    assert_null(harness->connection->backlog.data);
}

static void
check_idle(struct http_harness *harness)
{
    assert_holds_nothing(harness);
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, GET);
    assert_holds_nothing(harness);
    harness->on_request = NULL;
    harness_send_text(harness, GET GET);
    assert_non_null(harness->connection->parser);
    harness_answer_ok(harness, harness->exchange);
    harness_advance(harness, 0);
    harness_answer_ok(harness, harness->exchange);
    assert_holds_nothing(harness);
}

static void
check_streaming(struct http_harness *harness)
{
    harness_send_text(harness, GET);
    harness_start(harness->exchange);
    assert_holds_nothing(harness);
}

static void
check_upgraded(struct http_harness *harness)
{
    harness->on_request = harness_upgrade;
    harness_send_text(harness, UPGRADE);
    harness_send(harness, BYTES(HELLO));
    assert_holds_nothing(harness);
}

static void
an_open_connection_holds_little(void **state)
{
    (void)state;
    assert_true(sizeof(struct http_connection) <= 160);
    harness_each_chunking(check_idle);
    harness_each_chunking(check_streaming);
    harness_each_chunking(check_upgraded);
}

/* Everything that allocates, one after the other. */
static void
stream_and_upgrade(struct http_harness *harness, struct http_exchange *exchange)
{
    if (harness->request_count == 1) {
        harness_watch(harness, exchange);
        harness_start(exchange);
    } else if (http_exchange_is_websocket(exchange)) {
        static const struct websocket_handler handler = {.on_closed = NULL};
        struct websocket *websocket;
        if (http_exchange_upgrade(exchange, &handler, harness, 64, &websocket) == STATUS_OK) {
            websocket_close(websocket, WEBSOCKET_CLOSE_NORMAL, "test");
        }
    } else {
        harness_answer_ok(harness, exchange);
    }
}

/* Without the copy that harness_send() makes, which could fail too. */
static void
receive_if_open(struct http_harness *harness, const char *text)
{
    if (fake_sink_is_open(&harness->fake)) {
        http_connection_receive(harness->connection, bytes_from_string(text));
    }
}

/* Returns whether an allocation has failed; then the connection ended, or answered 503, or refused
 * the upgrade. */
static bool
run_with_failure(size_t count)
{
    struct http_harness harness;
    harness_init(&harness);
    harness.on_request = stream_and_upgrade;
    /* Not the fake's own. */
    assert_non_null(buffer_reserve(&harness.fake.written, 4096));
    fail_alloc_at(count);
    receive_if_open(&harness, GET);
    if (fake_sink_is_open(&harness.fake) && harness.exchange != NULL) {
        http_exchange_finish(harness.exchange);
    }
    receive_if_open(&harness, GET);
    receive_if_open(&harness, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    receive_if_open(&harness, UPGRADE);
    bool has_failed = fail_alloc_off();
    if (has_failed) {
        bool has_ended = !fake_sink_is_open(&harness.fake);
        assert_true(has_ended || bytes_find(harness_take(&harness), '5') != SIZE_MAX);
    }
    http_connection_closed(harness.connection, "no-memory");
    harness_deinit(&harness);
    return has_failed;
}

static void
running_out_of_memory_ends_the_connection(void **state)
{
    (void)state;
    size_t count = 0;
    while (run_with_failure(count)) {
        count++;
    }
    assert_true(count > 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_connection_holds_little),
        cmocka_unit_test(running_out_of_memory_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
