/* SPDX-License-Identifier: MIT */
/* What nodes publish reaches those that listen, in id order, each message once. */
#include "tests/support/test.h"
#include "tests/unit/bridge/route_fixture.h"

static void
delivers_to_listeners_and_sender(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "h-Chat");
    fixture_node_listen(&fixture, 1, "h-Chat");
    route_fixture_expect(&fixture, "a: interest 1 from 100\nb: interest 1 from 100\n");
    fixture_node_publish(&fixture, 0, "h-Chat", "m1");
    fixture_node_publish(&fixture, 0, "h-Other", "m2");
    fixture_node_publish(&fixture, 0, "h-Chat", "m3");
    route_fixture_expect(&fixture, "a: deliver 101 m1\n"
                                   "a: deliver 103 m3\n"
                                   "a: published 3 as 103\n"
                                   "b: deliver 101 m1\n"
                                   "b: deliver 103 m3\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DELIVERED), 4);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_PUBLISH_CONFIRMED), 3);
    route_fixture_deinit(&fixture);
}

static void
delivers_once_for_several_topics(void **state)
{
    const struct signalr_message messages[] = {
        {.topic = BYTES("t1"), .value = BYTES("1")},
        {.topic = BYTES("t2"), .value = BYTES("2")},
        {.topic = BYTES("t1"), .value = BYTES("3")},
    };
    struct route_fixture fixture;
    struct buffer frame;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "t1");
    fixture_node_listen(&fixture, 0, "t2");
    fixture_node_listen(&fixture, 0, "*");
    route_fixture_forget(&fixture);
    buffer_init(&frame, SIZE_MAX);
    assert_status(signalr_message_encode(messages, 3, 0, &frame), STATUS_OK);
    (void)fake_route_publish_foreign(&fixture.backplane, buffer_bytes(&frame));
    route_fixture_expect(&fixture, "a: deliver 101 1+2+3 foreign\n");
    buffer_deinit(&frame);
    route_fixture_deinit(&fixture);
}

static void
star_means_every_message(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "anything");
    fixture_node_listen(&fixture, 1, "*");
    route_fixture_forget(&fixture);
    fixture_node_publish(&fixture, 0, "anything", "x");
    route_fixture_expect(&fixture, "a: deliver 101 x\na: published 1 as 101\nb: deliver 101 x\n");
    /* Exactly as published, or what its topics say. */
    assert_int_equal(fixture.nodes[0].trailer_bytes, 0);
    assert_int_equal(fixture.nodes[1].trailer_bytes, SIGNALR_TRAILER_BYTES);
    route_fixture_deinit(&fixture);
}

static void
interest_ends_when_removed_or_gone(void **state)
{
    const struct bytes topic = BYTES("t");
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "t");
    fixture_node_listen(&fixture, 1, "t");
    fixture_node_listen(&fixture, 1, "t");
    link_client_query(fixture.nodes[0].client, ROUTE_FIXTURE_APP, 3, topic);
    link_client_interest(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 0, NULL, 0, &topic, 1);
    route_fixture_run(&fixture);
    route_fixture_forget(&fixture);
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("t", "1"));
    route_fixture_expect(&fixture, "a: deliver 101 1 foreign\n");
    fixture_node_leave(&fixture, 0);
    link_client_query(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 3, topic);
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("t", "2"));
    route_fixture_expect(&fixture, "b: query no\n");
    route_fixture_deinit(&fixture);
}

static void
a_query_is_about_other_nodes(void **state)
{
    const struct bytes topic = BYTES("t");
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "t");
    route_fixture_run(&fixture);
    route_fixture_forget(&fixture);
    link_client_query(fixture.nodes[0].client, ROUTE_FIXTURE_APP, 3, topic);
    route_fixture_expect(&fixture, "a: query no\n");
    link_client_query(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 3, topic);
    route_fixture_expect(&fixture, "b: query yes\n");
    route_fixture_deinit(&fixture);
}

static void
foreign_messages_go_to_the_log(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("t", "1"));
    fixture_node_publish(&fixture, 0, "t", "2");
    route_fixture_run(&fixture);
    assert_int_equal(fixture.backplane.appended_count, 1);
    assert_int_equal(fixture.backplane.log_count, 2);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_RECEIVED_FOREIGN), 1);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_RECEIVED_OWN), 1);
    route_fixture_deinit(&fixture);
}

