/* SPDX-License-Identifier: MIT */
/* Goal of this test: exactly the upgrades of RFC 6455 section 4.2.1 become WebSockets, and no byte
 * is lost in between. */
#include "tests/unit/http/http_harness.h"

#include <stdio.h>
#include <string.h>

/* The example of RFC 6455 section 1.3. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define GET    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
#define UPGRADE                                            \
    GET "Upgrade: websocket\r\n"                           \
        "Connection: Upgrade\r\n"                          \
        "Sec-WebSocket-Key: " KEY "\r\n"                   \
        "Origin: http://example.com\r\n"                   \
        "Sec-WebSocket-Protocol: chat\r\n"                 \
        "Sec-WebSocket-Extensions: permessage-deflate\r\n" \
        "Sec-WebSocket-Version: 13\r\n\r\n"
#define ACCEPTED                           \
    "HTTP/1.1 101 Switching Protocols\r\n" \
    "Upgrade: websocket\r\n"               \
    "Connection: Upgrade\r\n"              \
    "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n"

/* "Hello" and "Ho", masked; the first is the example of RFC 6455 section 5.7. */
#define HELLO      "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
#define HO         "\x81\x82\x37\xfa\x21\x3d\x7f\x95"
#define CLOSE_1000 "\x88\x82\x00\x00\x00\x00\x03\xe8"

static void
check_upgrade(struct http_harness *harness)
{
    harness->on_request = harness_upgrade;
    harness_send_text(harness, UPGRADE);
    assert_text(harness_take(harness), ACCEPTED);
    harness_send(harness, BYTES(HELLO HO));
    assert_string_equal(harness->texts, "Hello\nHo\n");
    harness_advance(harness, UINT64_C(24) * 3600 * 1000);
    struct payload *frame = websocket_frame_from(BYTES("back"));
    websocket_send(harness->websocket, frame);
    assert_ptr_equal(harness->fake.latest, frame);
    payload_unref(frame);
    assert_text(harness_take(harness), "\x81\x04"
                                       "back");
    harness_send(harness, BYTES(CLOSE_1000));
    assert_text(harness_take(harness), "\x88\x02\x03\xe8");
    assert_string_equal(harness->fake.finish_reason, "client-close");
    harness_close(harness, "client-close");
    assert_string_equal(harness->websocket_closed, "client-close");
    assert_string_equal(harness->closed_reason, "client-close");
}

static void
an_upgrade_becomes_a_websocket(void **state)
{
    (void)state;
    harness_each_chunking(check_upgrade);
}

static void
check_bytes_behind(struct http_harness *harness)
{
    harness->on_request = harness_upgrade;
    harness_send(harness, BYTES(UPGRADE HELLO HO));
    assert_text(harness_take(harness), ACCEPTED);
    assert_string_equal(harness->texts, "Hello\nHo\n");
}

static void
check_bytes_behind_later(struct http_harness *harness)
{
    harness_send(harness, BYTES(UPGRADE HELLO HO));
    harness_upgrade(harness, harness->exchange);
    assert_string_equal(harness->texts, ""); /* not inside the call */
    harness_advance(harness, 0);
    assert_string_equal(harness->texts, "Hello\nHo\n");
}

static void
check_more_behind(struct http_harness *harness)
{
    harness_send(harness, BYTES(UPGRADE HELLO));
    harness_upgrade(harness, harness->exchange);
    harness_send(harness, BYTES(HO));
    assert_string_equal(harness->texts, "Hello\nHo\n");
    harness_advance(harness, 0);
    assert_string_equal(harness->texts, "Hello\nHo\n");
}

/* A client that sends a lot before it has its answer is paused, and goes on afterwards. */
static void
check_much_behind(struct http_harness *harness)
{
    harness_send(harness, BYTES(UPGRADE));
    for (size_t i = 0; i < 600; i++) {
        harness_send(harness, BYTES(HO));
    }
    assert_true(harness->fake.is_paused);
    harness_upgrade(harness, harness->exchange);
    harness_advance(harness, 0);
    assert_false(harness->fake.is_paused);
    assert_int_equal(strlen(harness->texts), 600 * strlen("Ho\n"));
}

static void
nothing_that_follows_the_upgrade_is_lost(void **state)
{
    (void)state;
    harness_each_chunking(check_bytes_behind);
    harness_each_chunking(check_bytes_behind_later);
    harness_each_chunking(check_more_behind);
    harness_each_chunking(check_much_behind);
}

struct handshake_case {
    const char *request;
    bool is_websocket;
};

