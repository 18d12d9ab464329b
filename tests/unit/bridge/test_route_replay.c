/* SPDX-License-Identifier: MIT */
/* Replays: from the history, from the log, in id order, at the pace of the link. */
#include <string.h>

#include "bridge/route/route_replay.h"
#include "tests/support/test.h"
#include "tests/unit/bridge/route_fixture.h"
#include <stdio.h>

static void
publish_numbered(struct route_fixture *fixture, const char *topic, int from, int to)
{
    char value[16];

    for (int i = from; i <= to; i++) {
        snprintf(value, sizeof(value), "%s%d", topic, i);
        fixture_node_publish(fixture, 1, topic, value);
    }
    route_fixture_run(fixture);
}

static void
history_is_enough(void **state)
{
    const struct link_topic topics[] = {{BYTES("t"), 102}, {BYTES("u"), 100}, {BYTES("none"), 0}};
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    publish_numbered(&fixture, "t", 1, 3); /* 101 to 103 */
    publish_numbered(&fixture, "u", 1, 2); /* 104, 105 */
    publish_numbered(&fixture, "v", 1, 1);
    route_fixture_forget(&fixture);
    fixture.backplane.log_limit = 0;
    link_client_replay(fixture.nodes[0].client, ROUTE_FIXTURE_APP, 9, topics, 3);
    route_fixture_expect(&fixture, "a: replay 103 t3\n"
                                   "a: replay 104 u1\n"
                                   "a: replay 105 u2\n"
                                   "a: replayed to 106 missing 100\n");
    assert_int_equal(fixture.backplane.read_count, 0);
    route_fixture_deinit(&fixture);
}

static void
the_log_reaches_further_back(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    for (uint64_t id = 51; id <= 100; id++) {
        fake_route_log(&fixture.backplane, id,
                       route_fixture_frame(id % 10 == 0 ? "t" : "u", "old"));
    }
    publish_numbered(&fixture, "t", 1, 2);
    route_fixture_forget(&fixture);
    fixture_node_replay(&fixture, 0, "t", 75);
    route_fixture_expect(&fixture, "a: replay 80 old foreign\n"
                                   "a: replay 90 old foreign\n"
                                   "a: replay 100 old foreign\n"
                                   "a: replay 101 t1\n"
                                   "a: replay 102 t2\n"
                                   "a: replayed to 102 missing 0\n");
    fixture_node_replay(&fixture, 0, "t", 20);
    route_fixture_run(&fixture);
    assert_true(bytes_ends_with_ignore_case(buffer_bytes(&fixture.nodes[0].told),
                                            BYTES("a: replayed to 102 missing 50\n")));
    route_fixture_deinit(&fixture);
}

static void
live_messages_follow_the_replay(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "t");
    fake_route_log(&fixture.backplane, 99, route_fixture_frame("t", "old"));
    publish_numbered(&fixture, "t", 1, 1);
    route_fixture_forget(&fixture);
    fixture_node_replay(&fixture, 0, "t", 98);
    link_pipe_run(&fixture.nodes[0].pipe);
    /* The log has not answered yet; what comes meanwhile must not overtake. */
    fake_route_hear(&fixture.backplane, 102, route_fixture_frame("t", "live"));
    fixture.backplane.counter = 102;
    route_fixture_expect(&fixture, "a: replay 99 old foreign\n"
                                   "a: replay 101 t1\n"
                                   "a: replayed to 101 missing 0\n"
                                   "a: deliver 102 live foreign\n");
    route_fixture_deinit(&fixture);
}

