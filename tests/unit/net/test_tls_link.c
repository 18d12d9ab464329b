/* SPDX-License-Identifier: MIT */
/* Goal of this test: on a link each end knows who the other is, and bytes of any size get through.
 */
#include "tests/unit/net/net_fixture.h"

#include <string.h>

struct farm {
    struct net_fixture net;
    struct test_authority *authority;
    struct tls_context *node;
    struct tls_context *bridge;
};

static struct tls_context *
issue(struct farm *farm, const struct test_certificate *wanted, enum tls_role role)
{
    struct buffer credential;
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    test_authority_issue(farm->authority, wanted, &credential);
    struct tls_context *context = net_tls_link(role, buffer_bytes(&credential));
    buffer_deinit(&credential);
    return context;
}

static void
open_farm(struct farm *farm)
{
    const struct test_certificate node = {.name = "web01",
                                          .uris = {"hubplane:app:ChatApp", "hubplane:app:a%2Fb%25",
                                                   "https://example.com/"}};
    const struct test_certificate bridge = {.name = "bridge1",
                                            .is_bridge = true,
                                            .uris = {"hubplane:app:*"}};
    net_fixture_open(&farm->net);
    farm->authority = test_authority_new("farm");
    farm->node = issue(farm, &node, TLS_CLIENT);
    farm->bridge = issue(farm, &bridge, TLS_SERVER);
    farm->net.client_options.tls = farm->node;
    farm->net.server_options.tls = farm->bridge;
}

static void
close_farm(struct farm *farm)
{
    tls_context_free(farm->node);
    tls_context_free(farm->bridge);
    net_fixture_close(&farm->net);
    test_authority_free(farm->authority);
}

static void
both_know_each_other(void **state)
{
    struct farm farm;
    (void)state;
    open_farm(&farm);
    net_fixture_connect(&farm.net);
    const struct tls_peer *node = stream_tls_peer(farm.net.server.stream);
    assert_non_null(node);
    assert_string_equal(node->name, "web01");
    assert_false(node->is_bridge);
    assert_int_equal(node->app_count, 2);
    assert_true(tls_peer_allows_app(node, BYTES("ChatApp")));
    assert_true(tls_peer_allows_app(node, BYTES("a/b%")));
    assert_false(tls_peer_allows_app(node, BYTES("chatapp")));
    assert_false(tls_peer_allows_app(node, BYTES("*")));
    assert_string_equal(node->serial, "02");
    assert_int_equal(strlen(node->fingerprint), 64);
    struct clock clock;
    clock_init_system(&clock);
    int64_t expected_s = (int64_t)(clock.wall_ms / 1000) + 3600;
    assert_true(node->expires_at_s > expected_s - 120 && node->expires_at_s < expected_s + 120);

    const struct tls_peer *identity = tls_context_identity(farm.node);
    assert_string_equal(identity->name, "web01");
    assert_string_equal(identity->fingerprint, node->fingerprint);

    const struct tls_peer *bridge = stream_tls_peer(farm.net.client.stream);
    assert_non_null(bridge);
    assert_string_equal(bridge->name, "bridge1");
    assert_true(bridge->is_bridge);
    assert_true(tls_peer_allows_app(bridge, BYTES("anything")));
    close_farm(&farm);
}

static void
bytes_get_through(void **state)
{
    enum { SIZE = 10 * 1000 * 1000 + 7 };
    struct farm farm;
    (void)state;
    open_farm(&farm);
    farm.net.client_options.queue_limit_bytes = (size_t)2 * SIZE;
    farm.net.server_options.queue_limit_bytes = (size_t)2 * SIZE;
    net_fixture_dial(&farm.net);
    net_write_pattern(farm.net.client.stream, SIZE, 777);
    net_wait(&farm.net, farm.net.server.open_count == 1);
    net_write_pattern(farm.net.server.stream, SIZE, SIZE);
    net_wait(&farm.net,
             farm.net.server.received.length == SIZE && farm.net.client.received.length == SIZE);
    assert_true(net_is_pattern(buffer_bytes(&farm.net.server.received)));
    assert_true(net_is_pattern(buffer_bytes(&farm.net.client.received)));
    close_farm(&farm);
}

static void
finish_ends_the_session_cleanly(void **state)
{
    struct farm farm;
    (void)state;
    open_farm(&farm);
    net_fixture_connect(&farm.net);
    net_write_text(farm.net.client.stream, "last words");
    sink_finish(stream_sink(farm.net.client.stream), "done");
    net_wait(&farm.net, farm.net.client.closed_count == 1 && farm.net.server.closed_count == 1);
    assert_text(buffer_bytes(&farm.net.server.received), "last words");
    assert_status(farm.net.server.status, STATUS_CLOSED);
    assert_string_equal(farm.net.server.reason, "the peer has closed");
    assert_status(farm.net.client.status, STATUS_OK);
    assert_string_equal(farm.net.client.reason, "done");
    close_farm(&farm);
}

static void
pause_in_on_open(struct net_end *end)
{
    sink_pause(stream_sink(end->stream));
}

static void
paused_end_gets_nothing(void **state)
{
    enum { SIZE = 3 * 1000 * 1000 };
    struct farm farm;
    (void)state;
    open_farm(&farm);
    farm.net.server.on_open = pause_in_on_open;
    net_fixture_dial(&farm.net);
    net_write_pattern(farm.net.client.stream, SIZE, 10000);
    net_wait(&farm.net, farm.net.server.open_count == 1);
    net_run_ms(&farm.net, 50);
    assert_int_equal(farm.net.server.data_count, 0);
    sink_resume(stream_sink(farm.net.server.stream));
    net_wait(&farm.net, farm.net.server.received_bytes >= SIZE / 2);
    sink_pause(stream_sink(farm.net.server.stream));
    uint64_t received_bytes = farm.net.server.received_bytes;
    net_run_ms(&farm.net, 20);
    assert_int_equal(farm.net.server.received_bytes, received_bytes);
    sink_resume(stream_sink(farm.net.server.stream));
    sink_pause(stream_sink(farm.net.server.stream));
    sink_resume(stream_sink(farm.net.server.stream));
    net_wait(&farm.net, farm.net.server.received.length == SIZE);
    assert_true(net_is_pattern(buffer_bytes(&farm.net.server.received)));
    close_farm(&farm);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_know_each_other),
        cmocka_unit_test(bytes_get_through),
        cmocka_unit_test(finish_ends_the_session_cleanly),
        cmocka_unit_test(paused_end_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