static void
malformed_messages_are_counted(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "t");
    route_fixture_forget(&fixture);
    fixture.backplane.handler->on_message(fixture.app, BYTES("no id"));
    fixture.backplane.handler->on_message(fixture.app, BYTES("1e+14 x"));
    fixture.backplane.handler->on_message(fixture.app, BYTES("101 \xff\xff\xff\xff"));
    fixture.backplane.handler->on_message(fixture.app, BYTES("18446744073709551615 x"));
    fake_route_hear(&fixture.backplane, 102, route_fixture_frame("t", "good"));
    route_fixture_expect(&fixture, "a: deliver 102 good foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DECODE_ERRORS_CHANNEL), 3);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DECODE_ERRORS_FRAME), 1);
    /* One line for all of them. */
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    route_fixture_deinit(&fixture);
}

static void
repeats_are_dropped(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "t");
    route_fixture_forget(&fixture);
    fake_route_hear(&fixture.backplane, 101, route_fixture_frame("t", "once"));
    fake_route_hear(&fixture.backplane, 101, route_fixture_frame("t", "once"));
    fake_route_hear(&fixture.backplane, 101, route_fixture_frame("t", "else"));
    route_fixture_expect(&fixture, "a: deliver 101 once foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DUPLICATE_IDS), 1);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_ID_COLLISIONS), 1);
    route_fixture_deinit(&fixture);
}

static void
a_republished_sequence_is_dropped(void **state)
{
    struct route_fixture fixture;
    struct fake_log_entry entry;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 1, "t");
    route_fixture_forget(&fixture);
    fixture_node_publish(&fixture, 0, "t", "m1");
    route_fixture_expect(&fixture, "a: published 1 as 101\nb: deliver 101 m1\n");
    /* A retry through another bridge whose Redis had forgotten the sequence. */
    entry = fixture.backplane.log[0];
    fake_route_hear(&fixture.backplane, 102, bytes_after(payload_bytes(entry.message), 4));
    fake_route_hear(&fixture.backplane, 103, route_fixture_frame("t", "m2"));
    route_fixture_expect(&fixture, "b: deliver 103 m2 foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_DUPLICATE_SEQUENCES), 1);
    route_fixture_deinit(&fixture);
}

static void
secrets_are_handed_out(void **state)
{
    const uint8_t secrets[2][ENVELOPE_SECRET_BYTES] = {{0xaa}, {0xbb}};
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    route_app_set_secrets(fixture.app, 2, secrets);
    route_fixture_expect(&fixture, "a: secrets 2 aa\nb: secrets 2 aa\n");
    route_fixture_deinit(&fixture);
}

/* C-7: "Room" is not "room", but somebody probably meant it to be. */
static void
another_case_is_counted(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init_joined(&fixture);
    fixture_node_listen(&fixture, 0, "hg-Chat.Room");
    fixture_node_listen(&fixture, 1, "hg-Chat.hall");
    route_fixture_forget(&fixture);
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("hg-Chat.room", "1"));
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("hg-Chat.none", "2"));
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("hg-Chat.Room", "3"));
    route_fixture_expect(&fixture, "a: deliver 103 3 foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_UNMATCHED_CASE), 1);
    /* Once the other spelling is listened to as well, there is nothing to wonder about. */
    fixture_node_listen(&fixture, 1, "hg-Chat.room");
    route_fixture_forget(&fixture);
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("hg-Chat.room", "4"));
    route_fixture_expect(&fixture, "b: deliver 104 4 foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_UNMATCHED_CASE), 1);
    fixture_node_leave(&fixture, 0);
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("hg-Chat.ROOM", "5"));
    fixture_node_leave(&fixture, 1);
    (void)fake_route_publish_foreign(&fixture.backplane, route_fixture_frame("hg-Chat.ROOM", "6"));
    route_fixture_run(&fixture);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_UNMATCHED_CASE), 2);
    route_fixture_deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_to_listeners_and_sender),
        cmocka_unit_test(delivers_once_for_several_topics),
        cmocka_unit_test(star_means_every_message),
        cmocka_unit_test(interest_ends_when_removed_or_gone),
        cmocka_unit_test(a_query_is_about_other_nodes),
        cmocka_unit_test(foreign_messages_go_to_the_log),
        cmocka_unit_test(malformed_messages_are_counted),
        cmocka_unit_test(repeats_are_dropped),
        cmocka_unit_test(a_republished_sequence_is_dropped),
        cmocka_unit_test(secrets_are_handed_out),
        cmocka_unit_test(another_case_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