static void
replays_queue_up(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    publish_numbered(&fixture, "t", 1, 2);
    route_fixture_forget(&fixture);
    fixture.backplane.is_stuck = true;
    fixture_node_replay(&fixture, 0, "t", 50);
    fixture_node_replay(&fixture, 0, "t", 101);
    fixture_node_replay(&fixture, 0, "*", 100);
    route_fixture_expect(&fixture, "");
    fixture.backplane.is_stuck = false;
    route_fixture_expect(&fixture, "a: replay 101 t1\n"
                                   "a: replay 102 t2\n"
                                   "a: replayed to 102 missing 100\n"
                                   "a: replay 102 t2\n"
                                   "a: replayed to 102 missing 0\n"
                                   "a: replay 101 t1\n"
                                   "a: replay 102 t2\n"
                                   "a: replayed to 102 missing 0\n");
    /* Every message: exactly as published. */
    assert_int_equal(fixture.nodes[0].trailer_bytes, SIGNALR_TRAILER_BYTES);
    route_fixture_deinit(&fixture);
}

/* It comes from a bridge that has heard more than this one. */
static void
a_node_that_is_ahead_is_caught_up_with(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "t");
    route_fixture_forget(&fixture);
    fixture.backplane.counter = 103;
    fixture_node_replay(&fixture, 0, "t", 102);
    route_fixture_expect(&fixture, "");
    fake_route_hear(&fixture.backplane, 101, route_fixture_frame("t", "one"));
    fake_route_hear(&fixture.backplane, 102, route_fixture_frame("t", "two"));
    fake_route_hear(&fixture.backplane, 103, route_fixture_frame("t", "three"));
    route_fixture_expect(&fixture, "");
    route_fixture_advance(&fixture, ROUTE_REPLAY_LAG_MS);
    route_fixture_expect(&fixture, "a: deliver 101 one foreign\n"
                                   "a: deliver 102 two foreign\n"
                                   "a: deliver 103 three foreign\n"
                                   "a: replay 103 three foreign\n"
                                   "a: replayed to 103 missing 0\n");
    fake_route_hear(&fixture.backplane, 104, route_fixture_frame("t", "four"));
    route_fixture_expect(&fixture, "a: deliver 104 four foreign\n");
    route_fixture_deinit(&fixture);
}

/* R-4, C-9: the counter has not got that far, so nobody can have seen it. */
static void
a_stale_position_is_told_at_once(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_replay(&fixture, 0, "t", 5000);
    route_fixture_expect(&fixture, "a: replayed to 100 missing 0\n");
    fixture.backplane.is_log_down = true;
    fixture_node_replay(&fixture, 0, "t", 5000);
    route_fixture_expect(&fixture, "");
    fixture.backplane.is_log_down = false;
    route_fixture_advance(&fixture, ROUTE_REPLAY_RETRY_MS);
    route_fixture_expect(&fixture, "a: replayed to 100 missing 0\n");
    route_fixture_deinit(&fixture);
}

/* Until the bridge has waited long enough for Redis. */
static void
join_without_redis(struct route_fixture *fixture, size_t index)
{
    fixture_node_join(fixture, index);
    route_fixture_advance(fixture, 2 * ROUTE_OPEN_PATIENCE_MS);
}

/* A bridge that started while Redis is away begins where the first node has come to, which says
 * nothing about what another node lacks. */
static void
a_node_that_lacks_more_than_the_first_is_served_from_the_log(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init(&fixture);
    route_fixture_open(&fixture, false);
    for (uint64_t id = 97; id <= 100; id++) {
        fake_route_log(&fixture.backplane, id, route_fixture_frame("t", "kept"));
    }
    fixture.nodes[0].last_seen_id = 99;
    fixture.nodes[1].last_seen_id = 97;
    join_without_redis(&fixture, 0);
    join_without_redis(&fixture, 1);
    fixture_node_listen(&fixture, 1, "t");
    route_fixture_forget(&fixture);
    fixture.backplane.is_log_down = true;
    fixture_node_replay(&fixture, 1, "t", 97);
    route_fixture_advance(&fixture, 2 * ROUTE_REPLAY_PATIENCE_MS);
    route_fixture_expect(&fixture, "");
    fixture.backplane.is_log_down = false;
    fake_route_connect(&fixture.backplane);
    route_fixture_advance(&fixture, ROUTE_REPLAY_RETRY_MS);
    route_fixture_expect(&fixture, "a: state open: connected\n"
                                   "b: state open: connected\n"
                                   "b: replay 98 kept foreign\n"
                                   "b: replay 99 kept foreign\n"
                                   "b: replayed to 99 missing 0\n"
                                   "b: deliver 100 kept foreign\n");
    route_fixture_deinit(&fixture);
}

