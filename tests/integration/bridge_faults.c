/* SPDX-License-Identifier: MIT */
/* Goal of these tests: whatever breaks between node and Redis, what was accepted is delivered,
 * once, in order. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/bridge_proxy.h"
#include "tests/integration/bridge_rig.h"
#include "tests/support/test.h"

static void
start(struct rig *rig)
{
    rig_init(rig);
    rig_start_redis(rig);
    rig_start_bridge(rig, 0);
    rig_join(rig, 0);
    rig_join(rig, 1);
    rig_listen(rig, 1, "t");
}

static void
redis_starts_after_the_bridge(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig.redis_port = 1; /* nobody listens there */
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    assert_int_equal(rig.nodes[0].state, LINK_BACKPLANE_BUFFERING);
    rig_leave(&rig, 0);
    rig_leave(&rig, 1);
    assert_int_equal(rig_stop_bridge(&rig, 0, SIGTERM), 0);

    rig.redis_port = 0;
    rig_start_redis(&rig);
    rig_stop_redis(&rig, SIGTERM);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    rig_listen(&rig, 1, "t");
    rig_publish_run(&rig, "t", 1, 100);
    rig_run(&rig, 200);
    assert_int_equal(rig.nodes[0].acknowledged, 0);
    rig_start_redis(&rig);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 100);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 100));
    assert_int_equal(rig.nodes[0].state, LINK_BACKPLANE_OPEN);
    rig_deinit(&rig);
}

/* without its dump: every id and the log are gone. */
static void
redis_loses_everything(void **state)
{
    uint64_t highest;
    struct rig rig;

    (void)state;
    start(&rig);
    rig_publish_run(&rig, "t", 1, 500);
    rig_wait(&rig, rig.nodes[1].delivered_count == 500);
    highest = rig.nodes[1].delivered[499].id;
    rig_stop_redis(&rig, SIGKILL);
    rig_publish_run(&rig, "t", 501, 700);
    rig_run(&rig, 500);
    assert_int_equal(rig.nodes[0].state, LINK_BACKPLANE_BUFFERING);
    rig_start_redis(&rig);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 700);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 700));
    assert_true(rig.nodes[1].delivered[500].id > highest);
    assert_int_equal(rig.nodes[1].lost_ids, 0);
    rig_publish_run(&rig, "t", 701, 750);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 750);
    assert_true(rig_redis(&rig, "FLUSHALL") >= 0);
    rig_publish_run(&rig, "t", 751, 900);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 900);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 900));
    assert_int_equal(rig.nodes[1].lost_ids, 0);
    rig_deinit(&rig);
}

/* */
static void
the_subscription_is_cut_again_and_again(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    for (uint64_t round = 0; round < 10; round++) {
        rig_publish_run(&rig, "t", round * 100 + 1, round * 100 + 100);
        assert_true(rig_redis(&rig, "CLIENT KILL TYPE pubsub") >= 0);
        rig_run(&rig, 20);
        assert_true(rig_redis(&rig, "CLIENT KILL TYPE normal SKIPME yes") >= 0);
        rig_run(&rig, 200);
    }
    rig_wait(&rig, rig.nodes[1].delivered_count >= 1000);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 1000));
    assert_int_equal(rig.nodes[1].lost_ids, 0);
    rig_deinit(&rig);
}

/* */
static void
errors_that_pass_are_waited_for(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    assert_true(rig_redis(&rig, "CONFIG SET maxmemory-policy noeviction") >= 0);
    assert_true(rig_redis(&rig, "CONFIG SET maxmemory 1") >= 0);
    rig_publish_run(&rig, "t", 1, 50);
    rig_run(&rig, 700);
    assert_int_equal(rig.nodes[0].state, LINK_BACKPLANE_BUFFERING);
    assert_true(rig_redis(&rig, "CONFIG SET maxmemory 0") >= 0);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 50);

    assert_true(rig_redis(&rig, "CLIENT PAUSE 1500 ALL") >= 0);
    rig_publish_run(&rig, "t", 51, 100);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 100);

    assert_true(rig_redis(&rig, "CONFIG SET min-replicas-to-write 1") >= 0);
    rig_publish_run(&rig, "t", 101, 150);
    rig_run(&rig, 700);
    assert_true(rig_redis(&rig, "CONFIG SET min-replicas-to-write 0") >= 0);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 150);

    assert_true(rig_redis(&rig, "REPLICAOF 127.0.0.1 1") >= 0);
    rig_publish_run(&rig, "t", 151, 200);
    rig_run(&rig, 700);
    assert_true(rig_redis(&rig, "REPLICAOF NO ONE") >= 0);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 200);

    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 200));
    assert_int_equal(rig.nodes[0].refused_count, 0);
    rig_deinit(&rig);
}

