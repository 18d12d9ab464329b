/* SPDX-License-Identifier: MIT */
/* Holes in the ids: waited for, filled from the log, or closed; the order is never broken. */
#include "tests/support/test.h"
#include "tests/unit/bridge/route_fixture.h"
#include <stdio.h>

static void
hear(struct route_fixture *fixture, uint64_t id)
{
    char value[24];

    snprintf(value, sizeof(value), "m%llu", (unsigned long long)id);
    fake_route_hear(&fixture->backplane, id, route_fixture_frame("t", value));
    if (id > fixture->backplane.counter) {
        fixture->backplane.counter = id;
    }
}

static void
init_listening(struct route_fixture *fixture)
{
    route_fixture_init_joined(fixture);
    fixture_node_listen(fixture, 0, "t");
    route_fixture_forget(fixture);
}

static void
messages_out_of_order_are_sorted(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    hear(&fixture, 101);
    hear(&fixture, 102);
    hear(&fixture, 104);
    hear(&fixture, 103);
    hear(&fixture, 105);
    route_fixture_expect(&fixture, "a: deliver 101 m101 foreign\n"
                                   "a: deliver 102 m102 foreign\n"
                                   "a: deliver 103 m103 foreign\n"
                                   "a: deliver 104 m104 foreign\n"
                                   "a: deliver 105 m105 foreign\n");
    route_fixture_advance(&fixture, 500);
    assert_int_equal(fixture.backplane.read_count, 0);
    route_fixture_deinit(&fixture);
}

static void
a_hole_is_filled_from_the_log(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    fake_route_log(&fixture.backplane, 101, route_fixture_frame("t", "logged"));
    hear(&fixture, 102);
    route_fixture_expect(&fixture, "");
    route_fixture_advance(&fixture, 60);
    route_fixture_expect(&fixture, "a: deliver 101 logged foreign\n"
                                   "a: deliver 102 m102 foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_DETECTED), 1);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_FILLED), 1);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    route_fixture_deinit(&fixture);
}

static void
what_nobody_has_is_lost(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    hear(&fixture, 103);
    route_fixture_advance(&fixture, 200);
    route_fixture_expect(&fixture, "");
    route_fixture_advance(&fixture, 100);
    route_fixture_expect(&fixture, "a: gap 101-102\n"
                                   "a: deliver 103 m103 foreign\n"
                                   "b: gap 101-102\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 2);
    route_fixture_deinit(&fixture);
}

static void
another_bridge_may_add_it_late(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    hear(&fixture, 102);
    route_fixture_advance(&fixture, 100);
    fake_route_log(&fixture.backplane, 101, route_fixture_frame("t", "late"));
    route_fixture_advance(&fixture, 100);
    route_fixture_expect(&fixture, "a: deliver 101 late foreign\n"
                                   "a: deliver 102 m102 foreign\n");
    route_fixture_deinit(&fixture);
}

static void
nothing_is_lost_while_the_log_is_unreadable(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    fake_route_log(&fixture.backplane, 101, route_fixture_frame("t", "logged"));
    fixture.backplane.is_log_down = true;
    hear(&fixture, 102);
    route_fixture_advance(&fixture, 5000);
    route_fixture_expect(&fixture, "");
    fixture.backplane.is_log_down = false;
    route_fixture_advance(&fixture, 600);
    route_fixture_expect(&fixture, "a: deliver 101 logged foreign\n"
                                   "a: deliver 102 m102 foreign\n");
    route_fixture_deinit(&fixture);
}

static void
a_reconnect_catches_up(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    fixture.backplane.deaf_to = 1300;
    for (int i = 0; i < 1200; i++) {
        fixture_node_publish(&fixture, 1, "t", "x");
    }
    route_fixture_forget(&fixture);
    assert_int_equal(fixture.app->order.position, 100);
    fixture.backplane.log_limit = 2000;
    fake_route_connect(&fixture.backplane);
    route_fixture_run(&fixture);
    assert_int_equal(fixture.app->order.position, 1300);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DELIVERED), 1200);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    route_fixture_deinit(&fixture);
}