/* The other way round: the position that was told stays, and who is ahead of it gets nothing twice.
 */
static void
a_told_position_is_not_raised(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init(&fixture);
    route_fixture_open(&fixture, false);
    for (uint64_t id = 97; id <= 100; id++) {
        fake_route_log(&fixture.backplane, id, route_fixture_frame("t", "kept"));
    }
    fixture.nodes[0].last_seen_id = 97;
    fixture.nodes[1].last_seen_id = 99;
    join_without_redis(&fixture, 0);
    fixture_node_listen(&fixture, 0, "t");
    join_without_redis(&fixture, 1);
    route_fixture_forget(&fixture);
    fixture_node_replay(&fixture, 1, "t", 99);
    route_fixture_expect(&fixture, "b: replayed to 97 missing 0\n");
    fake_route_connect(&fixture.backplane);
    route_fixture_expect(&fixture, "a: state open: connected\n"
                                   "a: deliver 98 kept foreign\n"
                                   "a: deliver 99 kept foreign\n"
                                   "a: deliver 100 kept foreign\n"
                                   "b: state open: connected\n");
    route_fixture_deinit(&fixture);
}

static void
a_node_may_leave_during_its_replay(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.backplane.is_stuck = true;
    fixture_node_replay(&fixture, 0, "t", 50);
    fixture_node_replay(&fixture, 0, "t", 60);
    route_fixture_run(&fixture);
    fixture_node_leave(&fixture, 0);
    fixture.backplane.is_stuck = false;
    route_fixture_expect(&fixture, "");
    route_fixture_deinit(&fixture);
}

static void
an_unreadable_log_is_waited_for(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fake_route_log(&fixture.backplane, 99, route_fixture_frame("t", "old"));
    fixture.backplane.is_log_down = true;
    fixture_node_replay(&fixture, 0, "t", 98);
    route_fixture_advance(&fixture, 2000);
    route_fixture_expect(&fixture, "");
    fixture.backplane.is_log_down = false;
    route_fixture_advance(&fixture, 300);
    route_fixture_expect(&fixture, "a: replay 99 old foreign\n"
                                   "a: replayed to 100 missing 0\n");
    fixture.backplane.is_log_down = true;
    fixture_node_replay(&fixture, 0, "t", 98);
    route_fixture_advance(&fixture, ROUTE_REPLAY_PATIENCE_MS + 500);
    route_fixture_expect(&fixture, "a: replayed to 100 missing 100\n");
    route_fixture_deinit(&fixture);
}

/* A value so large that few messages use up the credit. */
static const char *
large_value(void)
{
    static char value[60 * 1024];

    memset(value, 'x', sizeof(value) - 1);
    return value;
}

