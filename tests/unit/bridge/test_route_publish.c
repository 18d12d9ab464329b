/* SPDX-License-Identifier: MIT */
/* A publish is acknowledged when it has an id, refused when it never will, and published once
 * however often it is sent. */
#include <string.h>

#include "tests/support/test.h"
#include "tests/unit/bridge/route_fixture.h"

/* More than the fixture's message_bytes. */
enum { TOO_LARGE_BYTES = 65 * 1024 };

static void
acknowledges_in_batches(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.backplane.is_stuck = true;
    for (int i = 0; i < 1000; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_expect(&fixture, "");
    /* All arrived in one chunk; no more than four calls of at most 64 messages are under way. */
    assert_int_equal(fixture.backplane.batch_count, ROUTE_PUBLISHER_IN_FLIGHT_MAX);
    fixture.backplane.is_stuck = false;
    route_fixture_run(&fixture);
    assert_int_equal(fixture.backplane.counter, 1100);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_PUBLISH_CONFIRMED), 1000);
    assert_true(fixture.backplane.batch_count <= 17);
    route_fixture_deinit(&fixture);
}

static void
goes_on_where_it_stopped(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 1, "t");
    route_fixture_forget(&fixture);
    fixture.backplane.next_outcome = ROUTE_TRY_AGAIN;
    fixture.backplane.next_text = "OOM";
    fixture.backplane.good = 1;
    for (int i = 0; i < 3; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_expect(&fixture, "a: published 1 as 101\n"
                                   "a: state buffering: OOM\n"
                                   "b: deliver 101 x\n"
                                   "b: state buffering: OOM\n");
    route_fixture_advance(&fixture, 100);
    route_fixture_expect(&fixture, "a: published 3 as 103\n"
                                   "a: state open: \n"
                                   "b: deliver 102 x\n"
                                   "b: deliver 103 x\n"
                                   "b: state open: \n");
    route_fixture_deinit(&fixture);
}

static void
pipelined_batches_keep_their_order(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.backplane.is_stuck = true;
    for (int i = 0; i < 200; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_run(&fixture);
    assert_int_equal(fixture.backplane.batch_count, 4);
    fixture.backplane.is_stuck = false;
    fixture.backplane.next_outcome = ROUTE_TRY_AGAIN;
    fixture.backplane.next_text = "READONLY";
    fixture.backplane.good = 10;
    route_fixture_advance(&fixture, 1000);
    assert_int_equal(fixture.backplane.counter, 300);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_PUBLISH_CONFIRMED), 200);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DUPLICATE_SEQUENCES), 0);
    route_fixture_deinit(&fixture);
}

