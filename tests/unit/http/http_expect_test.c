/* SPDX-License-Identifier: MIT */
/* Goal of this test: a client that waits for "100 Continue" gets it once, and only when its body is
 * still to come. */
#include "tests/unit/http/http_harness.h"

#define CONTINUE      "HTTP/1.1 100 Continue\r\n\r\n"
#define HEAD(version) "POST / HTTP/" version "\r\nHost: h\r\nExpect: 100-continue\r\n"

static void
check_waiting(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, HEAD("1.1") "Content-Length: 3\r\n\r\n");
    assert_text(harness_take(harness), CONTINUE);
    harness_send_text(harness, "a");
    harness_send_text(harness, "bc");
    assert_text(harness_take(harness), HARNESS_OK);
    assert_seen(harness, "POST /? [abc]\n");
}

static void
check_chunked(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, HEAD("1.1") "Transfer-Encoding: chunked\r\n\r\n");
    assert_text(harness_take(harness), CONTINUE);
    harness_send_text(harness, "1\r\na\r\n0\r\n\r\n");
    assert_text(harness_take(harness), HARNESS_OK);
}

static void
check_nothing_to_wait_for(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, HEAD("1.1") "Content-Length: 0\r\n\r\n");
    assert_text(harness_take(harness), HARNESS_OK);
}

static void
check_http_1_0(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, HEAD("1.0") "Content-Length: 1\r\n\r\n");
    assert_text(harness_take(harness), "");
    harness_send_text(harness, "a");
    assert_seen(harness, "POST /? [a]\n");
}

static void
continue_is_sent_to_whom_waits_for_it(void **state)
{
    (void)state;
    harness_each_chunking(check_waiting);
    harness_each_chunking(check_chunked);
    harness_each_chunking(check_nothing_to_wait_for);
    harness_each_chunking(check_http_1_0);
}

static void
a_body_that_came_along_needs_no_continue(void **state)
{
    (void)state;
    struct http_harness harness;
    harness_init(&harness);
    harness.on_request = harness_answer_ok;
    harness_send_text(&harness, HEAD("1.1") "Content-Length: 2\r\n\r\na");
    assert_text(harness_take(&harness), "");
    harness_send_text(&harness, "b");
    assert_text(harness_take(&harness), HARNESS_OK);
    harness_deinit(&harness);
}

static void
check_too_large(struct http_harness *harness)
{
    harness_send_text(harness, HEAD("1.1") "Content-Length: 65\r\n\r\n");
    harness_assert_refused(harness, "HTTP/1.1 413 Content Too Large");
}

static void
check_other_expectation(struct http_harness *harness)
{
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n");
    harness_assert_refused(harness, "HTTP/1.1 417 Expectation Failed");
}

static void
what_will_be_refused_is_not_asked_for(void **state)
{
    (void)state;
    harness_each_chunking(check_too_large);
    harness_each_chunking(check_other_expectation);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(continue_is_sent_to_whom_waits_for_it),
        cmocka_unit_test(a_body_that_came_along_needs_no_continue),
        cmocka_unit_test(what_will_be_refused_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
