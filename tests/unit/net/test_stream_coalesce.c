/* SPDX-License-Identifier: MIT */
/* Goal of this test: what is written in one turn of the loop leaves in few system calls. */
#include "tests/unit/net/net_fixture.h"

static uint64_t
writes_for(struct net_fixture *fixture, int count)
{
    uint64_t before = loop_counters(fixture->loop)->writes;
    uint64_t expected = fixture->server.received_bytes + (uint64_t)count * 10;
    for (int i = 0; i < count; i++) {
        net_write_text(fixture->client.stream, "0123456789");
    }
    assert_int_equal(loop_counters(fixture->loop)->writes, before);
    assert_int_equal(sink_queued_bytes(stream_sink(fixture->client.stream)), count * 10);
    net_wait(fixture, fixture->server.received_bytes == expected);
    return loop_counters(fixture->loop)->writes - before;
}

static void
plain(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_connect(&fixture);
    assert_int_equal(writes_for(&fixture, 1), 1);
    assert_int_equal(writes_for(&fixture, 3), 1);
    assert_int_equal(writes_for(&fixture, 256), 1);
    assert_int_equal(writes_for(&fixture, 1000), 4);
    net_fixture_close(&fixture);
}

static void
tls(void **state)
{
    const struct test_certificate bridge = {.name = "bridge1", .is_bridge = true};
    struct test_authority *authority = test_authority_new("farm");
    struct net_fixture fixture;
    struct buffer credential;
    (void)state;
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    test_authority_issue(authority, &bridge, &credential);
    net_fixture_open(&fixture);
    struct tls_context *client = net_tls_link(TLS_CLIENT, buffer_bytes(&credential));
    struct tls_context *server = net_tls_link(TLS_SERVER, buffer_bytes(&credential));
    fixture.client_options.tls = client;
    fixture.server_options.tls = server;
    net_fixture_connect(&fixture);
    uint64_t before_bytes = loop_counters(fixture.loop)->write_bytes;
    assert_int_equal(writes_for(&fixture, 1000), 1);
    /* One record: 10,000 bytes and the overhead of TLS 1.3. */
    assert_int_equal(loop_counters(fixture.loop)->write_bytes - before_bytes, 10000 + 22);
    net_fixture_close(&fixture);
    tls_context_free(client);
    tls_context_free(server);
    buffer_deinit(&credential);
    test_authority_free(authority);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
