/* SPDX-License-Identifier: MIT */
/* Goal of this test: bodies of known length and chunked ones arrive whole; what cannot be measured
 * is refused. */
#include "tests/unit/http/http_harness.h"

#include <string.h>

struct body_case {
    const char *request; /* after the line and Host */
    const char *expected;
};

static const struct body_case *current;

static const struct body_case good[] = {
    {"Content-Length: 5\r\n\r\nhello", "POST /? [hello]\n"},
    {"Content-Length: 0\r\n\r\n", "POST /? []\n"},
    {"\r\n", "POST /? []\n"},
    {"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "POST /? [hello]\n"},
    {"Transfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "POST /? [hello]\n"},
    {"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST /? []\n"},
    {"Transfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\n0\r\n\r\n", "POST /? [0123456789]\n"},
    {"Transfer-Encoding: chunked\r\n\r\n1;name=value\r\nx\r\n0\r\n\r\n", "POST /? [x]\n"},
    {"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer: y\r\n\r\n", "POST /? [x]\n"},
};

static void
check_good(struct http_harness *harness)
{
    harness->on_request = harness_answer_ok;
    for (size_t i = 1; i <= 2; i++) { /* twice: the end of the first is found exactly */
        harness->seen[0] = '\0';
        harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\n");
        harness_send_text(harness, current->request);
        assert_string_equal(harness->seen, current->expected);
        assert_int_equal(harness->request_count, i);
        assert_text(harness_take(harness), HARNESS_OK);
    }
}

static void
bodies_arrive_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        current = &good[i];
        harness_each_chunking(check_good);
    }
}

#define CHUNKED "Transfer-Encoding: chunked\r\n"

static const struct body_case bad[] = {
    {"Content-Length: 65\r\n\r\n", "HTTP/1.1 413 Content Too Large"},
    {"Content-Length: 99999999999\r\n\r\n", "HTTP/1.1 413 Content Too Large"},
    {CHUNKED "\r\n41\r\n"
             "0123456789012345678901234567890123456789012345678901234567890123456789",
     "HTTP/1.1 413 Content Too Large"},
    {"Transfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 Not Implemented"},
    {"Transfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 501 Not Implemented"},
    {"Transfer-Encoding: gzip\r\n" CHUNKED "\r\n", "HTTP/1.1 501 Not Implemented"},
    {CHUNKED CHUNKED "\r\n", "HTTP/1.1 501 Not Implemented"},
    {"Transfer-Encoding: identity\r\n\r\n", "HTTP/1.1 501 Not Implemented"},
    {"Transfer-Encoding: xchunked\r\n\r\n", "HTTP/1.1 501 Not Implemented"},
    {CHUNKED "Content-Length: 5\r\n\r\n", "HTTP/1.1 400 Bad Request"},
    {"Content-Length: 5\r\n" CHUNKED "\r\n", "HTTP/1.1 400 Bad Request"},
    {CHUNKED "\r\nx\r\n", "HTTP/1.1 400 Bad Request"},
    {CHUNKED "\r\n-1\r\n", "HTTP/1.1 400 Bad Request"},
    {CHUNKED "\r\n0x1\r\n", "HTTP/1.1 400 Bad Request"},
    {CHUNKED "\r\n 1\r\nx\r\n", "HTTP/1.1 400 Bad Request"},
    {CHUNKED "\r\n1\r\nxy\r\n", "HTTP/1.1 400 Bad Request"},
    {CHUNKED "\r\n1\r\nx1\r\n", "HTTP/1.1 400 Bad Request"},
    {CHUNKED "\r\n10000000000000000\r\nx", "HTTP/1.1 400 Bad Request"},
};

static void
check_bad(struct http_harness *harness)
{
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\n");
    harness_send_text(harness, current->request);
    assert_seen(harness, "");
    harness_assert_refused(harness, current->expected);
}

static void
bodies_that_cannot_be_measured_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        current = &bad[i];
        harness_each_chunking(check_bad);
    }
}

static void
http_1_0_knows_no_chunks(void **state)
{
    (void)state;
    struct http_harness harness;
    harness_init(&harness);
    harness_send_text(&harness, "POST / HTTP/1.0\r\n" CHUNKED "\r\n0\r\n\r\n");
    harness_assert_refused(&harness, "HTTP/1.1 400 Bad Request");
    harness_deinit(&harness);
}

static void
check_largest(struct http_harness *harness)
{
    char body[HARNESS_BODY_MAX_BYTES];
    memset(body, 'a', sizeof(body));
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 64\r\n\r\n");
    harness_send(harness, bytes_from(body, sizeof(body)));
    assert_bytes(http_exchange_request(harness->exchange)->body, bytes_from(body, sizeof(body)));
}

static void
a_body_may_fill_its_limit(void **state)
{
    (void)state;
    harness_each_chunking(check_largest);
}

enum { FRAMING_MAX_BYTES = HARNESS_HEADERS_MAX_BYTES + 8 * HARNESS_BODY_MAX_BYTES };

/* A chunk extension costs nothing to send and would be read for ever. */
static void
check_endless_extension(struct http_harness *harness)
{
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\n" CHUNKED "\r\n1;");
    for (size_t i = 0; i < FRAMING_MAX_BYTES; i++) {
        harness_send_text(harness, "a");
    }
    harness_assert_refused(harness, "HTTP/1.1 413 Content Too Large");
}

static void
check_endless_trailers(struct http_harness *harness)
{
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\n" CHUNKED "\r\n0\r\n");
    for (size_t i = 0; i < FRAMING_MAX_BYTES; i += sizeof("X: y\r\n") - 1) {
        harness_send_text(harness, "X: y\r\n");
    }
    harness_assert_refused(harness, "HTTP/1.1 413 Content Too Large");
}

static void
check_one_byte_chunks(struct http_harness *harness)
{
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\n" CHUNKED "\r\n");
    for (size_t i = 0; i < HARNESS_BODY_MAX_BYTES; i++) {
        harness_send_text(harness, "1\r\nx\r\n");
    }
    harness_send_text(harness, "0\r\n\r\n");
    assert_int_equal(harness->request_count, 1);
}

static void
the_cost_of_chunking_is_bounded(void **state)
{
    (void)state;
    harness_each_chunking(check_endless_extension);
    harness_each_chunking(check_endless_trailers);
    harness_each_chunking(check_one_byte_chunks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_arrive_whole),
        cmocka_unit_test(bodies_that_cannot_be_measured_are_refused),
        cmocka_unit_test(http_1_0_knows_no_chunks),
        cmocka_unit_test(a_body_may_fill_its_limit),
        cmocka_unit_test(the_cost_of_chunking_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
