/* SPDX-License-Identifier: MIT */
/* Goal of this test: the operator reads why requests are refused, but strangers cannot fill his
 * disk. */
#include "tests/unit/http/http_harness.h"

#include <stdio.h>
#include <string.h>

struct lines {
    size_t count;
    char latest[256];
};

static void
keep_line(void *context, enum log_level level, const char *line)
{
    struct lines *lines = context;
    assert_int_equal(level, LOG_INFO);
    lines->count++;
    snprintf(lines->latest, sizeof(lines->latest), "%s", line);
}

/* A client of its own for each request, at the same server. */
static void
send_bad_request(struct http_harness *harness, struct http_server *server, const char *request)
{
    struct http_harness client;
    harness_init(&client);
    client.server.log = server->log;
    memcpy(client.server.refusal_limits, server->refusal_limits, sizeof(server->refusal_limits));
    client.clock.now_ms = harness->clock.now_ms;
    harness_send_text(&client, request);
    memcpy(server->refusal_limits, client.server.refusal_limits, sizeof(server->refusal_limits));
    harness_deinit(&client);
}

static const char other_version[] = "GET /secret?token=1 HTTP/3.7\r\n\r\n";

static void
refusals_are_logged_once_a_minute(void **state)
{
    (void)state;
    struct http_harness harness;
    struct log log;
    struct lines lines = {.count = 0};
    log_init(&log, LOG_INFO, keep_line, &lines);
    harness_init(&harness);
    harness.server.log = &log;
    for (size_t i = 0; i < 1000; i++) {
        send_bad_request(&harness, &harness.server, other_version);
    }
    assert_int_equal(lines.count, 1);
    assert_non_null(strstr(lines.latest, "request refused peer=192.0.2.1:5000 status=505"));
    assert_null(strstr(lines.latest, "secret"));
    /* Another mistake has a line of its own. */
    send_bad_request(&harness, &harness.server, "GET / HTTP/1.1\r\nHost: a\r\nExpect: b\r\n\r\n");
    assert_int_equal(lines.count, 2);
    assert_non_null(strstr(lines.latest, "status=417"));
    harness_advance(&harness, 60 * 1000);
    send_bad_request(&harness, &harness.server, other_version);
    assert_int_equal(lines.count, 3);
    assert_non_null(strstr(lines.latest, "suppressed=999"));
    harness_deinit(&harness);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_are_logged_once_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
