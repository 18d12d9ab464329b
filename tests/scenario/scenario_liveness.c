/* SPDX-License-Identifier: MIT */
/* Goal of this test: keep-alives, time-outs and disconnect events come when they should. T48, T49,
 * T51. */
#include <stdlib.h>

#include "tests/scenario/signalr_client.h"

struct world {
    struct scenario scenario;
    struct signalr_client client;
};

static struct world *
make_world(enum signalr_transport transport, uint32_t keep_alive_ms, uint32_t delay_ms)
{
    struct world *world = calloc(1, sizeof(*world));

    scenario_init(&world->scenario);
    world->scenario.app.timeouts.keep_alive_ms = keep_alive_ms;
    world->scenario.app.timeouts.long_poll_delay_ms = delay_ms;
    scenario_start(&world->scenario, 1);
    signalr_client_init(&world->client, &world->scenario, 0, transport);
    signalr_client_start(&world->client);
    scenario_expect_events(&world->scenario, "connected ChatHub\n");
    return world;
}

static void
free_world(struct world *world)
{
    signalr_client_deinit(&world->client);
    scenario_deinit(&world->scenario);
    free(world);
}

/* T49: one keep-alive each ten seconds, give or take a heartbeat. */
static void
keep_alives_come_in_time(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport, 10 * 1000, 0);
        size_t before = world->client.keep_alive_count;
        uint64_t silent_ms = 0;
        for (int i = 0; i < 100; i++) {
            scenario_advance(&world->scenario, 1000);
            signalr_client_run(&world->client);
            silent_ms = world->client.keep_alive_count > before ? 0 : silent_ms + 1000;
            before = world->client.keep_alive_count;
            assert_in_range(silent_ms, 0, 15 * 1000);
        }
        assert_in_range(before, 8, 12);
        free_world(world);
    }
}

/* T48 */
static void
silence_ends_the_connection(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport, 10 * 1000, 0);
        uint64_t threshold_ms = transport == LONG_POLLING ? 0 : 5000;
        signalr_client_drop(&world->client);
        scenario_advance(&world->scenario, 30 * 1000 + threshold_ms - 1);
        scenario_expect_events(&world->scenario, "");
        scenario_advance(&world->scenario, 5001);
        scenario_expect_events(&world->scenario, "disconnected ChatHub stop=0\n");
        scenario_advance(&world->scenario, 200 * 1000);
        scenario_expect_events(&world->scenario, "");
        assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CONNECTIONS), 0);
        free_world(world);
    }
}

/* T48: the delay before polls adds to the patience. */
static void
poll_delay_adds_patience(void **state)
{
    (void)state;
    struct world *world = make_world(LONG_POLLING, 10 * 1000, 20 * 1000);

    signalr_client_drop(&world->client);
    scenario_advance(&world->scenario, 49 * 1000);
    scenario_expect_events(&world->scenario, "");
    scenario_advance(&world->scenario, 6 * 1000);
    scenario_expect_events(&world->scenario, "disconnected ChatHub stop=0\n");
    free_world(world);
}

/* T51 */
static void
without_keep_alive_every_transport_is_recycled(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport, 0, 0);
        scenario_advance(&world->scenario, 100 * 1000);
        signalr_client_read(&world->client);
        assert_int_equal(world->client.keep_alive_count, 0);
        assert_true(signalr_client_is_receiving(&world->client));
        scenario_advance(&world->scenario, 16 * 1000);
        assert_false(signalr_client_is_receiving(&world->client));
        scenario_expect_events(&world->scenario, "");
        signalr_client_open(&world->client, "reconnect");
        signalr_client_run(&world->client);
        scenario_expect_events(&world->scenario, "reconnected ChatHub\n");
        free_world(world);
    }
}

/* An idle client's cursor follows the farm, so that a short history is enough for it. */
static void
idle_cursor_moves_on(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS, 10 * 1000, 0);

    for (int i = 0; i < 100; i++) {
        scenario_publish(&world->scenario, "h-OtherHub", "{}");
    }
    fake_port_send_position(world->scenario.hosts[0].port);
    scenario_advance(&world->scenario, 65 * 1000);
    signalr_client_run(&world->client);
    assert_string_equal(world->client.cursor, "s-0,64");
    signalr_client_expect(&world->client, "");
    world->scenario.farm.retained_from = 101;
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_REPLAYS_SHORT), 0);
    free_world(world);
}

/* The same for polls, when they time out. */
static void
idle_poll_moves_on(void **state)
{
    (void)state;
    struct world *world = make_world(LONG_POLLING, 10 * 1000, 0);

    for (int i = 0; i < 100; i++) {
        scenario_publish(&world->scenario, "h-OtherHub", "{}");
    }
    fake_port_send_position(world->scenario.hosts[0].port);
    for (int i = 0; i < 120; i++) {
        scenario_advance(&world->scenario, 1000);
        signalr_client_run(&world->client);
    }
    /* One more than were published here: "moved", since polls may have been elsewhere before. */
    assert_string_equal(world->client.cursor, "s-0,65");
    free_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_alives_come_in_time),
        cmocka_unit_test(silence_ends_the_connection),
        cmocka_unit_test(poll_delay_adds_patience),
        cmocka_unit_test(without_keep_alive_every_transport_is_recycled),
        cmocka_unit_test(idle_cursor_moves_on),
        cmocka_unit_test(idle_poll_moves_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
