/* SPDX-License-Identifier: MIT */
/* Goal of these tests: bridges that are linked to each other are one farm: what one of them issues,
 * revokes, seals with or has seen, the other knows. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/bridge_proxy.h"
#include "tests/integration/bridge_rig.h"
#include "tests/support/test.h"

/* Nodes 0 and 1 are web0 at bridge 0 and web1 at bridge 1. */
static void
init(struct rig *rig)
{
    rig_init(rig);
    rig_start_redis(rig);
    rig->has_peers = true;
    rig->nodes[1].bridge = 1;
}

static bool
knows(const struct rig_node *node, const uint8_t *secret)
{
    for (size_t i = 0; i < node->secret_count; i++) {
        if (memcmp(node->secrets[i], secret, ENVELOPE_SECRET_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static bool
seal_alike(const struct rig *rig)
{
    return memcmp(rig->nodes[0].secrets[0], rig->nodes[1].secrets[0], ENVELOPE_SECRET_BYTES) == 0;
}

static void
a_bridge_that_joins_takes_the_secrets_of_the_farm(void **state)
{
    struct rig rig;

    (void)state;
    init(&rig);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    rig_start_bridge(&rig, 1);
    rig_wait(&rig, rig_shell(&rig, "test -e state1/secrets/key-ChatApp") == 0);
    rig_join(&rig, 1);
    assert_true(seal_alike(&rig));
    assert_int_equal(rig.nodes[1].secret_count, 1);
    rig_deinit(&rig);
}

/* Each has made up a secret before it knew the other. */
static void
two_inventions_become_one(void **state)
{
    uint8_t first[ENVELOPE_SECRET_BYTES], second[ENVELOPE_SECRET_BYTES];
    struct rig rig;

    (void)state;
    init(&rig);
    rig.has_peers = false;
    rig_start_bridge(&rig, 0);
    rig_start_bridge(&rig, 1);
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    assert_false(seal_alike(&rig));
    memcpy(first, rig.nodes[0].secrets[0], sizeof(first));
    memcpy(second, rig.nodes[1].secrets[0], sizeof(second));
    for (size_t i = 0; i < 2; i++) {
        rig_leave(&rig, i);
        assert_int_equal(rig_stop_bridge(&rig, i, SIGTERM), 0);
    }

    rig.has_peers = true;
    rig_start_bridge(&rig, 0);
    rig_start_bridge(&rig, 1);
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    rig_wait(&rig, seal_alike(&rig));
    for (size_t i = 0; i < 2; i++) {
        rig_wait(&rig, knows(&rig.nodes[i], first) && knows(&rig.nodes[i], second));
    }
    rig_deinit(&rig);
}

static void
what_one_revokes_the_other_turns_away(void **state)
{
    uint8_t before[ENVELOPE_SECRET_BYTES];
    struct rig rig;

    (void)state;
    init(&rig);
    rig_start_bridge(&rig, 0);
    rig_start_bridge(&rig, 1);
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    rig_wait(&rig, seal_alike(&rig));
    memcpy(before, rig.nodes[0].secrets[0], sizeof(before));
    assert_int_equal(rig_shell(&rig, "$BRIDGE issue other --state state1 > other.pem"), 0);
    rig_wait(&rig, rig_shell(&rig, "grep -q other state0/issued") == 0);
    rig_dial(&rig, 2, "other.pem");
    rig_wait(&rig, rig.nodes[2].is_open);

    assert_int_equal(rig_shell(&rig, "$BRIDGE revoke other --now --state state1"), 0);
    rig_wait(&rig, rig.nodes[2].stream == NULL);
    rig_wait(&rig, rig_shell(&rig, "grep -q other state0/revoked") == 0);
    rig_wait(&rig, !knows(&rig.nodes[0], before) && !knows(&rig.nodes[1], before));
    rig_wait(&rig, seal_alike(&rig));
    assert_true(rig.nodes[0].is_open);
    rig_dial(&rig, 2, "other.pem");
    rig_wait(&rig, strstr(rig.nodes[2].failure, "revoked") != NULL);
    rig_deinit(&rig);
}

/* Two bridges with a node each; that of the second listens. */
static void
init_two(struct rig *rig)
{
    init(rig);
    rig_start_bridge(rig, 0);
    rig_start_bridge(rig, 1);
    rig_join(rig, 0);
    rig_join(rig, 1);
    rig_listen(rig, 1, "t");
}

/* B-6: one is restarted while messages flow; its node goes to the other. */
static void
one_is_restarted_under_load(void **state)
{
    struct rig rig;

    (void)state;
    init_two(&rig);
    rig.nodes[0].reconnects = true;
    rig_publish_run(&rig, "t", 1, 200);
    /* Nothing keeps a bridge from stopping: its peer leaves when asked to. */
    rig.nodes[0].bridge = 1;
    rig_wait(&rig, rig.nodes[0].acknowledged == 200);
    stream_close(rig.nodes[0].stream, "moving");
    assert_int_equal(rig_stop_bridge(&rig, 0, SIGTERM), 0);
    rig_wait(&rig, rig.nodes[0].is_open);
    rig_start_bridge(&rig, 0);
    rig_publish_run(&rig, "t", 201, 400);
    rig_wait(&rig, rig.nodes[1].delivered_count >= 400);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 400));
    rig_wait(&rig, rig.nodes[0].acknowledged == 400);
    /* They have found each other again, in both directions. */
    assert_int_equal(rig_shell(&rig, "$BRIDGE issue first --state state0 > first.pem"), 0);
    assert_int_equal(rig_shell(&rig, "$BRIDGE issue second --state state1 > second.pem"), 0);
    rig_wait(&rig, rig_shell(&rig, "grep -q first state1/issued") == 0);
    rig_wait(&rig, rig_shell(&rig, "grep -q second state0/issued") == 0);
    rig_deinit(&rig);
}

/* Redis and the first bridge start with nothing, the second cannot reach Redis: it only says what
 * it has seen, after a while. */
static void
ids_go_on_above_what_another_bridge_has_seen(void **state)
{
    struct bridge_proxy proxy;
    uint64_t highest;
    struct rig rig;

    (void)state;
    init(&rig);
    bridge_proxy_open(&proxy, rig.loop, rig.redis_port);
    rig_start_bridge(&rig, 0);
    snprintf(rig.redis_section, sizeof(rig.redis_section), "address = 127.0.0.1:%u\n",
             bridge_proxy_port(&proxy));
    rig_start_bridge(&rig, 1);
    rig.redis_section[0] = '\0';
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    rig_listen(&rig, 1, "t");
    rig_publish_run(&rig, "t", 1, 500);
    rig_wait(&rig, rig.nodes[1].delivered_count == 500);
    highest = rig.nodes[1].delivered[499].id;

    proxy.is_frozen = true;
    bridge_proxy_cut(&proxy);
    rig_leave(&rig, 0);
    assert_int_equal(rig_stop_bridge(&rig, 0, SIGKILL), 128 + SIGKILL);
    rig_stop_redis(&rig, SIGKILL);
    rig_start_redis(&rig);
    kill(rig.bridges[1], SIGSTOP);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 2);
    rig_publish(&rig, 2, "t", 501);
    rig_run(&rig, 100);
    kill(rig.bridges[1], SIGCONT);
    rig_wait(&rig, rig.nodes[2].acknowledged == 1);
    assert_true(rig.nodes[2].published_id > highest);

    proxy.is_frozen = false;
    bridge_proxy_cut(&proxy);
    rig_wait(&rig, rig.nodes[1].delivered_count > 500);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 501));
    assert_int_equal(rig.nodes[1].lost_ids, 0);
    rig_deinit_with_proxy(&rig, &proxy);
}

