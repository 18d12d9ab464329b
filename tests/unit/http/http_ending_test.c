/* SPDX-License-Identifier: MIT */
/* Goal of this test: whoever has an open exchange hears exactly once that it ended, and only if he
 * did not end it himself. */
#include "tests/unit/http/http_harness.h"

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

static void
check_pending(struct http_harness *harness)
{
    harness_send_text(harness, GET);
    harness_watch(harness, harness->exchange);
    harness_close(harness, "peer");
    assert_string_equal(harness->exchange_closed, "peer");
    assert_string_equal(harness->closed_reason, "peer");
}

static void
check_streaming(struct http_harness *harness)
{
    harness_send_text(harness, GET GET);
    harness_watch(harness, harness->exchange);
    harness_start(harness->exchange);
    harness_write(harness->exchange, "x");
    harness_close(harness, "peer");
    assert_string_equal(harness->exchange_closed, "peer");
}

static void
check_taken_back(struct http_harness *harness)
{
    harness_send_text(harness, GET);
    harness_watch(harness, harness->exchange);
    http_exchange_on_closed(harness->exchange, NULL, NULL);
    harness_close(harness, "peer");
    assert_int_equal(harness->exchange_closed_count, 0);
}

static void
check_answered(struct http_harness *harness)
{
    harness_send_text(harness, GET);
    harness_watch(harness, harness->exchange);
    harness_respond(harness->exchange, 200, "ok");
    harness_close(harness, "peer");
    assert_int_equal(harness->exchange_closed_count, 0);
}

static void
check_half_a_request(struct http_harness *harness)
{
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    harness_close(harness, "peer");
    assert_int_equal(harness->request_count, 0);
    assert_string_equal(harness->closed_reason, "peer");
}

static void
the_owner_hears_that_the_client_went_away(void **state)
{
    (void)state;
    harness_each_chunking(check_pending);
    harness_each_chunking(check_streaming);
    harness_each_chunking(check_taken_back);
    harness_each_chunking(check_answered);
    harness_each_chunking(check_half_a_request);
}

static void
check_abort_pending(struct http_harness *harness)
{
    harness_send_text(harness, GET GET);
    harness_watch(harness, harness->exchange);
    http_exchange_abort(harness->exchange, "replaced");
    assert_string_equal(harness->fake.close_reason, "replaced");
    harness_close(harness, "replaced");
    assert_int_equal(harness->exchange_closed_count, 0);
}

static void
check_abort_streaming(struct http_harness *harness)
{
    harness_send_text(harness, GET);
    harness_watch(harness, harness->exchange);
    harness_start(harness->exchange);
    http_exchange_abort(harness->exchange, "replaced");
    assert_text(bytes_slice(harness_take(harness), 0, 8), "HTTP/1.1");
    harness_send_text(harness, GET);
    harness_close(harness, "replaced");
    assert_int_equal(harness->exchange_closed_count, 0);
    assert_int_equal(harness->request_count, 1);
}

static void
an_aborted_exchange_is_not_heard_of_again(void **state)
{
    (void)state;
    harness_each_chunking(check_abort_pending);
    harness_each_chunking(check_abort_streaming);
}

static void
check_drain_idle(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, GET);
    http_connection_drain(harness->connection);
    assert_string_equal(harness->fake.finish_reason, "drain");
}

#define OK_CLOSE                                                                           \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " \
    "2\r\n\r\nok"

static void
check_drain_pending(struct http_harness *harness)
{
    harness_send_text(harness, GET GET);
    http_connection_drain(harness->connection);
    assert_true(fake_sink_is_open(&harness->fake));
    harness_respond(harness->exchange, 200, "ok");
    assert_text(harness_take(harness), OK_CLOSE);
    assert_string_equal(harness->fake.finish_reason, "done");
    harness_advance(harness, 0);
    assert_int_equal(harness->request_count, 1);
}

static void
check_drain_receiving(struct http_harness *harness)
{
    harness_send_text(harness, "GET / HTTP/1.1\r\n");
    http_connection_drain(harness->connection);
    harness_send_text(harness, "Host: h\r\n\r\n");
    harness_respond(harness->exchange, 200, "ok");
    assert_text(harness_take(harness), OK_CLOSE);
}

static void
check_drain_streaming(struct http_harness *harness)
{
    harness_send_text(harness, GET);
    harness_start(harness->exchange);
    http_connection_drain(harness->connection);
    harness_write(harness->exchange, "x");
    http_exchange_finish(harness->exchange);
    assert_true(bytes_ends_with_ignore_case(harness_take(harness), BYTES("1\r\nx\r\n0\r\n\r\n")));
    assert_string_equal(harness->fake.finish_reason, "done");
}

/* A handler may be what starts the draining. */
static void
drain_and_answer(struct http_harness *harness, struct http_exchange *exchange)
{
    http_connection_drain(harness->connection);
    harness_answer_ok(harness, exchange);
}

static void
check_drain_inside(struct http_harness *harness)
{
    harness->on_request = drain_and_answer;
    harness_send_text(harness, GET);
    assert_text(harness_take(harness), OK_CLOSE);
}

static void
draining_closes_after_the_present_answer(void **state)
{
    (void)state;
    harness_each_chunking(check_drain_idle);
    harness_each_chunking(check_drain_pending);
    harness_each_chunking(check_drain_receiving);
    harness_each_chunking(check_drain_streaming);
    harness_each_chunking(check_drain_inside);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_hears_that_the_client_went_away),
        cmocka_unit_test(an_aborted_exchange_is_not_heard_of_again),
        cmocka_unit_test(draining_closes_after_the_present_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
