/* SPDX-License-Identifier: MIT */
/* Goal of this test: a streamed answer leaves at once, piece by piece, framed as the client's
 * version wants it. */
#include "tests/unit/http/http_harness.h"

#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define CHUNKED_HEAD \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

static void
check_chunked(struct http_harness *harness)
{
    harness_send_text(harness, GET);
    harness_start(harness->exchange);
    assert_text(harness_take(harness), CHUNKED_HEAD);
    harness_write(harness->exchange, "data: initialized\n\n");
    assert_text(harness_take(harness), "13\r\ndata: initialized\n\n\r\n");
    harness_advance(harness, UINT64_C(24) * 3600 * 1000);
    harness_write(harness->exchange, "x");
    assert_text(harness_take(harness), "1\r\nx\r\n");
    http_exchange_finish(harness->exchange);
    assert_text(harness_take(harness), "0\r\n\r\n");
    assert_true(fake_sink_is_open(&harness->fake));

    harness->on_request = harness_answer_ok;
    harness_send_text(harness, GET);
    assert_text(harness_take(harness), HARNESS_OK);
}

static void
check_http_1_0(struct http_harness *harness)
{
    harness_send_text(harness, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    harness_start(harness->exchange);
    assert_text(harness_take(harness),
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    harness_write(harness->exchange, "one");
    harness_write(harness->exchange, "two");
    assert_text(harness_take(harness), "onetwo");
    http_exchange_finish(harness->exchange);
    assert_int_equal(harness_take(harness).length, 0);
    assert_string_equal(harness->fake.finish_reason, "done");
}

static void
check_head(struct http_harness *harness)
{
    harness_send_text(harness, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    harness_start(harness->exchange);
    harness_write(harness->exchange, "one");
    http_exchange_finish(harness->exchange);
    assert_text(harness_take(harness), CHUNKED_HEAD);
    assert_true(fake_sink_is_open(&harness->fake));
}

static void
check_close(struct http_harness *harness)
{
    harness_send_text(harness, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    harness_start(harness->exchange);
    http_exchange_finish(harness->exchange);
    assert_text(harness_take(harness), "HTTP/1.1 200 OK\r\n"
                                       "Content-Type: text/event-stream\r\n"
                                       "Connection: close\r\n"
                                       "Transfer-Encoding: chunked\r\n"
                                       "\r\n"
                                       "0\r\n\r\n");
    assert_string_equal(harness->fake.finish_reason, "done");
}

static void
a_stream_is_framed_as_the_version_wants_it(void **state)
{
    (void)state;
    harness_each_chunking(check_chunked);
    harness_each_chunking(check_http_1_0);
    harness_each_chunking(check_head);
    harness_each_chunking(check_close);
}

static void
check_start_inside_on_request(struct http_harness *harness)
{
    harness->on_request = NULL;
    harness_send_text(harness, GET GET);
    assert_int_equal(harness->request_count, 1);
    harness_start(harness->exchange);
    harness_write(harness->exchange, "x");
    http_exchange_finish(harness->exchange);
    assert_int_equal(harness->request_count, 1);
    harness_advance(harness, 0);
    assert_int_equal(harness->request_count, 2);
    harness_respond(harness->exchange, 200, "ok");
    assert_text(harness_take(harness), CHUNKED_HEAD "1\r\nx\r\n0\r\n\r\n" HARNESS_OK);
}

static void
requests_behind_a_stream_wait(void **state)
{
    (void)state;
    harness_each_chunking(check_start_inside_on_request);
}

/* One broadcast to clients of both versions: the same bytes, not copied. */
static void
a_chunk_is_shared(void **state)
{
    (void)state;
    struct http_harness modern;
    struct http_harness old;
    harness_init(&modern);
    harness_init(&old);
    harness_send_text(&modern, GET);
    harness_send_text(&old, "GET / HTTP/1.0\r\n\r\n");
    harness_start(modern.exchange);
    harness_start(old.exchange);
    (void)harness_take(&modern);
    (void)harness_take(&old);

    struct http_chunk chunk = http_chunk_from(BYTES("0123456789abcdef"));
    assert_non_null(chunk.payload);
    assert_int_equal(chunk.data_length, 16);
    http_exchange_write(modern.exchange, chunk);
    http_exchange_write(old.exchange, chunk);
    assert_ptr_equal(modern.fake.latest, chunk.payload);
    assert_ptr_equal(old.fake.latest, chunk.payload);
    payload_unref(chunk.payload);
    assert_text(harness_take(&modern), "10\r\n0123456789abcdef\r\n");
    assert_text(harness_take(&old), "0123456789abcdef");
    harness_deinit(&modern);
    harness_deinit(&old);
}

static void
a_slow_client_is_seen(void **state)
{
    (void)state;
    struct http_harness harness;
    harness_init(&harness);
    harness_send_text(&harness, GET);
    harness_watch(&harness, harness.exchange);
    harness_start(harness.exchange);
    harness.fake.is_stuck = true;
    harness_write(harness.exchange, "0123456789");
    assert_int_equal(http_exchange_queued_bytes(harness.exchange),
                     sizeof("a\r\n0123456789\r\n") - 1);
    fake_sink_drain(&harness.fake, SIZE_MAX);
    http_connection_drained(harness.connection);
    assert_int_equal(harness.drained_count, 1);
    assert_int_equal(http_exchange_queued_bytes(harness.exchange), 0);
    http_exchange_finish(harness.exchange);
    http_connection_drained(harness.connection); /* nobody's any more */
    assert_int_equal(harness.drained_count, 1);
    harness_deinit(&harness);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_framed_as_the_version_wants_it),
        cmocka_unit_test(requests_behind_a_stream_wait),
        cmocka_unit_test(a_chunk_is_shared),
        cmocka_unit_test(a_slow_client_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