static void
nodes_of_other_bridges_are_found(void **state)
{
    struct rig rig;

    (void)state;
    init_two(&rig);
    rig_wait(&rig, rig_query(&rig, 0, "t")); /* as soon as the bridges are linked */
    assert_false(rig_query(&rig, 0, "u"));
    assert_false(rig_query(&rig, 1, "t"));
    /* One that hangs, and one that is gone, have nobody. */
    kill(rig.bridges[1], SIGSTOP);
    assert_false(rig_query(&rig, 0, "t"));
    kill(rig.bridges[1], SIGCONT);
    rig_wait(&rig, rig_query(&rig, 0, "t"));
    rig_leave(&rig, 1);
    assert_int_equal(rig_stop_bridge(&rig, 1, SIGKILL), 128 + SIGKILL);
    assert_false(rig_query(&rig, 0, "t"));
    rig_deinit(&rig);
}

static void
a_node_cannot_share(void **state)
{
    struct rig rig;

    (void)state;
    init(&rig);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    link_client_share(rig.nodes[0].link, BYTES("revoked"), BYTES("ab\tother\t1\n"));
    rig_wait(&rig, rig.nodes[0].stream == NULL);
    assert_non_null(strstr(rig.nodes[0].failure, "only bridges share"));
    assert_int_equal(rig_shell(&rig, "test -e state0/revoked"), 1);
    rig_deinit(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bridge_that_joins_takes_the_secrets_of_the_farm),
        cmocka_unit_test(two_inventions_become_one),
        cmocka_unit_test(what_one_revokes_the_other_turns_away),
        cmocka_unit_test(one_is_restarted_under_load),
        cmocka_unit_test(ids_go_on_above_what_another_bridge_has_seen),
        cmocka_unit_test(nodes_of_other_bridges_are_found),
        cmocka_unit_test(a_node_cannot_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
