/* SPDX-License-Identifier: MIT */
/* Goal of this test: a link lives as long as its peer does, and its end is told once. Virtual time.
 */
#include "tests/support/test.h"

#include "tests/unit/wire/link_fixture.h"

static void
test_silence_of_the_node_makes_pings(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    uint64_t written = fixture.pipe.node.written_bytes;
    link_fixture_expect_after(&fixture, LINK_KEEPALIVE_MS - 1, "");
    assert_int_equal(fixture.pipe.node.written_bytes, written);
    link_fixture_expect_after(&fixture, 1, "node: position 1 1\n");
    assert_int_equal(fixture.pipe.node.written_bytes, written + ENVELOPE_HEADER_BYTES);
    /* What is sent otherwise puts the next one off. */
    link_fixture_expect_after(&fixture, LINK_KEEPALIVE_MS - 1, "");
    link_client_credit(fixture.client, 1);
    link_fixture_expect_after(&fixture, 1, "bridge: credit 1\nnode: position 1 1\n");
    assert_int_equal(fixture.pipe.node.written_bytes, written + 2 * ENVELOPE_HEADER_BYTES);
    link_fixture_deinit(&fixture);
}

static void
test_bridge_says_positions_however_busy(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    link_client_open_app(fixture.client, 9, BYTES("Other"), 0, 0);
    link_pipe_run(&fixture.pipe);
    fixture.is_open_answered = false;
    link_client_open_app(fixture.client, 10, BYTES("Unanswered"), 0, 0);
    link_pipe_run(&fixture.pipe);
    buffer_clear(&fixture.told);
    fixture.position = 100;
    link_fixture_expect_after(&fixture, LINK_KEEPALIVE_MS - 1, "");
    link_server_gap(fixture.server, 1, 5, 6);
    link_fixture_expect_after(&fixture, 1,
                              "node: gap 1 5 6\nnode: position 1 101\nnode: position 9 109\n");
    link_fixture_deinit(&fixture);
}

static void
test_link_without_apps_stays_alive(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    link_pipe_run(&fixture.pipe);
    buffer_clear(&fixture.told);
    link_fixture_expect_after(&fixture, 60000, "");
    assert_int_equal(fixture.failed_count, 0);
    /* Each end pings every 2 s, and answers the other's ping. */
    assert_true(fixture.pipe.bridge.write_count >= 30);
    assert_true(fixture.pipe.node.write_count >= 30);
    link_fixture_deinit(&fixture);
}

static void
test_dead_network(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    fixture.pipe.is_stalled = true;
    link_fixture_expect_after(&fixture, LINK_DEAD_MS - 1, "");
    link_fixture_expect_after(&fixture, 1,
                              "bridge: failed TIMED_OUT nothing has arrived for too long\n"
                              "node: failed TIMED_OUT nothing has arrived for too long\n");
    assert_string_equal(fixture.pipe.node.close_reason, "dead-peer");
    assert_true(fixture.pipe.bridge.is_closed);
    /* And that is the last that is told. */
    fixture.pipe.is_stalled = false;
    link_fixture_expect_after(&fixture, 60000, "");
    assert_int_equal(fixture.failed_count, 2);
    link_fixture_deinit(&fixture);
}

static void
test_suspended_machine_reads_before_it_gives_up(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    /* A minute is gone at once; the other end's bytes wait in the socket while timers run first. */
    clock_advance(&fixture.clock, 60000);
    link_server_gap(fixture.server, 1, 5, 6);
    link_client_credit(fixture.client, 1);
    timers_run(&fixture.timers);
    link_fixture_expect(&fixture, "bridge: credit 1\nnode: gap 1 5 6\n");
    timers_run(&fixture.timers);
    link_pipe_run(&fixture.pipe);
    assert_int_equal(fixture.failed_count, 0);
    link_fixture_deinit(&fixture);
}

static void
test_late_handshake(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    fixture.pipe.is_stalled = true;
    link_fixture_expect_after(&fixture, LINK_DEAD_MS,
                              "bridge: failed TIMED_OUT the peer did not introduce itself in time\n"
                              "node: failed TIMED_OUT the peer did not introduce itself in time\n");
    link_fixture_deinit(&fixture);
}

static void
test_trickled_handshake(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    link_pipe_detach(&fixture.pipe.node);
    fixture.pipe.chunk_bytes = 1;
    for (int second = 0; second < 6; second++) {
        link_pipe_step(&fixture.pipe);
        fixture.pipe.is_stalled = true;
        link_pipe_advance(&fixture.pipe, &fixture.timers, 1000);
        fixture.pipe.is_stalled = false;
    }
    assert_true(fixture.failed_count >= 1);
    assert_true(fixture.pipe.bridge.is_closed);
    link_fixture_deinit(&fixture);
}