static void
a_refused_message_uses_up_its_sequence(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.backplane.next_outcome = ROUTE_REFUSED;
    fixture.backplane.next_text = "NOPERM";
    fixture.backplane.good = 1;
    for (int i = 0; i < 3; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_expect(&fixture, "a: published 1 as 101\n"
                                   "a: refused 2 DENIED\n"
                                   "a: published 3 as 102\n");
    route_fixture_deinit(&fixture);
}

static void
bad_frames_are_refused_in_their_turn(void **state)
{
    struct route_fixture fixture;
    struct fixture_node *node = &fixture.nodes[0];
    struct payload *empty = payload_from(BYTES(""));
    struct payload *garbage = payload_from(BYTES("garbage"));
    struct payload *large = payload_new(TOO_LARGE_BYTES);

    (void)state;
    route_fixture_init_joined(&fixture);
    memset(large->data, 0, large->length);
    fixture_node_publish(&fixture, 0, "t", "1");
    link_client_publish(node->client, ROUTE_FIXTURE_APP, ++node->sequence, empty);
    link_client_publish(node->client, ROUTE_FIXTURE_APP, ++node->sequence, garbage);
    link_client_publish(node->client, ROUTE_FIXTURE_APP, ++node->sequence, large);
    fixture_node_publish(&fixture, 0, "t", "5");
    route_fixture_expect(&fixture, "a: published 1 as 101\n"
                                   "a: refused 2 CANCELED\n"
                                   "a: refused 3 INVALID\n"
                                   "a: refused 4 LIMIT\n"
                                   "a: published 5 as 102\n");
    payload_unref(empty);
    payload_unref(garbage);
    payload_unref(large);
    route_fixture_deinit(&fixture);
}

static void
a_hole_in_the_sequences_ends_the_link(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.nodes[0].sequence = 4;
    fixture_node_publish(&fixture, 0, "t", "x");
    route_fixture_expect(&fixture, "a: failed PROTOCOL a publish sequ\n");
    route_fixture_deinit(&fixture);
}

static void
a_retry_over_a_new_link_is_published_once(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_publish(&fixture, 0, "t", "1");
    fixture_node_publish(&fixture, 0, "t", "2");
    route_fixture_forget(&fixture);
    /* The acknowledgements were lost with the link. */
    fixture_node_leave(&fixture, 0);
    fixture_node_join(&fixture, 0);
    fixture.nodes[0].sequence = 0;
    for (int i = 0; i < 3; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_expect(&fixture, "a: opened 102 sequence 2 open\n"
                                   "a: published 1 as 0\n"
                                   "a: published 2 as 0\n"
                                   "a: published 3 as 103\n");
    assert_int_equal(fixture.backplane.counter, 103);
    route_fixture_deinit(&fixture);
}

static void
a_link_that_breaks_while_publishing(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.backplane.is_stuck = true;
    for (int i = 0; i < 400; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_run(&fixture);
    fixture_node_leave(&fixture, 0);
    /* The node comes back before the store has answered, and sends everything again. */
    fixture_node_join(&fixture, 0);
    fixture.nodes[0].sequence = 0;
    for (int i = 0; i < 400; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_run(&fixture);
    fixture.backplane.is_stuck = false;
    route_fixture_run(&fixture);
    assert_int_equal(fixture.backplane.counter, 500);
    assert_true(list_is_empty(&fixture.nodes[0].member->publisher->queue));
    /* What the old link paid for is not given back to the new one. */
    assert_int_equal(link_client_send_credit(fixture.nodes[0].client) +
                         (int64_t)fixture.nodes[0].peer.ungranted_bytes,
                     LINK_CREDIT_BYTES);
    route_fixture_deinit(&fixture);
}

static void
what_nobody_waits_for_is_dropped(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.backplane.is_stuck = true;
    for (int i = 0; i < 400; i++) {
        fixture_node_publish(&fixture, 0, "t", "x");
    }
    route_fixture_run(&fixture);
    fixture_node_leave(&fixture, 0);
    fixture.backplane.is_stuck = false;
    route_fixture_run(&fixture);
    assert_int_equal(fixture.backplane.counter, 100 + 4 * ROUTE_BATCH_MESSAGES_MAX);
    route_fixture_deinit(&fixture);
}

static void
credit_comes_back(void **state)
{
    static char value[16 * 1024];
    struct route_fixture fixture;

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    route_fixture_init_joined(&fixture);
    /* Four times what the bridge grants at first. */
    for (int i = 0; i < 4 * LINK_CREDIT_BYTES / (int)sizeof(value); i++) {
        fixture_node_publish(&fixture, 0, "t", value);
        route_fixture_run(&fixture);
    }
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_PUBLISH_CONFIRMED),
                     4 * LINK_CREDIT_BYTES / (int)sizeof(value));
    route_fixture_deinit(&fixture);
}

static void
a_closed_backplane_refuses(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture.backplane.handler->on_state(fixture.app, LINK_BACKPLANE_CLOSED, BYTES("WRONGTYPE"));
    fixture_node_publish(&fixture, 0, "t", "x");
    route_fixture_expect(&fixture, "a: state closed: WRONGTYPE\n"
                                   "a: refused 1 BACKPLANE_DOWN\n"
                                   "b: state closed: WRONGTYPE\n");
    fixture.backplane.handler->on_state(fixture.app, LINK_BACKPLANE_OPEN, BYTES("mended"));
    fixture_node_publish(&fixture, 0, "t", "x");
    route_fixture_expect(&fixture, "a: state open: mended\n"
                                   "a: published 2 as 101\n"
                                   "b: state open: mended\n");
    route_fixture_deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledges_in_batches),
        cmocka_unit_test(goes_on_where_it_stopped),
        cmocka_unit_test(pipelined_batches_keep_their_order),
        cmocka_unit_test(a_refused_message_uses_up_its_sequence),
        cmocka_unit_test(bad_frames_are_refused_in_their_turn),
        cmocka_unit_test(a_hole_in_the_sequences_ends_the_link),
        cmocka_unit_test(a_retry_over_a_new_link_is_published_once),
        cmocka_unit_test(a_link_that_breaks_while_publishing),
        cmocka_unit_test(what_nobody_waits_for_is_dropped),
        cmocka_unit_test(credit_comes_back),
        cmocka_unit_test(a_closed_backplane_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
