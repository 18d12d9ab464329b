/* SPDX-License-Identifier: MIT */
/* Goal of this test: what one end writes the other receives, in order, small and big. */
#include "tests/unit/net/net_fixture.h"

static void
echo(struct net_end *end, struct bytes input)
{
    sink_write_bytes(stream_sink(end->stream), input);
}

static void
small_text_comes_back(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.server.on_data = echo;
    net_fixture_connect(&fixture);
    net_write_text(fixture.client.stream, "hello ");
    net_write_text(fixture.client.stream, "there");
    net_wait(&fixture, fixture.client.received.length == 11);
    assert_text(buffer_bytes(&fixture.client.received), "hello there");
    assert_int_equal(sink_queued_bytes(stream_sink(fixture.client.stream)), 0);
    net_fixture_close(&fixture);
}

static void
written_before_open_arrives(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_dial(&fixture);
    net_write_text(fixture.client.stream, "early");
    net_wait(&fixture, fixture.server.received.length == 5);
    assert_text(buffer_bytes(&fixture.server.received), "early");
    net_fixture_close(&fixture);
}

static void
big_payload_both_ways(void **state)
{
    enum { SIZE = 20 * 1024 * 1024 };
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.client_options.queue_limit_bytes = (size_t)2 * SIZE;
    fixture.server_options.queue_limit_bytes = (size_t)2 * SIZE;
    net_fixture_connect(&fixture);
    net_write_pattern(fixture.client.stream, SIZE, 100000);
    net_write_pattern(fixture.server.stream, SIZE, SIZE);
    assert_true(stream_is_full(fixture.client.stream));
    net_wait(&fixture,
             fixture.server.received.length == SIZE && fixture.client.received.length == SIZE);
    assert_true(net_is_pattern(buffer_bytes(&fixture.server.received)));
    assert_true(net_is_pattern(buffer_bytes(&fixture.client.received)));
    net_fixture_close(&fixture);
}

static void
peer_addresses_are_known(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_connect(&fixture);
    assert_string_equal(stream_peer_address(fixture.client.stream), fixture.address);
    assert_true(bytes_starts_with(bytes_from_string(stream_peer_address(fixture.server.stream)),
                                  BYTES("127.0.0.1:")));
    assert_null(stream_tls_peer(fixture.server.stream));
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_text_comes_back),
        cmocka_unit_test(written_before_open_arrives),
        cmocka_unit_test(big_payload_both_ways),
        cmocka_unit_test(peer_addresses_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
