/* SPDX-License-Identifier: MIT */
/*
 * Goal of this test: chunk headers end in CR LF and nothing else, or a proxy in front might see
 * other requests in the same bytes than we do. This is llhttp's strict mode: it must have been
 * compiled with LLHTTP_STRICT_MODE=1.
 */
#include "tests/unit/http/http_harness.h"

#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static const char *const sloppy[] = {
    CHUNKED "1\nx\n0\n\n",
    CHUNKED "1\rZx\r\n0\r\n\r\n",
    CHUNKED "1\r\nx\rZ0\r\n\r\n",
    CHUNKED "1\r\nxZZ0\r\n\r\n",
    CHUNKED "1\r\nx\r\n0\r\n\rZ",
    CHUNKED "1;a\nb\r\nx\r\n0\r\n\r\n",
    CHUNKED "1;a\rb\r\nx\r\n0\r\n\r\n",
    CHUNKED "1\r\nx\r\n0\r\nX: y\nZ: w\r\n\r\n",
};

static const char *current;

static void
check_sloppy(struct http_harness *harness)
{
    harness_send_text(harness, "POST / HTTP/1.1\r\nHost: h\r\n");
    harness_send_text(harness, current);
    assert_seen(harness, "");
    harness_assert_refused(harness, "HTTP/1.1 400 Bad Request");
}

static void
sloppy_chunks_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sloppy) / sizeof(sloppy[0]); i++) {
        current = sloppy[i];
        harness_each_chunking(check_sloppy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sloppy_chunks_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
