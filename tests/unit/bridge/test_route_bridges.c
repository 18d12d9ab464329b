/* SPDX-License-Identifier: MIT */
/* What other bridges are asked: what the log no longer has, and for nodes; and what another bridge
 * is told. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bridge/route/route_replay.h"
#include "tests/support/test.h"
#include "tests/unit/bridge/route_fixture.h"

enum { FAKE_MESSAGES_MAX = 16 };

/* The other bridges: what they have, and what they answer when the test lets them. */
struct fake_bridges {
    struct route_bridges base;
    bool is_alone; /* setting: nobody to ask */
    uint64_t ids[FAKE_MESSAGES_MAX];
    size_t count;
    struct route_bridges_read *read;
    struct route_bridges_query *query;
    char asked[256]; /* "101-104 ", "t " */
};

static void
note(struct fake_bridges *fake, const char *asked)
{
    size_t length = strlen(fake->asked);

    snprintf(fake->asked + length, sizeof(fake->asked) - length, "%s ", asked);
}

static bool
have_told(struct route_bridges *bridges, const struct route_app *app)
{
    (void)bridges;
    (void)app;
    return true;
}

static bool
read_histories(struct route_bridges *bridges, struct route_bridges_read *read)
{
    struct fake_bridges *fake = CONTAINER_OF(bridges, struct fake_bridges, base);
    char range[64];

    if (fake->is_alone) {
        return false;
    }
    snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, read->from_id, read->to_id);
    note(fake, range);
    assert_null(fake->read);
    fake->read = read;
    return true;
}

static bool
query_nodes(struct route_bridges *bridges, struct route_bridges_query *query, struct bytes topic)
{
    struct fake_bridges *fake = CONTAINER_OF(bridges, struct fake_bridges, base);
    char name[64];

    if (fake->is_alone) {
        return false;
    }
    snprintf(name, sizeof(name), "%.*s", BYTES_PRINTF(topic));
    note(fake, name);
    fake->query = query;
    return true;
}

static const struct route_bridges_operations operations = {.have_told = have_told,
                                                           .read = read_histories,
                                                           .query = query_nodes};

static void
add(struct fake_bridges *fake, uint64_t id)
{
    fake->ids[fake->count++] = id;
}

/* Answer what has been asked: all that is had of it up to ${to_id}. */
static void
answer(struct route_fixture *fixture, struct fake_bridges *fake, uint64_t to_id,
       uint64_t missing_to)
{
    struct route_bridges_read *read = fake->read;

    assert_non_null(read);
    fake->read = NULL;
    for (size_t i = 0; i < fake->count; i++) {
        struct buffer message;
        char value[24];

        if (fake->ids[i] < read->from_id || fake->ids[i] > to_id) {
            continue;
        }
        snprintf(value, sizeof(value), "p%" PRIu64, fake->ids[i]);
        buffer_init(&message, SIZE_MAX);
        (void)buffer_append_format(&message, "%" PRIu64 " ", fake->ids[i]);
        (void)buffer_append(&message, route_fixture_frame("t", value));
        read->on_entry(read, buffer_bytes(&message));
        buffer_deinit(&message);
    }
    read->to_id = to_id;
    read->missing_to = missing_to;
    read->on_done(read);
    route_fixture_run(fixture);
}

static void
hear(struct route_fixture *fixture, uint64_t id)
{
    char value[24];

    snprintf(value, sizeof(value), "m%" PRIu64, id);
    fake_route_hear(&fixture->backplane, id, route_fixture_frame("t", value));
    if (id > fixture->backplane.counter) {
        fixture->backplane.counter = id;
    }
}

/* Node a listens; everything up to 100 has passed. */
static void
init(struct route_fixture *fixture, struct fake_bridges *fake)
{
    *fake = (struct fake_bridges){.base.operations = &operations};
    route_fixture_init(fixture);
    fixture->options.bridges = &fake->base;
    route_fixture_open(fixture, true);
    fixture_node_join(fixture, 0);
    fixture_node_listen(fixture, 0, "t");
    route_fixture_forget(fixture);
}

