/* SPDX-License-Identifier: MIT */
/* Goal of this test: a subscription is answered with the barrier, workers get their topics'
 * messages and nothing else, and a replay meets the live messages without hole or overlap. */
#include "tests/support/test.h"
#include "tests/unit/backplane/backplane_fixture.h"

static void
init_linked(struct backplane_fixture *fixture)
{
    backplane_fixture_init(fixture, 100000, 100000);
    backplane_fixture_link(fixture);
    backplane_fixture_expect(fixture, "bridge: open ChatApp seen 0 acknowledged 0\n"
                                      "worker 0: secrets 1 ab\n"
                                      "worker 0: state open\n"
                                      "worker 0: position 100\n"
                                      "worker 1: secrets 1 ab\n"
                                      "worker 1: state open\n"
                                      "worker 1: position 100\n");
    backplane_fixture_forget(fixture);
}

static void
the_barrier_answers(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_subscribe(&f, 1, "h-ChatHub", BACKPLANE_NO_REPLAY);
    backplane_fixture_expect(&f, "bridge: interest +h-ChatHub\n"
                                 "bridge: interest end 1\n");
    link_server_interest_ack(f.server, 1, 1, 105);
    backplane_fixture_expect(&f, "worker 0: position 105\n"
                                 "worker 1: subscribed OK at 105 missing 0\n"
                                 "worker 1: position 105\n");
    /* A second one needs no bridge. */
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", BACKPLANE_NO_REPLAY);
    backplane_fixture_expect(&f, "worker 0: subscribed OK at 105 missing 0\n");
    backplane_fixture_deinit(&f);
}

static void
live_messages_reach_who_listens(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_subscribe(&f, 1, "h-ChatHub", BACKPLANE_NO_REPLAY);
    backplane_fixture_forget(&f);
    link_server_interest_ack(f.server, 1, 1, 105);
    backplane_fixture_forget(&f);
    backplane_fixture_deliver(&f, 0, 106, "h-ChatHub", "one");
    backplane_fixture_deliver(&f, 0, 107, "h-Other", "two");
    backplane_fixture_deliver(&f, 0, 107, "h-ChatHub", "repeated id");
    backplane_fixture_expect(&f, "worker 0: position 107\n"
                                 "worker 1: message 106 h-ChatHub one\n"
                                 "worker 1: position 107\n");
    backplane_fixture_deinit(&f);
}

static void
a_replay_comes_from_the_ring(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_listen(&f, 1, "h-ChatHub");
    backplane_fixture_deliver(&f, 0, 101, "h-ChatHub", "one");
    backplane_fixture_deliver(&f, 0, 102, "h-ChatHub", "two");
    backplane_fixture_deliver(&f, 0, 103, "h-ChatHub", "three");
    backplane_fixture_forget(&f);
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", 101);
    backplane_fixture_expect(&f, "worker 0: subscribed OK at 103 missing 0\n"
                                 "worker 0: replay 102 two\n"
                                 "worker 0: replay 103 three\n");
    backplane_fixture_deinit(&f);
}

static void
an_older_cursor_asks_the_bridge(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", 90);
    backplane_fixture_expect(&f, "bridge: interest +h-ChatHub\n"
                                 "bridge: interest end 1\n"
                                 "bridge: replay 2\n"
                                 "bridge:   h-ChatHub since 90\n");
    link_server_interest_ack(f.server, 1, 1, 100);
    backplane_fixture_deliver(&f, 2, 95, "h-ChatHub", "missed");
    backplane_fixture_deliver(&f, 0, 101, "h-ChatHub", "live before the end of the replay");
    backplane_fixture_deliver(&f, 2, 101, "h-ChatHub", "live before the end of the replay");
    link_server_replayed(f.server, 1, 2, 101, 92);
    backplane_fixture_deliver(&f, 0, 102, "h-ChatHub", "after it");
    backplane_fixture_expect(&f,
                             "worker 0: message 101 h-ChatHub live before the end of the replay\n"
                             "worker 0: subscribed OK at 101 missing 92\n"
                             "worker 0: replay 95 missed\n"
                             "worker 0: replay 101 live before the end of the replay\n"
                             "worker 0: message 102 h-ChatHub after it\n"
                             "worker 0: position 102\n"
                             "worker 1: position 102\n");
    backplane_fixture_deinit(&f);
}

/* What arrives before the bridge has said that the cursor is stale is new to its client. */
static void
a_stale_cursor_starts_over_where_it_was_asked_for(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_listen(&f, 1, "h-ChatHub");
    backplane_fixture_deliver(&f, 0, 101, "h-ChatHub", "old");
    backplane_fixture_forget(&f);
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", 900);
    backplane_fixture_expect(&f, "bridge: replay 2\n"
                                 "bridge:   h-ChatHub since 900\n");
    backplane_fixture_deliver(&f, 0, 102, "h-ChatHub", "new");
    link_server_replayed(f.server, 1, 2, 103, 0);
    backplane_fixture_expect(&f, "worker 0: message 102 h-ChatHub new\n"
                                 "worker 0: subscribed OK at 103 missing 0\n"
                                 "worker 0: restarted at 101\n"
                                 "worker 0: replay 102 new\n"
                                 "worker 0: position 103\n"
                                 "worker 1: message 102 h-ChatHub new\n"
                                 "worker 1: position 103\n");
    backplane_fixture_deinit(&f);
}

