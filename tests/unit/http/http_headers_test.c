/* SPDX-License-Identifier: MIT */
/* Goal of this test: headers reach the handler trimmed and in order; malformed or too many are
 * refused. */
#include "tests/unit/http/http_harness.h"

#include <stdio.h>
#include <string.h>

static void
look_up(struct http_harness *harness, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    assert_int_equal(request->header_count, 7);
    assert_text(request->headers[1].name, "X-Padded");
    assert_text(http_request_header(request, BYTES("x-padded")), "a  b");
    assert_text(http_request_header(request, BYTES("X-Empty")), "");
    assert_non_null(http_request_header(request, BYTES("X-Empty")).data);
    assert_null(http_request_header(request, BYTES("X-Absent")).data);
    assert_text(http_request_header(request, BYTES("X-Twice")), "first");
    assert_int_equal(http_request_header_count(request, BYTES("x-twice")), 2);
    assert_true(http_request_header_has(request, BYTES("connection"), BYTES("upgrade")));
    assert_true(http_request_header_has(request, BYTES("Connection"), BYTES("Keep-Alive")));
    assert_false(http_request_header_has(request, BYTES("Connection"), BYTES("grade")));
    assert_true(http_request_header_has(request, BYTES("X-Twice"), BYTES("second")));
    assert_text(http_request_header(request, BYTES("X-Last")), "caf\xC3\xA9");
    assert_string_equal(request->peer_address, "192.0.2.1:5000");
    assert_false(request->is_tls);
    harness_answer_ok(harness, exchange);
}

static void
check_lookup(struct http_harness *harness)
{
    harness->on_request = look_up;
    harness_send_text(harness, "GET / HTTP/1.1\r\n"
                               "Host: example.com\r\n"
                               "X-Padded: \t a  b \t \r\n"
                               "X-Empty:\r\n"
                               "X-Twice: first\r\n"
                               "Connection: keep-alive, ,Upgrade\r\n"
                               "x-TWICE:second\r\n"
                               "X-Last: caf\xC3\xA9\r\n"
                               "\r\n");
    assert_int_equal(harness->request_count, 1);
}

static void
headers_are_found_without_case(void **state)
{
    (void)state;
    harness_each_chunking(check_lookup);
}

static const char *const malformed[] = {
    "Host: h\r\nX-Space : 1\r\n\r\n",
    "Host: h\r\nX Space: 1\r\n\r\n",
    "Host: h\r\n: 1\r\n\r\n",
    "Host: h\r\nno colon\r\n\r\n",
    "Host: h\r\nX-Folded: a\r\n b\r\n\r\n",
    "Host: h\r\nX-Folded: a\r\n\tb\r\n\r\n",
    " Host: h\r\n\r\n",
    "Host: h\r\nX-Bare-LF: a\nX-Next: b\r\n\r\n",
    "Host: h\r\nX-Bare-CR: a\rX-Next: b\r\n\r\n",
    "Host: h\r\nX-Two-CR: a\r\r\n\r\n",
    "Host: h\n\n",
    "Host: h\r\n\n",
    "Host: h\r\n\rX: y\r\n\r\n",
    "Host: h\r\nX-Control: a\001b\r\n\r\n",
    "Host: h\r\nX-Delete: a\177b\r\n\r\n",
    "\r\n",
    "Host: h\r\nHost: h\r\n\r\n",
    "Host: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "Host: h\r\nContent-Length: +1\r\n\r\na",
    "Host: h\r\nContent-Length: 1a\r\n\r\na",
    "Host: h\r\nContent-Length: -1\r\n\r\na",
    "Host: h\r\nContent-Length: \r\n\r\na",
    "Host: h\r\nContent-Length: 1, 1\r\n\r\na",
    "Host: h\r\nContent-Length: 18446744073709551616\r\n\r\na",
};

static const char *current;

static void
check_malformed(struct http_harness *harness)
{
    harness_send_text(harness, "GET / HTTP/1.1\r\n");
    harness_send_text(harness, current);
    assert_seen(harness, "");
    harness_assert_refused(harness, "HTTP/1.1 400 Bad Request");
}

static void
malformed_headers_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        current = malformed[i];
        harness_each_chunking(check_malformed);
    }
}

static void
http_1_0_needs_no_host(void **state)
{
    (void)state;
    struct http_harness harness;
    harness_init(&harness);
    harness_send_text(&harness, "GET / HTTP/1.0\r\n\r\n");
    assert_seen(&harness, "GET /? []\n");
    harness_deinit(&harness);
}

/* Header lines of together ${bytes} bytes, Host among them. */
static void
send_headers_of(struct http_harness *harness, size_t bytes)
{
    char headers[HARNESS_HEADERS_MAX_BYTES + 8];
    size_t length = (size_t)snprintf(headers, sizeof(headers), "Host: h\r\nX: ");
    memset(headers + length, 'a', bytes - length - 2);
    memcpy(headers + bytes - 2, "\r\n", 2);
    harness_send_text(harness, "GET / HTTP/1.1\r\n");
    harness_send(harness, bytes_from(headers, bytes));
    harness_send_text(harness, "\r\n");
}

static void
check_large(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    send_headers_of(harness, HARNESS_HEADERS_MAX_BYTES - 2); /* the blank line counts too */
    assert_int_equal(harness->request_count, 1);
}

static void
check_too_large(struct http_harness *harness)
{
    send_headers_of(harness, HARNESS_HEADERS_MAX_BYTES - 1);
    assert_int_equal(harness->request_count, 0);
    harness_assert_refused(harness, "HTTP/1.1 431 Request Header Fields Too Large");
}

static void
check_endless_blanks(struct http_harness *harness)
{
    harness_send_text(harness, "GET / HTTP/1.1\r\nX:");
    for (size_t i = 0; i < HARNESS_HEADERS_MAX_BYTES; i++) {
        harness_send_text(harness, " "); /* the parser would keep none of them */
    }
    harness_assert_refused(harness, "HTTP/1.1 431 Request Header Fields Too Large");
}

static void
headers_over_the_limit_are_refused(void **state)
{
    (void)state;
    harness_each_chunking(check_large);
    harness_each_chunking(check_too_large);
    harness_each_chunking(check_endless_blanks);
}

static void
send_headers(struct http_harness *harness, size_t count)
{
    harness->server.limits.headers_max_bytes = 16 * 1024;
    harness_send_text(harness, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (size_t i = 1; i < count; i++) {
        harness_send_text(harness, "X: y\r\n");
    }
    harness_send_text(harness, "\r\n");
}

static void
check_many(struct http_harness *harness)
{
    send_headers(harness, HTTP_HEADERS_MAX);
    assert_int_equal(harness->request_count, 1);
    assert_int_equal(http_exchange_request(harness->exchange)->header_count, HTTP_HEADERS_MAX);
}

static void
check_too_many(struct http_harness *harness)
{
    send_headers(harness, HTTP_HEADERS_MAX + 1);
    assert_int_equal(harness->request_count, 0);
    harness_assert_refused(harness, "HTTP/1.1 431 Request Header Fields Too Large");
}

static void
too_many_headers_are_refused(void **state)
{
    (void)state;
    harness_each_chunking(check_many);
    harness_each_chunking(check_too_many);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_found_without_case),
        cmocka_unit_test(malformed_headers_are_refused),
        cmocka_unit_test(http_1_0_needs_no_host),
        cmocka_unit_test(headers_over_the_limit_are_refused),
        cmocka_unit_test(too_many_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
