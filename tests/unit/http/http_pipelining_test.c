/* SPDX-License-Identifier: MIT */
/* Goal of this test: requests sent ahead wait for their turn, and only so many of them are taken
 * from the client. */
#include "tests/unit/http/http_harness.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void
check_answered_at_once(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, GET("/1") "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
                                         "GET" GET("/3"));
    assert_seen(harness, "GET /1? []\nPOST /2? [GET]\nGET /3? []\n");
    assert_text(harness_take(harness), HARNESS_OK HARNESS_OK HARNESS_OK);
}

static void
check_answered_later(struct http_harness *harness)
{
    harness_send_text(harness, GET("/1") GET("/2") GET("/3"));
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(harness->request_count, i);
        harness_advance(harness, 1000);
        assert_int_equal(harness->request_count, i);
        harness_answer_ok(harness, harness->exchange);
        /* Not inside the call that answers the one before. */
        assert_int_equal(harness->request_count, i);
        harness_advance(harness, 0);
    }
    assert_seen(harness, "GET /1? []\nGET /2? []\nGET /3? []\n");
    assert_text(harness_take(harness), HARNESS_OK HARNESS_OK HARNESS_OK);
    harness_advance(harness, HARNESS_IDLE_TIMEOUT_MS);
    assert_string_equal(harness->fake.finish_reason, "idle");
}

static void
check_more_before_the_turn(struct http_harness *harness)
{
    harness_send_text(harness, GET("/1") "GET /2 HT");
    harness_answer_ok(harness, harness->exchange);
    harness_send_text(harness, "TP/1.1\r\nHost: h\r\n\r\n");
    assert_seen(harness, "GET /1? []\nGET /2? []\n");
    harness_answer_ok(harness, harness->exchange);
}

static void
check_half_a_request(struct http_harness *harness)
{
    harness_send_text(harness, GET("/1") "GET /2 HT");
    harness_answer_ok(harness, harness->exchange);
    (void)harness_take(harness);
    harness_advance(harness, 0);
    harness_advance(harness, HARNESS_REQUEST_TIMEOUT_MS);
    harness_assert_refused(harness, "HTTP/1.1 408 Request Timeout");
}

static void
requests_are_handed_out_one_by_one(void **state)
{
    (void)state;
    harness_each_chunking(check_answered_at_once);
    harness_each_chunking(check_answered_later);
    harness_each_chunking(check_more_before_the_turn);
    harness_each_chunking(check_half_a_request);
}

static void
check_close(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, "GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" GET("/2"));
    assert_seen(harness, "GET /1? []\n");
}

static void
check_error(struct http_harness *harness)
{
    harness_send_text(harness, GET("/1") "nonsense\r\n\r\n");
    harness_answer_ok(harness, harness->exchange);
    assert_text(harness_take(harness), HARNESS_OK);
    harness_advance(harness, 0);
    assert_int_equal(harness->request_count, 1);
    harness_assert_refused(harness, "HTTP/1.1 400 Bad Request");
}

static void
nothing_is_read_after_the_last_answer(void **state)
{
    (void)state;
    harness_each_chunking(check_close);
    harness_each_chunking(check_error);
}

/* About 10 KB of requests, while the first is not answered. */
static size_t
send_many(struct http_harness *harness)
{
    size_t count = 0;
    for (size_t bytes = 0; bytes < 10 * 1024; bytes += sizeof(GET("/n")) - 1, count++) {
        harness_send_text(harness, GET("/n"));
    }
    return count;
}

static void
answer_next(struct http_harness *harness)
{
    harness_answer_ok(harness, harness->exchange);
    harness_advance(harness, 0);
}

static void
check_pause(struct http_harness *harness)
{
    size_t count = send_many(harness);
    assert_true(harness->fake.is_paused);
    assert_int_equal(harness->fake.pause_count, 1);
    while (harness->request_count < count) {
        harness->seen[0] = '\0';
        answer_next(harness);
    }
    assert_false(harness->fake.is_paused);
    assert_int_equal(harness->fake.resume_count, 1);
    answer_next(harness);
    assert_null(harness->exchange);
}

static void
a_client_far_ahead_is_not_read(void **state)
{
    (void)state;
    harness_each_chunking(check_pause);
}

static void
answer_much(struct http_harness *harness, struct http_exchange *exchange)
{
    static char body[100 * 1024];

    (void)harness;
    memset(body, 'x', sizeof(body) - 1);
    harness_respond(exchange, 200, body);
}

/* More requests than a client that does not read is answered; returns how many were. */
static size_t
send_without_reading(struct http_harness *harness)
{
    harness->fake.is_stuck = true;
    harness->on_request = answer_much;
    for (size_t i = 0; i < 200; i++) {
        harness_send_text(harness, GET("/n"));
    }
    assert_in_range(harness->request_count, 5, 7);
    assert_in_range(harness->fake.queued_bytes, 512 * 1024, 700 * 1024);
    assert_true(harness->fake.is_paused);
    return harness->request_count;
}

static void
check_goes_on(struct http_harness *harness)
{
    size_t before = send_without_reading(harness);

    harness->seen[0] = '\0';
    harness_advance(harness, HARNESS_IDLE_TIMEOUT_MS - 1);
    fake_sink_drain(&harness->fake, SIZE_MAX);
    http_connection_drained(harness->connection);
    assert_int_equal(harness->request_count, before); /* not inside the call */
    harness_advance(harness, 0);
    assert_in_range(harness->request_count, before + 5, before + 7);
    harness->on_request = harness_answer_ok;
    while (harness->request_count < 200) {
        harness->seen[0] = '\0';
        fake_sink_drain(&harness->fake, SIZE_MAX);
        http_connection_drained(harness->connection);
        harness->fake.is_stuck = false;
        harness_advance(harness, 0);
    }
    assert_false(harness->fake.is_paused);
    harness_advance(harness, HARNESS_IDLE_TIMEOUT_MS);
    assert_string_equal(harness->fake.finish_reason, "idle");
}

static void
check_given_up(struct http_harness *harness)
{
    (void)send_without_reading(harness);
    harness_advance(harness, HARNESS_IDLE_TIMEOUT_MS);
    assert_string_equal(harness->fake.close_reason, "slow-consumer");
}

static void
a_client_that_takes_no_answers_gets_no_more(void **state)
{
    (void)state;
    harness_each_chunking(check_goes_on);
    harness_each_chunking(check_given_up);
}

static void
a_sink_that_does_not_pause_is_closed(void **state)
{
    (void)state;
    static char flood[300 * 1024];
    struct http_harness harness;
    harness_init(&harness);
    harness_send_text(&harness, GET("/1"));
    harness_watch(&harness, harness.exchange);
    memset(flood, 'x', sizeof(flood));
    harness_send(&harness, bytes_from(flood, sizeof(flood)));
    assert_string_equal(harness.fake.close_reason, "too-many-requests");
    /* The exchange hears of it when the sink has closed. */
    assert_int_equal(harness.exchange_closed_count, 0);
    harness_close(&harness, "too-many-requests");
    assert_int_equal(harness.exchange_closed_count, 1);
    harness_deinit(&harness);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_handed_out_one_by_one),
        cmocka_unit_test(nothing_is_read_after_the_last_answer),
        cmocka_unit_test(a_client_far_ahead_is_not_read),
        cmocka_unit_test(a_client_that_takes_no_answers_gets_no_more),
        cmocka_unit_test(a_sink_that_does_not_pause_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