/* */
static void
a_refused_publish_is_no_loss(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig_publish_run(&rig, "t", 1, 10);
    rig_wait(&rig, rig.nodes[1].delivered_count == 10);
    assert_true(rig_redis(&rig, "ACL SETUSER default -publish") >= 0);
    rig_publish_run(&rig, "t", 11, 13);
    rig_wait(&rig, rig.nodes[0].refused_count == 3);
    assert_int_equal(rig.nodes[0].refused_status, STATUS_DENIED);
    assert_true(rig_redis(&rig, "ACL SETUSER default +publish") >= 0);
    rig_publish_run(&rig, "t", 14, 20);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 17);
    assert_int_equal(rig.nodes[1].delivered[10].number, 14);
    assert_int_equal(rig.nodes[1].lost_ids, 0);
    rig_deinit(&rig);
}

/* */
static void
a_counter_of_the_wrong_type(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    assert_true(rig_redis(&rig, "LPUSH " RIG_KEY " x") >= 0);
    rig_publish(&rig, 0, "t", 1);
    rig_wait(&rig, rig.nodes[0].refused_count == 1);
    rig_wait(&rig, rig.nodes[0].state == LINK_BACKPLANE_CLOSED);
    assert_true(rig_redis(&rig, "DEL " RIG_KEY) >= 0);
    rig_wait(&rig, rig.nodes[0].state == LINK_BACKPLANE_OPEN);
    rig_publish(&rig, 0, "t", 2);
    rig_wait(&rig, rig.nodes[1].delivered_count == 1);
    rig_deinit(&rig);
}

/* B-1. */
static void
the_bridge_is_killed(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig.nodes[0].reconnects = rig.nodes[1].reconnects = true;
    for (uint64_t round = 0; round < 5; round++) {
        rig_publish_run(&rig, "t", round * 100 + 1, round * 100 + 100);
        rig_run(&rig, 5 * round);
        assert_int_equal(rig_stop_bridge(&rig, 0, SIGKILL), 128 + SIGKILL);
        rig_wait(&rig, !rig.nodes[0].is_open && !rig.nodes[1].is_open);
        rig_start_bridge(&rig, 0);
        rig_wait(&rig, rig.nodes[0].is_open && rig.nodes[1].is_open);
        rig_wait(&rig, rig.nodes[0].acknowledged == round * 100 + 100);
    }
    /* Published once each: the counter says so, and the log has them in order. */
    assert_int_equal(rig_redis(&rig, "GET " RIG_KEY), 500);
    rig.nodes[1].delivered_count = 0;
    rig_replay(&rig, 1, "t", 0);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 500));
    rig_deinit(&rig);
}

static void
the_bridge_is_stopped_gently(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig_publish_run(&rig, "t", 1, 100);
    rig_run(&rig, 50);
    kill(rig.bridges[0], SIGTERM);
    rig_wait(&rig, rig.nodes[0].goaway_count == 1 && rig.nodes[1].goaway_count == 1);
    rig_wait(&rig, rig.nodes[0].acknowledged == 100);
    rig_leave(&rig, 0);
    rig_leave(&rig, 1);
    assert_int_equal(rig_stop_bridge(&rig, 0, SIGCONT), 0);
    rig_deinit(&rig);
}

/* A rig whose bridge reaches Redis through a wire. */
static void
start_with_proxy(struct rig *rig, struct bridge_proxy *proxy)
{
    rig_init(rig);
    rig_start_redis(rig);
    bridge_proxy_open(proxy, rig->loop, rig->redis_port);
    snprintf(rig->redis_section, sizeof(rig->redis_section), "address = 127.0.0.1:%u\n",
             bridge_proxy_port(proxy));
    rig_start_bridge(rig, 0);
    rig_join(rig, 0);
    rig_join(rig, 1);
    rig_listen(rig, 1, "t");
}

