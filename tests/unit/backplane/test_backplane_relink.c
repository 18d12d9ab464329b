/* SPDX-License-Identifier: MIT */
/* Goal of this test: a lost link costs nothing: publishes are sent again under their sequences,
 * messages are caught up before live ones are let through, and new connections are served
 * meanwhile. */
#include "tests/support/test.h"
#include "tests/unit/backplane/backplane_fixture.h"

#include <string.h>

static void
init_listening(struct backplane_fixture *fixture)
{
    backplane_fixture_init(fixture, 100000, 100000);
    backplane_fixture_link(fixture);
    backplane_fixture_listen(fixture, 0, "h-ChatHub");
}

static void
what_was_missed_comes_first(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    backplane_fixture_cut(&f);
    backplane_fixture_expect(&f, "worker 0: state unlinked\n"
                                 "worker 1: state unlinked\n");
    f.opened.current_id = 103;
    backplane_fixture_link(&f);
    backplane_fixture_expect(&f, "bridge: open ChatApp seen 100 acknowledged 0\n"
                                 "bridge: interest +h-ChatHub\n"
                                 "bridge: interest end 0\n"
                                 "bridge: replay 2\n"
                                 "bridge:   h-ChatHub since 100\n"
                                 "worker 0: state open\n"
                                 "worker 1: state open\n");
    backplane_fixture_deliver(&f, 0, 104, "h-ChatHub", "live");
    backplane_fixture_deliver(&f, 2, 102, "h-ChatHub", "missed");
    backplane_fixture_expect(&f, "worker 0: message 102 h-ChatHub missed\n"
                                 "worker 0: position 102\n"
                                 "worker 1: position 102\n");
    link_server_replayed(f.server, 1, 2, 103, 0);
    backplane_fixture_expect(&f, "worker 0: message 104 h-ChatHub live\n"
                                 "worker 0: position 104\n"
                                 "worker 1: position 104\n");
    backplane_fixture_deinit(&f);
}

static void
publishes_are_sent_again(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    backplane_fixture_publish(&f, 1, "h-ChatHub", "one");
    backplane_fixture_publish(&f, 1, "h-ChatHub", "two");
    backplane_fixture_publish(&f, 1, "h-ChatHub", "three");
    backplane_fixture_expect(&f, "bridge: publish 1 one\n"
                                 "bridge: publish 2 two\n"
                                 "bridge: publish 3 three\n");
    link_server_published(f.server, 1, 1, 101);
    backplane_fixture_expect(&f, "worker 1: published OK 101\n");
    backplane_fixture_cut(&f);
    backplane_fixture_publish(&f, 0, "h-ChatHub", "four");
    backplane_fixture_forget(&f);
    f.opened.current_id = 102;
    f.opened.last_sequence = 2; /* its answer was lost */
    backplane_fixture_link(&f);
    link_server_replayed(f.server, 1, 2, 102, 0);
    backplane_fixture_expect(&f, "bridge: open ChatApp seen 100 acknowledged 1\n"
                                 "bridge: interest +h-ChatHub\n"
                                 "bridge: interest end 0\n"
                                 "bridge: replay 2\n"
                                 "bridge:   h-ChatHub since 100\n"
                                 "bridge: publish 3 three\n"
                                 "bridge: publish 4 four\n"
                                 "worker 0: state open\n"
                                 "worker 1: published OK 0\n"
                                 "worker 1: state open\n"
                                 "worker 0: position 102\n"
                                 "worker 1: position 102\n");
    link_server_refused(f.server, 1, 4, STATUS_LIMIT, BYTES("too large"));
    backplane_fixture_expect(&f, "worker 0: published LIMIT 0\n"
                                 "worker 1: published OK 0\n");
    backplane_fixture_deinit(&f);
}