static void
test_patience_follows_the_peers_keepalive(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    link_pipe_detach(&fixture.pipe.bridge);
    link_server_free(fixture.server);
    fixture.server = NULL;
    link_pipe_run(&fixture.pipe);
    /* A bridge that pings each 5 s. */
    link_fixture_inject_from_bridge(
        &fixture, "0000002d 02 00 0000 00000000 0000000000000000"
                  "0001 0001 00001388 01000000 0000000000000064 b2000000000000000000000000000000"
                  "0001 62 0002 7631 ffff");
    link_fixture_expect(&fixture, "node: welcome b v1 b2\nnode: credit 100\n");
    link_fixture_expect_after(&fixture, 14999, "");
    link_fixture_expect_after(&fixture, 1,
                              "node: failed TIMED_OUT nothing has arrived for too long\n");
    link_fixture_deinit(&fixture);
}

static void
test_stream_ends(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    link_pipe_cut(&fixture.pipe, STATUS_UNREACHABLE, "connection reset");
    link_fixture_expect(&fixture, "node: failed UNREACHABLE connection reset\n"
                                  "bridge: failed UNREACHABLE connection reset\n");
    /* Everything after it does nothing. */
    link_client_credit(fixture.client, 1);
    link_client_closed(fixture.client, STATUS_CLOSED, "again");
    link_server_published(fixture.server, 1, 1, 1);
    link_server_error(fixture.server, STATUS_LIMIT, "again");
    link_client_receive(fixture.client, BYTES("garbage"));
    link_fixture_expect_after(&fixture, 60000, "");
    link_fixture_deinit(&fixture);
}

static void
test_owner_closes_the_sink(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    struct payload *frame = payload_from(BYTES("last words"));
    link_client_publish(fixture.client, 1, 1, frame);
    payload_unref(frame);
    sink_finish(&fixture.pipe.node.sink, "done");
    link_fixture_expect(&fixture, "bridge: publish 1 1 last words\n"
                                  "node: failed OK done\n"
                                  "bridge: failed CLOSED closed by the other end\n");
    link_fixture_deinit(&fixture);
}

static void
test_error_is_told_later_and_to_both(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    link_server_error(fixture.server, STATUS_DENIED, "the certificate was revoked");
    assert_int_equal(fixture.told.length, 0);
    link_server_error(fixture.server, STATUS_LIMIT, "too late");
    timers_run(&fixture.timers);
    link_fixture_expect(&fixture, "bridge: failed DENIED the certificate was revoked\n"
                                  "node: failed DENIED the certificate was revoked\n");
    assert_string_equal(fixture.pipe.bridge.close_reason, "denied");
    assert_string_equal(fixture.pipe.node.close_reason, "peer-error");
    link_fixture_deinit(&fixture);
}

static void
test_turned_away_in_hello(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    fixture.turn_away = "web01 is not of this farm\n\x07";
    link_fixture_expect(&fixture, "bridge: hello web01 service 1 a1\n"
                                  "bridge: failed DENIED web01 is not of this farm??\n"
                                  "node: welcome bridge1 bridge 1 b2\n"
                                  "node: credit 4194304\n"
                                  "node: failed DENIED web01 is not of this farm??\n");
    link_fixture_deinit(&fixture);
}

static void
test_free_is_silent(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    link_server_error(fixture.server, STATUS_DENIED, "nobody will hear");
    link_server_free(fixture.server);
    link_pipe_detach(&fixture.pipe.bridge);
    link_client_free(fixture.client);
    link_pipe_detach(&fixture.pipe.node);
    fixture.server = NULL;
    fixture.client = NULL;
    link_fixture_expect_after(&fixture, 60000, "");
    link_fixture_deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_of_the_node_makes_pings),
        cmocka_unit_test(test_bridge_says_positions_however_busy),
        cmocka_unit_test(test_link_without_apps_stays_alive),
        cmocka_unit_test(test_dead_network),
        cmocka_unit_test(test_suspended_machine_reads_before_it_gives_up),
        cmocka_unit_test(test_late_handshake),
        cmocka_unit_test(test_trickled_handshake),
        cmocka_unit_test(test_patience_follows_the_peers_keepalive),
        cmocka_unit_test(test_stream_ends),
        cmocka_unit_test(test_owner_closes_the_sink),
        cmocka_unit_test(test_error_is_told_later_and_to_both),
        cmocka_unit_test(test_turned_away_in_hello),
        cmocka_unit_test(test_free_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