static void
the_end_of_the_channel_is_missed_too(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    fixture.backplane.deaf_to = 101;
    fixture_node_publish(&fixture, 0, "t", "last");
    route_fixture_expect(&fixture, "a: published 1 as 101\n");
    /* Nothing follows, but the store said that 101 exists. */
    route_fixture_advance(&fixture, ROUTE_ORDER_ECHO_MS + 100);
    route_fixture_expect(&fixture, "a: deliver 101 last\n");
    route_fixture_deinit(&fixture);
}

static void
a_log_that_is_too_short_leaves_a_gap(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    fixture.backplane.log_limit = 2;
    fixture.backplane.counter = 110;
    fake_route_log(&fixture.backplane, 109, route_fixture_frame("t", "x"));
    fake_route_log(&fixture.backplane, 110, route_fixture_frame("t", "y"));
    fake_route_connect(&fixture.backplane);
    route_fixture_advance(&fixture, 300);
    route_fixture_expect(&fixture, "a: gap 101-108\n"
                                   "a: deliver 109 x foreign\n"
                                   "a: deliver 110 y foreign\n"
                                   "b: gap 101-108\n");
    route_fixture_deinit(&fixture);
}

static void
a_lost_counter_is_lifted_without_loss(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    fixture_node_publish(&fixture, 0, "t", "before");
    route_fixture_forget(&fixture);
    fixture.backplane.counter = 7; /* Redis came back from an old dump */
    fixture_node_publish(&fixture, 0, "t", "after");
    route_fixture_advance(&fixture, 100);
    route_fixture_expect(&fixture, "a: published 2 as 1000102\n"
                                   "a: deliver 1000102 after\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_VOID_RANGES), 1);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_COUNTERS_HEALED), 1);
    route_fixture_deinit(&fixture);
}

static void
ids_from_nowhere_are_ignored(void **state)
{
    struct route_fixture fixture;

    (void)state;
    init_listening(&fixture);
    hear(&fixture, 101);
    fake_route_hear(&fixture.backplane, 5000, route_fixture_frame("t", "forged"));
    route_fixture_advance(&fixture, 500);
    hear(&fixture, 102);
    route_fixture_expect(&fixture, "a: deliver 101 m101 foreign\n"
                                   "a: deliver 102 m102 foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_IDS_UNBELIEVABLE), 1);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    route_fixture_deinit(&fixture);
}

static void
what_waits_is_bounded(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init(&fixture);
    fixture.options.reorder_bytes = 4096;
    route_fixture_open(&fixture, true);
    fixture_node_join(&fixture, 0);
    fixture_node_listen(&fixture, 0, "t");
    for (uint64_t id = 101; id <= 300; id++) {
        fake_route_log(&fixture.backplane, id, route_fixture_frame("t", "x"));
    }
    for (uint64_t id = 102; id <= 300; id++) {
        hear(&fixture, id);
    }
    assert_true(fixture.app->order.ahead_bytes <= 4096);
    route_fixture_advance(&fixture, 2000);
    assert_int_equal(fixture.app->order.position, 300);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DELIVERED), 200);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    route_fixture_deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_out_of_order_are_sorted),
        cmocka_unit_test(a_hole_is_filled_from_the_log),
        cmocka_unit_test(what_nobody_has_is_lost),
        cmocka_unit_test(another_bridge_may_add_it_late),
        cmocka_unit_test(nothing_is_lost_while_the_log_is_unreadable),
        cmocka_unit_test(a_reconnect_catches_up),
        cmocka_unit_test(the_end_of_the_channel_is_missed_too),
        cmocka_unit_test(a_log_that_is_too_short_leaves_a_gap),
        cmocka_unit_test(a_lost_counter_is_lifted_without_loss),
        cmocka_unit_test(ids_from_nowhere_are_ignored),
        cmocka_unit_test(what_waits_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