/* B-6: what is under way goes by the next link. */
static void
a_bridge_that_stops_is_left(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    backplane_fixture_publish(&f, 1, "h-ChatHub", "one");
    backplane_fixture_publish(&f, 1, "h-ChatHub", "two");
    backplane_fixture_forget(&f);
    link_server_goaway(f.server, BYTES("stopping"), BYTES("other:7443"));
    backplane_fixture_expect(&f, "bridge: node left: the bridge is stopping\n"
                                 "worker 0: state unlinked\n"
                                 "worker 1: state unlinked\n");
    backplane_fixture_cut(&f);
    f.opened.last_sequence = 1; /* published, though nobody said so */
    backplane_fixture_link(&f);
    link_server_replayed(f.server, 1, 2, 101, 0);
    backplane_fixture_expect(&f, "bridge: open ChatApp seen 100 acknowledged 0\n"
                                 "bridge: interest +h-ChatHub\n"
                                 "bridge: interest end 0\n"
                                 "bridge: replay 2\n"
                                 "bridge:   h-ChatHub since 100\n"
                                 "bridge: publish 2 two\n"
                                 "worker 0: state open\n"
                                 "worker 1: published OK 0\n"
                                 "worker 1: state open\n"
                                 "worker 0: position 101\n"
                                 "worker 1: position 101\n");
    backplane_fixture_deinit(&f);
}

/* The sink goes with the stream, and timers may be due before the turn ends. */
static void
a_sink_that_is_gone_is_left_alone(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    uint64_t written_bytes = f.pipe.node.written_bytes;
    backplane_link_closed(f.backplane, "gone");
    clock_advance(&f.clock, LINK_KEEPALIVE_MS);
    timers_run(&f.timers);
    assert_int_equal(f.pipe.node.written_bytes, written_bytes);
    backplane_fixture_deinit(&f);
}

static void
new_connections_are_served_meanwhile(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    backplane_fixture_cut(&f);
    backplane_fixture_forget(&f);
    backplane_fixture_subscribe(&f, 1, "c-2", BACKPLANE_NO_REPLAY);
    backplane_fixture_expect(&f, "worker 1: subscribed OK at 100 missing 0\n");
    backplane_fixture_subscribe(&f, 1, "h-ChatHub", 100);
    backplane_fixture_expect(&f, "worker 1: subscribed OK at 100 missing 0\n");
    /* older than anything here: waits for a bridge */
    backplane_fixture_subscribe(&f, 1, "h-ChatHub", 50);
    backplane_fixture_expect(&f, "");
    backplane_fixture_link(&f);
    backplane_fixture_forget(&f);
    link_server_replayed(f.server, 1, 2, 100, 0);
    backplane_fixture_expect(&f, "bridge: replay 3\n"
                                 "bridge:   h-ChatHub since 50\n");
    link_server_replayed(f.server, 1, 3, 100, 0);
    backplane_fixture_expect(&f, "worker 1: subscribed OK at 100 missing 0\n");
    backplane_fixture_deinit(&f);
}

/* Asked for and given up in the turn in which the link is lost: the topic lingers, unused, and is
 * used again later. */
static void
who_left_before_the_loss_leaves_no_trace(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    backplane_fixture_subscribe(&f, 0, "hg-ChatHub.room", BACKPLANE_NO_REPLAY);
    backplane_fixture_unsubscribe(&f, 0, "hg-ChatHub.room");
    backplane_fixture_cut(&f);
    backplane_fixture_forget(&f);
    backplane_fixture_subscribe(&f, 0, "hg-ChatHub.room", BACKPLANE_NO_REPLAY);
    backplane_fixture_expect(&f, "worker 0: subscribed OK at 100 missing 0\n");
    backplane_fixture_deinit(&f);
}