#define WITH(upgrade, connection, key, version)                                         \
    GET "Upgrade: " upgrade "\r\nConnection: " connection "\r\nSec-WebSocket-Key: " key \
        "\r\nSec-WebSocket-Version: " version "\r\n\r\n"

static const struct handshake_case handshakes[] = {
    {WITH("websocket", "Upgrade", KEY, "13"), true},
    {WITH("WebSocket", "upgrade", KEY, "13"), true},
    {WITH("h2c, websocket", "keep-alive, Upgrade", KEY, "13"), true},
    {WITH("websockets", "Upgrade", KEY, "13"), false},
    {WITH("websocket", "close", KEY, "13"), false},
    {WITH("websocket", "Upgrade", "", "13"), false},
    {WITH("websocket", "Upgrade", "dGhlIHNhbXBsZSBub25jZQ=", "13"), false},
    {WITH("websocket", "Upgrade", "dGhlIHNhbXBsZSBub25jZQ", "13"), false},
    {WITH("websocket", "Upgrade", "dGhlIHNhbXBsZSBub25jZTEy", "13"), false},
    {WITH("websocket", "Upgrade", "dGhlIHNhbXBsZSBub25jZT==AAAA", "13"), false},
    {WITH("websocket", "Upgrade", "!!!!!!!!!!!!!!!!!!!!!!==", "13"), false},
    {WITH("websocket", "Upgrade", KEY, "8"), false},
    {WITH("websocket", "Upgrade", KEY, ""), false},
    {GET "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n", false},
    {GET "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n\r\n", false},
    {GET "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
     false},
    {GET "\r\n", false},
    {"POST / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
     false},
    {"GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY
     "\r\nSec-WebSocket-Version: 13\r\n\r\n",
     false},
    {GET "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY
         "\r\nSec-WebSocket-Version: 13\r\nContent-Length: 1\r\n\r\nx",
     false},
};

static const struct handshake_case *current;

static void
check_handshake(struct http_harness *harness)
{
    harness_send_text(harness, current->request);
    assert_int_equal(harness->request_count, 1);
    assert_int_equal(http_exchange_is_websocket(harness->exchange), current->is_websocket);
    harness_answer_ok(harness, harness->exchange);
}

static void
only_wellformed_upgrades_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(handshakes) / sizeof(handshakes[0]); i++) {
        current = &handshakes[i];
        harness_each_chunking(check_handshake);
    }
}

static void
check_other_version(struct http_harness *harness)
{
    harness_send_text(harness, WITH("websocket", "Upgrade", KEY, "8"));
    assert_true(http_exchange_refuse_websocket_version(harness->exchange));
    const char *answer = (const char *)harness_take(harness).data;
    assert_non_null(strstr(answer, "HTTP/1.1 426 Upgrade Required\r\n"));
    assert_non_null(strstr(answer, "\r\nSec-WebSocket-Version: 13\r\n"));
    harness_send_text(harness, UPGRADE); /* the client may try again */
    assert_false(http_exchange_refuse_websocket_version(harness->exchange));
    harness_upgrade(harness, harness->exchange);
}

static void
other_versions_hear_of_ours(void **state)
{
    (void)state;
    harness_each_chunking(check_other_version);
}

static void
check_drained(struct http_harness *harness)
{
    harness->on_request = harness_upgrade;
    harness_send_text(harness, UPGRADE);
    http_connection_drained(harness->connection);
    assert_int_equal(harness->drained_count, 1);
    http_connection_drain(harness->connection); /* its owner closes it */
    assert_true(fake_sink_is_open(&harness->fake));
    websocket_close(harness->websocket, WEBSOCKET_CLOSE_NORMAL, "drain");
    http_connection_drained(harness->connection);
    assert_int_equal(harness->drained_count, 1);
    harness_advance(harness, WEBSOCKET_CLOSE_WAIT_MS);
    assert_string_equal(harness->fake.finish_reason, "drain");
    harness_close(harness, "drain");
    assert_string_equal(harness->websocket_closed, "");
}

static void
the_connection_passes_on_what_concerns_the_websocket(void **state)
{
    (void)state;
    harness_each_chunking(check_drained);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upgrade_becomes_a_websocket),
        cmocka_unit_test(nothing_that_follows_the_upgrade_is_lost),
        cmocka_unit_test(only_wellformed_upgrades_are_taken),
        cmocka_unit_test(other_versions_hear_of_ours),
        cmocka_unit_test(the_connection_passes_on_what_concerns_the_websocket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