static void
a_hole_is_filled_by_another_bridge(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    add(&fake, 101);
    add(&fake, 103);
    fake_route_log(&fixture.backplane, 102, route_fixture_frame("t", "logged"));
    hear(&fixture, 104);
    route_fixture_advance(&fixture, 60);
    route_fixture_expect(&fixture, "");
    assert_string_equal(fake.asked, "101-103 ");
    answer(&fixture, &fake, 103, 0);
    route_fixture_expect(&fixture, "a: deliver 101 p101 foreign\n"
                                   "a: deliver 102 logged foreign\n"
                                   "a: deliver 103 p103 foreign\n"
                                   "a: deliver 104 m104 foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_FILLED), 3);
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    route_fixture_deinit(&fixture);
}

/* Whoever has everything and not this id knows that there is no such message. */
static void
what_is_nowhere_is_no_loss(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    add(&fake, 101);
    hear(&fixture, 104);
    route_fixture_advance(&fixture, 60);
    answer(&fixture, &fake, 103, 0);
    route_fixture_expect(&fixture, "a: deliver 101 p101 foreign\n"
                                   "a: deliver 104 m104 foreign\n");
    assert_int_equal(route_fixture_metric(&fixture, BRIDGE_METRIC_GAPS_LOST), 0);
    route_fixture_deinit(&fixture);
}

static void
what_may_have_been_is_asked_for_again_and_lost(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    add(&fake, 103);
    hear(&fixture, 104);
    route_fixture_advance(&fixture, 60);
    for (int i = 0; i < 3; i++) {
        route_fixture_expect(&fixture, "");
        answer(&fixture, &fake, i == 0 ? 103 : 102, 102);
        route_fixture_advance(&fixture, 110);
    }
    assert_string_equal(fake.asked, "101-103 101-102 101-102 ");
    route_fixture_expect(&fixture, "a: gap 101-102\n"
                                   "a: deliver 103 p103 foreign\n"
                                   "a: deliver 104 m104 foreign\n");
    route_fixture_deinit(&fixture);
}

/* What they have comes in pieces, and ends before the hole does. */
static void
pieces_follow_each_other(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    for (uint64_t id = 102; id <= 108; id++) {
        add(&fake, id);
    }
    hear(&fixture, 110);
    route_fixture_advance(&fixture, 60);
    answer(&fixture, &fake, 105, 101); /* 101 is lost: later pieces will not have it either */
    route_fixture_expect(&fixture, "a: gap 101-101\n"
                                   "a: deliver 102 p102 foreign\n"
                                   "a: deliver 103 p103 foreign\n"
                                   "a: deliver 104 p104 foreign\n"
                                   "a: deliver 105 p105 foreign\n");
    answer(&fixture, &fake, 107, 0);
    answer(&fixture, &fake, 109, 0);
    route_fixture_expect(&fixture, "a: deliver 106 p106 foreign\n"
                                   "a: deliver 107 p107 foreign\n"
                                   "a: deliver 108 p108 foreign\n"
                                   "a: deliver 110 m110 foreign\n");
    assert_string_equal(fake.asked, "101-109 106-109 108-109 ");
    route_fixture_deinit(&fixture);
}

static void
nobody_is_asked_for_what_the_log_has(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    fake_route_log(&fixture.backplane, 101, route_fixture_frame("t", "logged"));
    hear(&fixture, 102);
    route_fixture_advance(&fixture, 60);
    fixture_node_replay(&fixture, 0, "t", 100);
    route_fixture_expect(&fixture, "a: deliver 101 logged foreign\n"
                                   "a: deliver 102 m102 foreign\n"
                                   "a: replay 101 logged foreign\n"
                                   "a: replay 102 m102 foreign\n"
                                   "a: replayed to 102 missing 0\n");
    fake.is_alone = true;
    hear(&fixture, 104);
    route_fixture_advance(&fixture, 300);
    route_fixture_expect(&fixture, "a: gap 103-103\n"
                                   "a: deliver 104 m104 foreign\n");
    assert_string_equal(fake.asked, "");
    route_fixture_deinit(&fixture);
}

static void
a_replay_reaches_into_other_bridges(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    add(&fake, 92);
    add(&fake, 95);
    fake_route_log(&fixture.backplane, 99, route_fixture_frame("t", "logged"));
    fake_route_log(&fixture.backplane, 100, route_fixture_frame("u", "other"));
    fixture_node_replay(&fixture, 0, "t", 90);
    route_fixture_run(&fixture);
    answer(&fixture, &fake, 93, 0);
    answer(&fixture, &fake, 98, 0);
    route_fixture_expect(&fixture, "a: replay 92 p92 foreign\n"
                                   "a: replay 95 p95 foreign\n"
                                   "a: replay 99 logged foreign\n"
                                   "a: replayed to 100 missing 0\n");
    assert_string_equal(fake.asked, "91-98 94-98 ");

    fixture.backplane.log_limit = 0;
    fixture_node_replay(&fixture, 0, "t", 90);
    route_fixture_run(&fixture);
    answer(&fixture, &fake, 100, 94);
    route_fixture_expect(&fixture, "a: replay 92 p92 foreign\n"
                                   "a: replay 95 p95 foreign\n"
                                   "a: replayed to 100 missing 94\n");
    fake.is_alone = true;
    fixture_node_replay(&fixture, 0, "t", 90);
    route_fixture_expect(&fixture, "a: replayed to 100 missing 100\n");
    route_fixture_deinit(&fixture);
}

static void
a_node_leaves_before_the_answer(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    add(&fake, 95);
    fixture_node_replay(&fixture, 0, "t", 90);
    route_fixture_run(&fixture);
    fixture_node_leave(&fixture, 0);
    answer(&fixture, &fake, 100, 0);
    route_fixture_deinit(&fixture);
}

static void
nodes_are_asked_for_everywhere(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    fixture_node_join(&fixture, 2);
    route_fixture_forget(&fixture);
    link_client_query(fixture.nodes[2].client, ROUTE_FIXTURE_APP, 1, BYTES("t"));
    route_fixture_expect(&fixture, "c: query yes\n");
    assert_string_equal(fake.asked, "");
    link_client_query(fixture.nodes[0].client, ROUTE_FIXTURE_APP, 2, BYTES("t"));
    route_fixture_expect(&fixture, "");
    fake.query->on_done(fake.query, true);
    route_fixture_expect(&fixture, "a: query yes\n");
    link_client_query(fixture.nodes[0].client, ROUTE_FIXTURE_APP, 3, BYTES("u"));
    route_fixture_run(&fixture);
    fake.query->on_done(fake.query, false);
    route_fixture_expect(&fixture, "a: query no\n");
    assert_string_equal(fake.asked, "t u ");
    fake.is_alone = true;
    link_client_query(fixture.nodes[0].client, ROUTE_FIXTURE_APP, 4, BYTES("u"));
    route_fixture_expect(&fixture, "a: query no\n");

    fake.is_alone = false;
    link_client_query(fixture.nodes[0].client, ROUTE_FIXTURE_APP, 5, BYTES("u"));
    route_fixture_run(&fixture);
    fixture_node_leave(&fixture, 0);
    fake.query->on_done(fake.query, true);
    route_fixture_deinit(&fixture);
}

/* ---- The other side: node b is a bridge ---- */

static void
join_bridge(struct route_fixture *fixture, uint64_t highest_id)
{
    fixture->nodes[1].is_bridge = true;
    fixture->nodes[1].last_seen_id = highest_id;
    fixture_node_join(fixture, 1);
}

static void
bridges_tell_the_highest_id_they_know(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init(&fixture);
    route_fixture_open(&fixture, false);
    fixture.nodes[0].last_seen_id = 500;
    fixture_node_join(&fixture, 0);
    join_bridge(&fixture, 700);
    route_fixture_expect(&fixture, "b: opened 700 sequence 0 buffering\n");
    fake_route_connect(&fixture.backplane);
    route_fixture_run(&fixture);
    fixture_node_publish(&fixture, 0, "t", "x");
    route_fixture_run(&fixture);
    assert_true(fixture.backplane.counter > 700 + ROUTE_LIFT_IDS - 1);
    route_fixture_deinit(&fixture);
}

static void
a_bridge_has_the_history_alone(void **state)
{
    struct route_fixture fixture;

    (void)state;
    route_fixture_init(&fixture);
    route_fixture_open(&fixture, true);
    fixture_node_join(&fixture, 0);
    join_bridge(&fixture, 100);
    fake_route_log(&fixture.backplane, 99, route_fixture_frame("t", "logged"));
    for (uint64_t id = 101; id <= 104; id++) {
        hear(&fixture, id);
    }
    route_fixture_forget(&fixture);
    link_client_replay_range(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 1, 99, 102);
    route_fixture_expect(&fixture, "b: replay 101 m101 foreign\n"
                                   "b: replay 102 m102 foreign\n"
                                   "b: replayed to 102 missing 100\n");
    link_client_replay_range(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 2, 104, 110);
    route_fixture_expect(&fixture, "b: replay 104 m104 foreign\n"
                                   "b: replayed to 104 missing 0\n");
    /* One that has come further is not made to wait. */
    fixture.backplane.counter = 200;
    link_client_replay_range(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 3, 150, 160);
    route_fixture_expect(&fixture, "b: replayed to 104 missing 0\n");
    assert_int_equal(fixture.backplane.read_count, 0);
    route_fixture_deinit(&fixture);
}

static void
a_bridge_is_told_of_nodes_here(void **state)
{
    struct fake_bridges fake;
    struct route_fixture fixture;

    (void)state;
    init(&fixture, &fake);
    join_bridge(&fixture, 100);
    route_fixture_forget(&fixture);
    link_client_query(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 1, BYTES("t"));
    link_client_query(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 2, BYTES("u"));
    route_fixture_expect(&fixture, "b: query yes\n"
                                   "b: query no\n");
    assert_string_equal(fake.asked, "");
    route_fixture_deinit(&fixture);
}

static void
a_bridge_is_answered_in_pieces(void **state)
{
    enum { VALUE_BYTES = 60000, COUNT = 40 };
    static char value[VALUE_BYTES + 1];
    uint64_t since = 100, pieces = 0;
    struct route_fixture fixture;

    (void)state;
    route_fixture_init(&fixture);
    fixture.options.history_bytes = 16 * 1024 * 1024;
    route_fixture_open(&fixture, true);
    join_bridge(&fixture, 100);
    memset(value, 'x', VALUE_BYTES);
    for (uint64_t id = 101; id <= 100 + COUNT; id++) {
        fake_route_hear(&fixture.backplane, id, route_fixture_frame("t", value));
        route_fixture_run(&fixture);
    }
    while (since < 100 + COUNT) {
        char wanted[64];

        route_fixture_forget(&fixture);
        link_client_replay_range(fixture.nodes[1].client, ROUTE_FIXTURE_APP, 1, since + 1,
                                 100 + COUNT);
        route_fixture_run(&fixture);
        since += ROUTE_REPLAY_BRIDGE_BYTES / VALUE_BYTES + 1;
        since = since < 100 + COUNT ? since : 100 + COUNT;
        snprintf(wanted, sizeof(wanted), "b: replayed to %" PRIu64 " missing 0\n", since);
        assert_true(bytes_ends_with_ignore_case(buffer_bytes(&fixture.nodes[1].told),
                                                bytes_from_string(wanted)));
        pieces++;
    }
    assert_int_equal(pieces, 3);
    route_fixture_deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hole_is_filled_by_another_bridge),
        cmocka_unit_test(what_is_nowhere_is_no_loss),
        cmocka_unit_test(what_may_have_been_is_asked_for_again_and_lost),
        cmocka_unit_test(pieces_follow_each_other),
        cmocka_unit_test(nobody_is_asked_for_what_the_log_has),
        cmocka_unit_test(a_replay_reaches_into_other_bridges),
        cmocka_unit_test(a_node_leaves_before_the_answer),
        cmocka_unit_test(nodes_are_asked_for_everywhere),
        cmocka_unit_test(bridges_tell_the_highest_id_they_know),
        cmocka_unit_test(a_bridge_has_the_history_alone),
        cmocka_unit_test(a_bridge_is_told_of_nodes_here),
        cmocka_unit_test(a_bridge_is_answered_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