static void
a_slow_node_is_served_from_the_history(void **state)
{
    struct route_fixture fixture;
    struct fixture_node *node = &fixture.nodes[0];
    size_t total = 0;

    (void)state;
    route_fixture_init(&fixture);
    fixture.options.history_bytes = 64 * 1024 * 1024;
    route_fixture_open(&fixture, true);
    fixture_node_join(&fixture, 0);
    fixture_node_listen(&fixture, 0, "t");
    node->keeps_credit = true;
    for (int i = 0; i < 200; i++) {
        (void)fake_route_publish_foreign(&fixture.backplane,
                                         route_fixture_frame("t", large_value()));
        route_fixture_run(&fixture);
    }
    assert_int_equal(node->member->state, ROUTE_MEMBER_BEHIND);
    assert_true(route_member_position(node->member) < 300);
    assert_int_equal(fixture.app->order.position, 300);
    /* It takes everything up again where it stopped. */
    node->keeps_credit = false;
    link_client_credit(node->client, LINK_CREDIT_BYTES);
    route_fixture_run(&fixture);
    assert_int_equal(node->member->state, ROUTE_MEMBER_LIVE);
    for (struct bytes rest = buffer_bytes(&node->told), line; bytes_split(&rest, '\n', &line);) {
        total += bytes_starts_with(line, BYTES("a: deliver")) ? 1 : 0;
    }
    assert_int_equal(total, 200);
    route_fixture_deinit(&fixture);
}

static void
a_node_too_slow_for_the_history_is_cut_off(void **state)
{
    struct route_fixture fixture;
    struct fixture_node *node = &fixture.nodes[0];

    (void)state;
    route_fixture_init(&fixture);
    fixture.options.history_bytes = 1024 * 1024;
    route_fixture_open(&fixture, true);
    fixture_node_join(&fixture, 0);
    fixture_node_listen(&fixture, 0, "t");
    node->keeps_credit = true;
    for (int i = 0; i < 200; i++) {
        (void)fake_route_publish_foreign(&fixture.backplane,
                                         route_fixture_frame("t", large_value()));
    }
    route_fixture_run(&fixture);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_SLOW_CONSUMERS), 1);
    assert_true(bytes_ends_with_ignore_case(buffer_bytes(&node->told),
                                            BYTES("a: failed LIMIT slow-consumer:\n")));
    route_fixture_deinit(&fixture);
}

static void
a_replay_keeps_to_the_credit(void **state)
{
    struct route_fixture fixture;
    struct fixture_node *node = &fixture.nodes[0];

    (void)state;
    route_fixture_init(&fixture);
    fixture.options.history_bytes = 64 * 1024 * 1024;
    route_fixture_open(&fixture, true);
    for (int i = 0; i < 200; i++) {
        (void)fake_route_publish_foreign(&fixture.backplane,
                                         route_fixture_frame("t", large_value()));
    }
    fixture_node_join(&fixture, 0);
    fixture_node_listen(&fixture, 0, "t");
    node->keeps_credit = true;
    fixture_node_replay(&fixture, 0, "t", 100);
    route_fixture_run(&fixture);
    assert_int_equal(node->member->state, ROUTE_MEMBER_BEHIND);
    /* A message that comes now has to wait for the end of the replay. */
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("t", "live"));
    node->keeps_credit = false;
    link_client_credit(node->client, LINK_CREDIT_BYTES);
    route_fixture_run(&fixture);
    assert_true(bytes_ends_with_ignore_case(buffer_bytes(&node->told),
                                            BYTES("a: replayed to 300 missing 0\n"
                                                  "a: deliver 301 live foreign\n")));
    route_fixture_deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_is_enough),
        cmocka_unit_test(the_log_reaches_further_back),
        cmocka_unit_test(live_messages_follow_the_replay),
        cmocka_unit_test(replays_queue_up),
        cmocka_unit_test(a_node_that_is_ahead_is_caught_up_with),
        cmocka_unit_test(a_stale_position_is_told_at_once),
        cmocka_unit_test(a_node_that_lacks_more_than_the_first_is_served_from_the_log),
        cmocka_unit_test(a_told_position_is_not_raised),
        cmocka_unit_test(a_node_may_leave_during_its_replay),
        cmocka_unit_test(an_unreadable_log_is_waited_for),
        cmocka_unit_test(a_slow_node_is_served_from_the_history),
        cmocka_unit_test(a_node_too_slow_for_the_history_is_cut_off),
        cmocka_unit_test(a_replay_keeps_to_the_credit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