/* What was published while nobody here listened is not, wherever the node was. */
static void
a_stale_cursor_for_a_new_topic_starts_over_at_its_interest(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", 900);
    backplane_fixture_forget(&f);
    link_server_interest_ack(f.server, 1, 1, 105);
    backplane_fixture_deliver(&f, 0, 106, "h-ChatHub", "new");
    link_server_replayed(f.server, 1, 2, 106, 0);
    backplane_fixture_expect(&f, "worker 0: message 106 h-ChatHub new\n"
                                 "worker 0: subscribed OK at 106 missing 0\n"
                                 "worker 0: restarted at 100\n"
                                 "worker 0: replay 106 new\n"
                                 "worker 0: position 106\n"
                                 "worker 1: position 106\n");
    backplane_fixture_deinit(&f);
}

/* With a ring that has lost it already, the bridge is asked once more. */
static void
a_stale_cursor_behind_the_ring_asks_again(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 1);
    backplane_fixture_link(&f);
    backplane_fixture_listen(&f, 0, "h-ChatHub");
    backplane_fixture_subscribe(&f, 1, "h-ChatHub", 900);
    backplane_fixture_forget(&f);
    backplane_fixture_deliver(&f, 0, 101, "h-ChatHub", "new");
    backplane_fixture_deliver(&f, 0, 102, "h-ChatHub", "newer");
    link_server_replayed(f.server, 1, 2, 102, 0);
    backplane_fixture_expect(&f, "bridge: replay 3\n"
                                 "bridge:   h-ChatHub since 100\n"
                                 "worker 0: message 101 h-ChatHub new\n"
                                 "worker 0: message 102 h-ChatHub newer\n"
                                 "worker 0: position 102\n"
                                 "worker 1: message 101 h-ChatHub new\n"
                                 "worker 1: message 102 h-ChatHub newer\n"
                                 "worker 1: position 102\n");
    backplane_fixture_deliver(&f, 3, 101, "h-ChatHub", "new");
    backplane_fixture_deliver(&f, 3, 102, "h-ChatHub", "newer");
    link_server_replayed(f.server, 1, 3, 102, 0);
    backplane_fixture_expect(&f, "worker 1: subscribed OK at 102 missing 0\n"
                                 "worker 1: restarted at 100\n"
                                 "worker 1: replay 101 new\n"
                                 "worker 1: replay 102 newer\n");
    backplane_fixture_deinit(&f);
}

static void
interest_lingers(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_listen(&f, 0, "c-1");
    backplane_fixture_unsubscribe(&f, 0, "c-1");
    backplane_fixture_advance(&f, 99000);
    backplane_fixture_deliver(&f, 0, 101, "c-1", "kept for a reconnect");
    backplane_fixture_expect(&f, "worker 0: position 101\n"
                                 "worker 1: position 101\n");
    backplane_fixture_subscribe(&f, 1, "c-1", 100);
    backplane_fixture_expect(&f, "worker 1: subscribed OK at 101 missing 0\n"
                                 "worker 1: replay 101 kept for a reconnect\n");
    backplane_fixture_unsubscribe(&f, 1, "c-1");
    backplane_fixture_advance(&f, 102000);
    backplane_fixture_expect(&f, "bridge: interest -c-1\n"
                                 "bridge: interest end 0\n");
    backplane_fixture_deinit(&f);
}

static void
a_canceled_request_is_silent(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_cancel(f.ports[1],
                     backplane_fixture_subscribe(&f, 1, "h-ChatHub", BACKPLANE_NO_REPLAY));
    backplane_fixture_forget(&f);
    link_server_interest_ack(f.server, 1, 1, 100);
    backplane_fixture_expect(&f, "");
    backplane_fixture_deinit(&f);
}

static void
notices_reach_the_other_worker(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_linked(&f);
    backplane_fixture_subscribe(&f, 0, "c-1", BACKPLANE_NO_REPLAY);
    backplane_fixture_subscribe(&f, 1, "c-1", BACKPLANE_NO_REPLAY);
    backplane_fixture_forget(&f);
    backplane_notify(f.ports[1], 1, BACKPLANE_NOTICE_ABORT, BYTES("1"));
    backplane_notify(f.ports[1], 1, BACKPLANE_NOTICE_MOVED, BYTES("2"));
    backplane_fixture_expect(&f, "worker 0: notice 1 1\n");
    backplane_fixture_deinit(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_barrier_answers),
        cmocka_unit_test(live_messages_reach_who_listens),
        cmocka_unit_test(a_replay_comes_from_the_ring),
        cmocka_unit_test(an_older_cursor_asks_the_bridge),
        cmocka_unit_test(a_stale_cursor_starts_over_where_it_was_asked_for),
        cmocka_unit_test(a_stale_cursor_for_a_new_topic_starts_over_at_its_interest),
        cmocka_unit_test(a_stale_cursor_behind_the_ring_asks_again),
        cmocka_unit_test(interest_lingers),
        cmocka_unit_test(a_canceled_request_is_silent),
        cmocka_unit_test(notices_reach_the_other_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
