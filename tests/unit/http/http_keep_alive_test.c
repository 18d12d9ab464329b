/* SPDX-License-Identifier: MIT */
/* Goal of this test: connections are kept for as long as HTTP says and the time-outs allow. */
#include "tests/unit/http/http_harness.h"

#include <string.h>

#define GET "GET / HTTP/1.1\r\nHost: h\r\n"

struct keep_case {
    const char *request;
    const char *connection_header; /* of the answer; NULL = none */
    bool is_kept;
};

static const struct keep_case cases[] = {
    {GET "\r\n", NULL, true},
    {GET "Connection: keep-alive\r\n\r\n", NULL, true},
    {GET "Connection: close\r\n\r\n", "close", false},
    {GET "Connection: Close\r\n\r\n", "close", false},
    {GET "Connection: foo, close\r\n\r\n", "close", false},
    {"GET / HTTP/1.0\r\n\r\n", "close", false},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", true},
};

static const struct keep_case *current;

static void
check_case(struct http_harness *harness)
{
    char expected[64] = "\r\nConnection: ";
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, current->request);
    const char *answer = (const char *)harness_take(harness).data;
    if (current->connection_header == NULL) {
        assert_null(strstr(answer, "\r\nConnection:"));
    } else {
        assert_non_null(strstr(answer, strcat(expected, current->connection_header)));
    }
    assert_int_equal(fake_sink_is_open(&harness->fake), current->is_kept);
    if (!current->is_kept) {
        assert_string_equal(harness->fake.finish_reason, "done");
    }
    harness_send_text(harness, GET "\r\n");
    assert_int_equal(harness->request_count, current->is_kept ? 2 : 1);
}

static void
the_connection_is_kept_as_both_wish(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        current = &cases[i];
        harness_each_chunking(check_case);
    }
}

static void
an_idle_connection_is_closed_silently(void **state)
{
    (void)state;
    struct http_harness harness;
    harness_init(&harness);
    harness.on_request = harness_answer_ok;
    harness_advance(&harness, HARNESS_IDLE_TIMEOUT_MS - 1);
    harness_send_text(&harness, GET "\r\n");
    (void)harness_take(&harness);
    harness_advance(&harness, HARNESS_IDLE_TIMEOUT_MS - 1);
    assert_true(fake_sink_is_open(&harness.fake));
    harness_advance(&harness, 1);
    assert_string_equal(harness.fake.finish_reason, "idle");
    assert_int_equal(harness_take(&harness).length, 0);
    harness_close(&harness, "idle");
    assert_string_equal(harness.closed_reason, "idle");
    harness_deinit(&harness);
}

static void
check_slow(struct http_harness *harness, const char *begin, const char *trickle)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, begin);
    harness_advance(harness, HARNESS_REQUEST_TIMEOUT_MS - 1);
    harness_send_text(harness, trickle); /* does not prolong it */
    assert_int_equal(harness_take(harness).length, 0);
    harness_advance(harness, 1);
    harness_assert_refused(harness, "HTTP/1.1 408 Request Timeout");
}

static void
check_slow_line(struct http_harness *harness)
{
    check_slow(harness, "G", "E");
}

static void
check_slow_headers(struct http_harness *harness)
{
    check_slow(harness, GET "X: ", "a");
}

static void
check_slow_body(struct http_harness *harness)
{
    check_slow(harness, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n12", "3");
}

static void
a_slow_request_is_refused(void **state)
{
    (void)state;
    harness_each_chunking(check_slow_line);
    harness_each_chunking(check_slow_headers);
    harness_each_chunking(check_slow_body);
}

static void
a_slow_handler_is_waited_for(void **state)
{
    (void)state;
    struct http_harness harness;
    harness_init(&harness);
    harness_send_text(&harness, GET "\r\n");
    harness_advance(&harness, UINT64_C(24) * 3600 * 1000);
    assert_true(fake_sink_is_open(&harness.fake));
    harness_answer_ok(&harness, harness.exchange);
    assert_text(harness_take(&harness), HARNESS_OK);
    harness_deinit(&harness);
}

/* Old browsers send a blank line after the body of a POST: it is no request, and no reason for 408.
 */
static void
check_blank_lines(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, "\r\n\r\n" GET "\r\n\r\n");
    assert_int_equal(harness->request_count, 1);
    (void)harness_take(harness);
    harness_advance(harness, HARNESS_REQUEST_TIMEOUT_MS);
    assert_true(fake_sink_is_open(&harness->fake));
    harness_send_text(harness, "\r\n" GET "\r\n");
    assert_int_equal(harness->request_count, 2);
}

static void
blank_lines_between_requests_are_skipped(void **state)
{
    (void)state;
    harness_each_chunking(check_blank_lines);
}

static void
a_last_answer_that_is_not_taken_is_given_up(void **state)
{
    (void)state;
    struct http_harness harness;
    harness_init(&harness);
    harness.on_request = harness_answer_ok;
    harness_send_text(&harness, "GET / HTTP/1.0\r\n\r\n");
    assert_string_equal(harness.fake.finish_reason, "done");
    harness_advance(&harness, HARNESS_REQUEST_TIMEOUT_MS);
    assert_string_equal(harness.fake.close_reason, "slow-consumer");
    harness_deinit(&harness);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connection_is_kept_as_both_wish),
        cmocka_unit_test(an_idle_connection_is_closed_silently),
        cmocka_unit_test(a_slow_request_is_refused),
        cmocka_unit_test(a_slow_handler_is_waited_for),
        cmocka_unit_test(blank_lines_between_requests_are_skipped),
        cmocka_unit_test(a_last_answer_that_is_not_taken_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
