/* SPDX-License-Identifier: MIT */
/* Goal of this test: a dialed stream always ends in on_open or on_closed with a fitting status,
 * within its time-out. */
#include "tests/unit/net/net_fixture.h"

#include <stdio.h>
#include <string.h>

static void
dial(struct net_fixture *fixture, const char *address, uint32_t timeout_ms)
{
    assert_status(dialer_open(fixture->loop, address, timeout_ms, &fixture->client_options,
                              &net_end_handler, &fixture->client, &fixture->client.stream),
                  STATUS_OK);
    /* Never inside the call. */
    assert_int_equal(fixture->client.closed_count + fixture->client.open_count, 0);
}

static void
malformed_addresses(void **state)
{
    static const char *const bad[] = {"",        "host",       ":1",    "host:",  "host:x",
                                      "host:-1", "host:65536", "[::1]", "[::1]1", "[::1",
                                      "unix:",   "host:1:2",   "[]:1"};
    struct net_fixture fixture;
    struct stream *stream = NULL;
    (void)state;
    net_fixture_open_loop(&fixture);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum status status = dialer_open(fixture.loop, bad[i], 1000, NULL, &net_end_handler,
                                         &fixture.client, &stream);
        if (status != STATUS_INVALID) {
            fail_msg("\"%s\" gave %s", bad[i], status_name(status));
        }
    }
    net_run_ms(&fixture, 5);
    assert_int_equal(fixture.client.closed_count, 0);
    net_fixture_close(&fixture);
}

static void
refused(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    listener_close(fixture.listener);
    net_wait(&fixture, fixture.is_listener_closed);
    dial(&fixture, fixture.address, 20000);
    net_write_text(fixture.client.stream, "lost");
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_status(fixture.client.status, STATUS_UNREACHABLE);
    assert_non_null(strstr(fixture.client.reason, "refused"));
    assert_int_equal(fixture.client.open_count, 0);
    net_fixture_close(&fixture);
}

static void
unknown_name(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    dial(&fixture, "no-such-host.invalid:7443", 20000);
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_status(fixture.client.status, STATUS_UNREACHABLE);
    net_fixture_close(&fixture);
}

static void
silent_address_ends_in_time(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    uint64_t begin_ms = net_now_ms();
    /* TEST-NET-1: nobody answers, or a router says so. */
    dial(&fixture, "192.0.2.1:9", 300);
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_true(fixture.client.status == STATUS_TIMED_OUT ||
                fixture.client.status == STATUS_UNREACHABLE);
    assert_true(net_now_ms() - begin_ms < 10000);
    net_fixture_close(&fixture);
}

static void
handshake_counts(void **state)
{
    const struct test_certificate node = {.name = "web01"};
    struct test_authority *authority = test_authority_new("farm");
    struct net_fixture fixture;
    struct buffer credential;
    (void)state;
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    test_authority_issue(authority, &node, &credential);
    net_fixture_open(&fixture);
    struct tls_context *context = net_tls_link(TLS_CLIENT, buffer_bytes(&credential));
    fixture.client_options.tls = context;
    uint64_t begin_ms = net_now_ms();
    dial(&fixture, fixture.address, 200);
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_status(fixture.client.status, STATUS_TIMED_OUT);
    assert_true(net_now_ms() - begin_ms >= 150 && net_now_ms() - begin_ms < 8000);
    net_fixture_close(&fixture);
    tls_context_free(context);
    buffer_deinit(&credential);
    test_authority_free(authority);
}

static void
every_address_is_tried(void **state)
{
    struct net_fixture fixture;
    char address[64];
    (void)state;
    net_fixture_open(&fixture);
    /* Often ::1 comes first, where nobody listens. */
    (void)snprintf(address, sizeof address, "localhost:%u", listener_port(fixture.listener));
    dial(&fixture, address, 20000);
    net_wait(&fixture, fixture.client.open_count == 1);
    assert_string_equal(stream_peer_address(fixture.client.stream), fixture.address);
    net_fixture_close(&fixture);
}

static void
closed_while_dialing(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    const char *addresses[] = {"no-such-host.invalid:7443", "192.0.2.1:9", fixture.address,
                               "localhost:1"};
    for (size_t i = 0; i < 2 * sizeof addresses / sizeof addresses[0]; i++) {
        fixture.client.closed_count = 0;
        dial(&fixture, addresses[i / 2], 20000);
        if (i % 2 == 1) {
            net_step(&fixture);
        }
        if (fixture.client.stream != NULL) {
            stream_close(fixture.client.stream, "not needed any more");
        }
        net_wait(&fixture, fixture.client.closed_count == 1);
        fixture.client.open_count = 0;
    }
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_addresses),  cmocka_unit_test(refused),
        cmocka_unit_test(unknown_name),         cmocka_unit_test(silent_address_ends_in_time),
        cmocka_unit_test(handshake_counts),     cmocka_unit_test(every_address_is_tried),
        cmocka_unit_test(closed_while_dialing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
