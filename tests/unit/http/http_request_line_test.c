/* SPDX-License-Identifier: MIT */
/* Goal of this test: request lines of any legal form are split as handlers expect, others refused.
 */
#include "tests/unit/http/http_harness.h"

static void
check_plain(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, "GET /signalr/negotiate?clientProtocol=2.1&_=1 HTTP/1.1\r\n"
                               "Host: example.com\r\n\r\n");
    assert_seen(harness, "GET /signalr/negotiate?clientProtocol=2.1&_=1 []\n");
    assert_text(harness_take(harness), HARNESS_OK);
    assert_true(fake_sink_is_open(&harness->fake));
}

static void
a_get_is_handed_out_and_answered(void **state)
{
    (void)state;
    harness_each_chunking(check_plain);
}

struct target {
    const char *line;
    const char *seen;
};

static const struct target targets[] = {
    {"GET / HTTP/1.1", "GET /? []\n"},
    {"GET /a?b?c=d HTTP/1.1", "GET /a?b?c=d []\n"},
    {"GET /a? HTTP/1.1", "GET /a? []\n"},
    {"GET /a%20b?c=%26 HTTP/1.1", "GET /a%20b?c=%26 []\n"},
    {"GET /a?d=[{\"name\":\"chat\"}] HTTP/1.1", "GET /a?d=[{\"name\":\"chat\"}] []\n"},
    {"GET /a?b#c HTTP/1.1", "GET /a?b []\n"},
    {"GET http://example.com/a?b HTTP/1.1", "GET /a?b []\n"},
    {"GET http://example.com HTTP/1.1", "GET /? []\n"},
    {"GET http://example.com?b HTTP/1.1", "GET /?b []\n"},
    {"OPTIONS * HTTP/1.1", "OPTIONS *? []\n"},
    {"HEAD /a HTTP/1.1", "HEAD /a? []\n"},
    {"POST /a HTTP/1.1", "POST /a? []\n"},
    {"PUT /a HTTP/1.1", "PUT /a? []\n"},
    {"DELETE /a HTTP/1.1", "DELETE /a? []\n"},
    {"PATCH /a HTTP/1.1", "OTHER /a? []\n"},
    {"GET /a HTTP/1.0", "GET /a? []\n"},
};

static const struct target *current;

static void
check_target(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    harness_send_text(harness, current->line);
    harness_send_text(harness, "\r\nHost: h\r\n\r\n");
    assert_string_equal(harness->seen, current->seen);
}

static void
targets_are_split_into_path_and_query(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        current = &targets[i];
        harness_each_chunking(check_target);
    }
}

static const struct target refusals[] = {
    {"GET /a HTTP/2.0", "HTTP/1.1 505 HTTP Version Not Supported"},
    {"GET /a HTTP/1.2", "HTTP/1.1 505 HTTP Version Not Supported"},
    {"GET /a HTTP/0.9", "HTTP/1.1 505 HTTP Version Not Supported"},
    {"PRI * HTTP/2.0", "HTTP/1.1 505 HTTP Version Not Supported"},
    {"CONNECT example.com:443 HTTP/1.1", "HTTP/1.1 501 Not Implemented"},
    {"GET /a", "HTTP/1.1 400 Bad Request"},
    {"GET  /a HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {"GET /a  HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {"GET /a b HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {"GET /a\tb HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {"GET /\xC3\xBC HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {"GET HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {"FETCH /a HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {" GET /a HTTP/1.1", "HTTP/1.1 400 Bad Request"},
    {"GET /a HTTP/1.1 ", "HTTP/1.1 400 Bad Request"},
    {"GET /a http/1.1", "HTTP/1.1 400 Bad Request"},
    {"\x16\x03\x01", "HTTP/1.1 400 Bad Request"},
};

static void
check_refusal(struct http_harness *harness)
{
    harness_send_text(harness, current->line);
    harness_send_text(harness, "\r\nHost: h\r\n\r\n");
    assert_seen(harness, "");
    harness_assert_refused(harness, current->seen);
}

static void
bad_request_lines_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        current = &refusals[i];
        harness_each_chunking(check_refusal);
    }
}

static void
send_long_line(struct http_harness *harness, size_t line_bytes)
{
    char line[HARNESS_LINE_MAX_BYTES + 2] = "GET /";
    static const char end[] = " HTTP/1.1";
    size_t at = sizeof("GET /") - 1;
    while (at < line_bytes - (sizeof(end) - 1)) {
        line[at++] = 'a';
    }
    for (size_t i = 0; i < sizeof(end); i++) {
        line[at + i] = end[i];
    }
    harness_send_text(harness, line);
    harness_send_text(harness, "\r\nHost: h\r\n\r\n");
}

static void
check_long_line(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    send_long_line(harness, HARNESS_LINE_MAX_BYTES);
    assert_int_equal(harness->request_count, 1);
}

static void
check_too_long_line(struct http_harness *harness)
{
    send_long_line(harness, HARNESS_LINE_MAX_BYTES + 1);
    assert_int_equal(harness->request_count, 0);
    harness_assert_refused(harness, "HTTP/1.1 414 URI Too Long");
}

static void
a_line_over_the_limit_is_refused(void **state)
{
    (void)state;
    harness_each_chunking(check_long_line);
    harness_each_chunking(check_too_long_line);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_handed_out_and_answered),
        cmocka_unit_test(targets_are_split_into_path_and_query),
        cmocka_unit_test(bad_request_lines_are_refused),
        cmocka_unit_test(a_line_over_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