/* Their names do not fit into one envelope together. */
static void
very_many_topics_ask_for_everything(void **state)
{
    enum { TOPICS = 300, NAME_BYTES = 60000 };
    static char name[NAME_BYTES + 1];
    static const char tail[] = "bridge: interest end 0\n"
                               "bridge: replay 2\n"
                               "bridge:   * since 100\n";
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    memset(name, 'x', NAME_BYTES);
    for (int i = 0; i < TOPICS; i++) {
        name[0] = (char)('a' + i / 26);
        name[1] = (char)('a' + i % 26);
        backplane_fixture_subscribe(&f, 0, name, BACKPLANE_NO_REPLAY);
    }
    backplane_fixture_cut(&f);
    backplane_fixture_forget(&f);
    backplane_fixture_link(&f);
    struct bytes told = buffer_bytes(&f.told_bridge);
    assert_bytes(bytes_after(told, told.length - strlen(tail)), bytes_from_string(tail));
    backplane_fixture_forget(&f);
    backplane_fixture_deliver(&f, 2, 101, "h-ChatHub", "missed");
    backplane_fixture_deliver(&f, 2, 102, "h-Other", "of nobody here");
    backplane_fixture_expect(&f, "worker 0: message 101 h-ChatHub missed\n"
                                 "worker 0: position 102\n"
                                 "worker 1: position 102\n");
    backplane_fixture_deinit(&f);
}

static void
a_loss_is_told(void **state)
{
    struct backplane_fixture f;

    (void)state;
    init_listening(&f);
    backplane_fixture_cut(&f);
    backplane_fixture_link(&f);
    backplane_fixture_forget(&f);
    link_server_replayed(f.server, 1, 2, 300, 250);
    backplane_fixture_expect(&f, "worker 0: gap 101-250\n"
                                 "worker 0: position 300\n"
                                 "worker 1: gap 101-250\n"
                                 "worker 1: position 300\n");
    backplane_fixture_deinit(&f);
}

static void
before_the_first_link_nothing_is_promised(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 100000);
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", BACKPLANE_NO_REPLAY);
    backplane_fixture_publish(&f, 0, "h-ChatHub", "early");
    backplane_fixture_expect(&f, "");
    backplane_fixture_link(&f);
    link_server_replayed(f.server, 1, 1, 100, 0);
    backplane_fixture_expect(&f, "bridge: open ChatApp seen 0 acknowledged 0\n"
                                 "bridge: interest +h-ChatHub\n"
                                 "bridge: interest end 0\n"
                                 "bridge: replay 1\n"
                                 "bridge:   h-ChatHub since 100\n"
                                 "bridge: publish 1 early\n"
                                 "worker 0: secrets 1 ab\n"
                                 "worker 0: state open\n"
                                 "worker 0: position 100\n"
                                 "worker 1: secrets 1 ab\n"
                                 "worker 1: state open\n"
                                 "worker 1: position 100\n"
                                 "worker 0: subscribed OK at 100 missing 0\n");
    backplane_fixture_deinit(&f);
}

static void
a_refused_app_fails_at_once(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 100000);
    f.is_refusing = true;
    backplane_fixture_link(&f);
    backplane_fixture_forget(&f);
    backplane_fixture_publish(&f, 0, "h-ChatHub", "never");
    backplane_fixture_subscribe(&f, 0, "h-ChatHub", BACKPLANE_NO_REPLAY);
    backplane_fixture_expect(&f, "worker 0: published BACKPLANE_DOWN 0\n"
                                 "worker 0: subscribed CLOSED at 0 missing 0\n");
    backplane_fixture_deinit(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_missed_comes_first),
        cmocka_unit_test(publishes_are_sent_again),
        cmocka_unit_test(a_bridge_that_stops_is_left),
        cmocka_unit_test(a_sink_that_is_gone_is_left_alone),
        cmocka_unit_test(new_connections_are_served_meanwhile),
        cmocka_unit_test(who_left_before_the_loss_leaves_no_trace),
        cmocka_unit_test(very_many_topics_ask_for_everything),
        cmocka_unit_test(a_loss_is_told),
        cmocka_unit_test(before_the_first_link_nothing_is_promised),
        cmocka_unit_test(a_refused_app_fails_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
