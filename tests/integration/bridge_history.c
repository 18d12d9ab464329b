/* SPDX-License-Identifier: MIT */
/* Goal of these tests: what Redis no longer has, a bridge that was away has from another bridge;
 * one that does not answer keeps nobody waiting for long. */
#include <signal.h>
#include <stdio.h>

#include "tests/integration/bridge_proxy.h"
#include "tests/integration/bridge_rig.h"
#include "tests/support/test.h"

/* Nodes 0 and 1 are web0 at bridge 0 and web1 at bridge 1; node 1 listens. ${redis_options} are
 * lines of [redis]. */
static void
start(struct rig *rig, struct bridge_proxy *proxy, const char *redis_options)
{
    rig_init(rig);
    rig_start_redis(rig);
    rig->has_peers = true;
    rig->nodes[1].bridge = 1;
    bridge_proxy_open(proxy, rig->loop, rig->redis_port);
    for (size_t i = 0; i < 2; i++) {
        snprintf(rig->redis_section, sizeof(rig->redis_section), "address = 127.0.0.1:%u\n%s",
                 i == 0 ? rig->redis_port : bridge_proxy_port(proxy), redis_options);
        rig_start_bridge(rig, i);
        rig_join(rig, i);
    }
    rig_listen(rig, 1, "t");
    rig_publish_run(rig, "t", 1, 300);
    rig_wait(rig, rig->nodes[1].delivered_count == 300);
}

static void
publish(struct rig *rig, uint64_t first, uint64_t last)
{
    rig_publish_run(rig, "t", first, last);
    rig_wait(rig, rig->nodes[0].acknowledged == last);
}

/* Each number up to ${last} once. The bridge may have come to what was missed before or after the
 * node listened; a node takes what comes live from there, and the rest from its REPLAY. */
static bool
has_all(const struct rig_node *node, uint64_t last)
{
    uint8_t counts[1001] = {0};

    for (size_t i = 0; i < node->delivered_count; i++) {
        const struct rig_delivery *delivery = &node->delivered[i];
        if (!delivery->is_replay || delivery->id <= node->interest_position) {
            assert_in_range(delivery->number, 1, last);
            counts[delivery->number]++;
        }
    }
    for (uint64_t number = 1; number <= last; number++) {
        if (counts[number] != 1) {
            return false;
        }
    }
    return true;
}

/* Bridge 1 and its node are away while 700 messages pass. */
static void
be_away(struct rig *rig, bool loses_log)
{
    uint64_t since = rig->nodes[1].position;

    rig_leave(rig, 1);
    assert_int_equal(rig_stop_bridge(rig, 1, SIGTERM), 0);
    publish(rig, 301, 900);
    if (loses_log) {
        assert_true(rig_redis(rig, "FLUSHALL") >= 0);
    }
    publish(rig, 901, 1000);
    rig_start_bridge(rig, 1);
    rig_join(rig, 1);
    rig_listen(rig, 1, "t");
    rig_replay(rig, 1, "t", since);
    rig_wait(rig, has_all(&rig->nodes[1], 1000));
    assert_int_equal(rig->nodes[1].missing_to, 0);
    assert_int_equal(rig->nodes[1].lost_ids, 0);
}

static void
redis_was_emptied(void **state)
{
    struct bridge_proxy proxy;
    struct rig rig;

    (void)state;
    start(&rig, &proxy, "");
    be_away(&rig, true);
    rig_deinit_with_proxy(&rig, &proxy);
}

static void
the_log_is_too_short(void **state)
{
    struct bridge_proxy proxy;
    struct rig rig;

    (void)state;
    start(&rig, &proxy, "log_messages = 100\n");
    be_away(&rig, false);
    rig_deinit_with_proxy(&rig, &proxy);
}

static void
there_is_no_log(void **state)
{
    struct bridge_proxy proxy;
    struct rig rig;

    (void)state;
    start(&rig, &proxy, "log_messages = off\n");
    be_away(&rig, false);
    rig_deinit_with_proxy(&rig, &proxy);
}

/* Bridge 1 hears nothing of ${first} to ${last}, until mend(). */
static void
cut_off(struct rig *rig, struct bridge_proxy *proxy, uint64_t first, uint64_t last)
{
    proxy->is_frozen = true;
    bridge_proxy_cut(proxy);
    rig_wait(rig, rig->nodes[1].state == LINK_BACKPLANE_BUFFERING);
    publish(rig, first, last);
}

static void
mend(struct bridge_proxy *proxy)
{
    proxy->is_frozen = false;
    bridge_proxy_cut(proxy);
}

static void
a_gap_is_filled(void **state)
{
    struct bridge_proxy proxy;
    struct rig rig;

    (void)state;
    start(&rig, &proxy, "log_messages = off\n");
    cut_off(&rig, &proxy, 301, 500);
    mend(&proxy);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 500);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 500));
    assert_int_equal(rig.nodes[1].lost_ids, 0);

    /* Now the other bridge hangs: what only it has is given up. */
    cut_off(&rig, &proxy, 501, 600);
    kill(rig.bridges[0], SIGSTOP);
    mend(&proxy);
    rig_wait(&rig, rig.nodes[1].lost_ids == 100);
    rig.nodes[2].bridge = 1;
    rig_join(&rig, 2);
    rig_publish(&rig, 2, "t", 601);
    rig_wait(&rig, rig.nodes[1].delivered_count == 501);
    assert_int_equal(rig.nodes[1].delivered[500].number, 601);
    kill(rig.bridges[0], SIGCONT);
    rig_deinit_with_proxy(&rig, &proxy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redis_was_emptied),
        cmocka_unit_test(the_log_is_too_short),
        cmocka_unit_test(there_is_no_log),
        cmocka_unit_test(a_gap_is_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