/* B-4. */
static void
answers_of_the_script_are_swallowed(void **state)
{
    struct bridge_proxy proxy;
    struct rig rig;

    (void)state;
    start_with_proxy(&rig, &proxy);
    for (uint64_t round = 0; round < 10; round++) {
        rig_publish_run(&rig, "t", round * 50 + 1, round * 50 + 25);
        proxy.swallows = "EVALSHA";
        rig_publish_run(&rig, "t", round * 50 + 26, round * 50 + 50);
        rig_wait(&rig, rig.nodes[0].acknowledged == round * 50 + 50);
    }
    rig_wait(&rig, rig.nodes[1].delivered_count >= 500);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 500));
    assert_int_equal(proxy.swallowed_count, 10);
    assert_int_equal(rig.nodes[1].lost_ids, 0);
    assert_int_equal(rig_redis(&rig, "ZCARD {" RIG_KEY "}:hubplane:log"), 500);
    rig_deinit_with_proxy(&rig, &proxy);
}

/* */
static void
a_silent_wire_is_noticed(void **state)
{
    struct bridge_proxy proxy;
    uint64_t begin_ms;
    struct rig rig;

    (void)state;
    start_with_proxy(&rig, &proxy);
    rig_publish_run(&rig, "t", 1, 10);
    rig_wait(&rig, rig.nodes[1].delivered_count == 10);
    begin_ms = rig_now_ms();
    proxy.is_frozen = true;
    rig_publish_run(&rig, "t", 11, 20);
    rig_wait(&rig, rig.nodes[0].state == LINK_BACKPLANE_BUFFERING);
    assert_true(rig_now_ms() - begin_ms < 10000);
    proxy.is_frozen = false;
    begin_ms = rig_now_ms();
    rig_wait(&rig, rig.nodes[1].delivered_count >= 20);
    assert_true(rig_now_ms() - begin_ms < 10000);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 20));
    rig_deinit_with_proxy(&rig, &proxy);
}

/* B-2, and what makes a retry through another bridge harmless. */
static void
a_node_moves_to_another_bridge(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_redis(&rig);
    rig_start_bridge(&rig, 0);
    rig_start_bridge(&rig, 1);
    rig.nodes[1].bridge = 1;
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    rig_listen(&rig, 1, "t");
    rig.nodes[0].reconnects = true;
    for (uint64_t round = 0; round < 6; round++) {
        size_t used = round % 2;

        rig_publish_run(&rig, "t", round * 300 + 1, round * 300 + 300);
        rig_run(&rig, round);
        rig.nodes[0].bridge = 1 - used;
        if (used == 0) {
            assert_int_equal(rig_stop_bridge(&rig, 0, SIGKILL), 128 + SIGKILL);
            rig_wait(&rig, !rig.nodes[0].is_open);
            rig_start_bridge(&rig, 0);
        } else {
            stream_close(rig.nodes[0].stream, "moving");
            rig_wait(&rig, !rig.nodes[0].is_open);
        }
        rig_wait(&rig, rig.nodes[0].is_open);
    }
    rig_wait(&rig, rig.nodes[0].acknowledged == 1800);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 1800);
    rig_run(&rig, 100);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 1800));
    assert_int_equal(rig_redis(&rig, "GET " RIG_KEY), 1800);
    rig_deinit(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redis_starts_after_the_bridge),
        cmocka_unit_test(redis_loses_everything),
        cmocka_unit_test(the_subscription_is_cut_again_and_again),
        cmocka_unit_test(errors_that_pass_are_waited_for),
        cmocka_unit_test(a_refused_publish_is_no_loss),
        cmocka_unit_test(a_counter_of_the_wrong_type),
        cmocka_unit_test(the_bridge_is_killed),
        cmocka_unit_test(the_bridge_is_stopped_gently),
        cmocka_unit_test(answers_of_the_script_are_swallowed),
        cmocka_unit_test(a_silent_wire_is_noticed),
        cmocka_unit_test(a_node_moves_to_another_bridge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
