/* SPDX-License-Identifier: MIT */
/* Goal of these tests: the door of the bridge, without Redis: who may come in, what an app may be,
 * and the farm in memory. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/integration/bridge_rig.h"
#include "tests/support/test.h"

static void
memory_is_a_farm_of_one_bridge(void **state)
{
    uint64_t before_ms = (uint64_t)time(NULL) * 1000 - 1000;
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    rig_join(&rig, 1);
    assert_int_equal(rig.nodes[0].state, LINK_BACKPLANE_OPEN);
    assert_true(rig.nodes[0].current_id > before_ms);
    rig_listen(&rig, 1, "t");
    rig_publish_run(&rig, "t", 1, 100);
    rig_wait(&rig, rig.nodes[1].delivered_count == 100 && rig.nodes[0].acknowledged == 100);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 100));
    rig_replay(&rig, 0, "t", rig.nodes[1].delivered[49].id);
    assert_true(rig_has_run(&rig.nodes[0], 0, 51, 100));
    rig_deinit(&rig);
}

static void
ids_never_fall_behind_what_a_node_remembers(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_bridge(&rig, 0);
    rig.nodes[0].position = UINT64_C(5000000000000);
    rig_join(&rig, 0);
    rig_listen(&rig, 0, "t");
    rig_publish(&rig, 0, "t", 1);
    rig_wait(&rig, rig.nodes[0].delivered_count == 1);
    assert_int_equal(rig.nodes[0].delivered[0].id, UINT64_C(5000000000001));
    /* Another node remembers even more. */
    rig.nodes[1].position = UINT64_C(6000000000000);
    rig_join(&rig, 1);
    rig_listen(&rig, 1, "t");
    rig_publish(&rig, 0, "t", 2);
    rig_wait(&rig, rig.nodes[1].delivered_count == 1 && rig.nodes[0].delivered_count == 2);
    assert_true(rig.nodes[1].delivered[0].id > UINT64_C(6000000000000));
    assert_int_equal(rig.nodes[0].lost_ids, 0);
    rig_deinit(&rig);
}

static void
strangers_are_refused(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_bridge(&rig, 0);
    assert_int_equal(rig_shell(&rig, "$BRIDGE ca --state other && "
                                     "$BRIDGE issue web --state other > stranger.pem"),
                     0);
    rig_dial(&rig, 0, "stranger.pem");
    rig_wait(&rig, rig.nodes[0].stream == NULL);
    assert_false(rig.nodes[0].is_open);
    rig_join(&rig, 1);
    rig_deinit(&rig);
}

static void
a_certificate_is_bound_to_its_apps(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_bridge(&rig, 0);
    assert_int_equal(rig_shell(&rig, "$BRIDGE issue web2 --apps Other --state state > web2.pem && "
                                     "$BRIDGE issue web3 --apps Other," RIG_KEY
                                     " --state state > web3.pem"),
                     0);
    rig_dial(&rig, 0, "web2.pem");
    rig_wait(&rig, rig.nodes[0].refusal[0] != '\0');
    assert_non_null(strstr(rig.nodes[0].refusal, "DENIED"));
    rig_dial(&rig, 1, "web3.pem");
    rig_wait(&rig, rig.nodes[1].is_open);
    rig_deinit(&rig);
}

static void
a_key_with_a_star_is_refused(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    link_client_open_app(rig.nodes[0].link, 2, BYTES("Chat*"), 0, 0);
    rig_wait(&rig, rig.nodes[0].refusal[0] != '\0');
    assert_non_null(strstr(rig.nodes[0].refusal, "pattern"));
    rig_deinit(&rig);
}

static void
credentials_are_rotated_by_sighup(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    assert_int_equal(rig_shell(&rig, "$BRIDGE issue bridge1 --bridge --state state > new.pem && "
                                     "mv new.pem state0/bridge.pem"),
                     0);
    kill(rig.bridges[0], SIGHUP);
    rig_run(&rig, 200);
    rig_join(&rig, 1);
    assert_true(rig.nodes[0].is_open);
    rig_deinit(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_a_farm_of_one_bridge),
        cmocka_unit_test(ids_never_fall_behind_what_a_node_remembers),
        cmocka_unit_test(strangers_are_refused),
        cmocka_unit_test(a_certificate_is_bound_to_its_apps),
        cmocka_unit_test(a_key_with_a_star_is_refused),
        cmocka_unit_test(credentials_are_rotated_by_sighup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
