/* SPDX-License-Identifier: MIT */
/* Goal of this test: nothing grows without bound: a full spool refuses, long waits end, an overfull
 * ring forgets and says so. */
#include "tests/support/test.h"
#include "tests/unit/backplane/backplane_fixture.h"

static void
a_full_spool_refuses(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 250, 100000);
    for (int i = 0; i < 4; i++) {
        backplane_fixture_publish(&f, 0, "h-ChatHub", "x");
    }
    backplane_fixture_expect(&f, "worker 0: published QUEUE_FULL 0\n"
                                 "worker 0: published QUEUE_FULL 0\n");
    assert_false(backplane_is_idle(f.backplane));
    backplane_fixture_deinit(&f);
}

static void
waiting_ends(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 100000);
    backplane_fixture_link(&f);
    backplane_fixture_publish(&f, 0, "h-ChatHub", "sent");
    backplane_fixture_forget(&f);
    backplane_fixture_cut(&f);
    backplane_fixture_publish(&f, 0, "h-ChatHub", "never left");
    backplane_fixture_forget(&f);
    backplane_fixture_advance(&f, 32000);
    backplane_fixture_expect(&f, "worker 0: published OUTCOME_UNKNOWN 0\n"
                                 "worker 0: published TIMED_OUT 0\n");
    /* Only the one whose outcome is unknown is still tried. */
    backplane_fixture_link(&f);
    backplane_fixture_expect(&f, "bridge: open ChatApp seen 100 acknowledged 0\n"
                                 "bridge: publish 1 sent\n"
                                 "worker 0: state open\n"
                                 "worker 1: state open\n");
    link_server_published(f.server, 1, 1, 101);
    backplane_fixture_expect(&f, "");
    assert_true(backplane_is_idle(f.backplane));
    backplane_fixture_deinit(&f);
}

static void
buffering_holds_publishes(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 100000);
    backplane_fixture_link(&f);
    link_server_state(f.server, 1, LINK_BACKPLANE_BUFFERING, BYTES("Redis is away"));
    backplane_fixture_forget(&f);
    backplane_fixture_publish(&f, 0, "h-ChatHub", "held");
    backplane_fixture_expect(&f, "");
    link_server_state(f.server, 1, LINK_BACKPLANE_OPEN, BYTES("back"));
    backplane_fixture_expect(&f, "bridge: publish 1 held\n"
                                 "worker 0: state open\n"
                                 "worker 1: state open\n");
    backplane_fixture_deinit(&f);
}

static void
a_small_ring_sends_replays_to_the_bridge(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 700);
    backplane_fixture_link(&f);
    backplane_fixture_listen(&f, 0, "h-ChatHub");
    for (uint64_t id = 101; id <= 110; id++) {
        backplane_fixture_deliver(&f, 0, id, "h-ChatHub", "x");
    }
    backplane_fixture_forget(&f);
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", 109);
    backplane_fixture_expect(&f, "worker 0: subscribed OK at 110 missing 0\n"
                                 "worker 0: replay 110 x\n");
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", 101);
    backplane_fixture_expect(&f, "bridge: replay 2\n"
                                 "bridge:   h-ChatHub since 101\n");
    backplane_fixture_deinit(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_spool_refuses),
        cmocka_unit_test(waiting_ends),
        cmocka_unit_test(buffering_holds_publishes),
        cmocka_unit_test(a_small_ring_sends_replays_to_the_bridge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
