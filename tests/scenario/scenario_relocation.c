/* SPDX-License-Identifier: MIT */
/* Goal of this test: a client that moves between workers and nodes is one client: no disconnect
 * events, no leftovers. T69, C-10. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/scenario/signalr_client.h"

enum { HOSTS = 3 };

struct world {
    struct scenario scenario;
    struct signalr_client client;
};

static struct world *
make_world(enum signalr_transport transport, bool shares_node)
{
    struct world *world = calloc(1, sizeof(*world));

    scenario_init(&world->scenario);
    world->scenario.shares_node = shares_node;
    scenario_start(&world->scenario, HOSTS);
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

/* Round the hosts, with groups, messages in between, and enough time for every time-out. */
static void
hop_around(enum signalr_transport transport, bool shares_node)
{
    struct world *world = make_world(transport, shares_node);
    char text[32], expected[64];

    signalr_client_call(&world->client, "Join", "[\"g\"]");
    for (size_t hop = 0; hop < 9; hop++) {
        signalr_client_drop(&world->client);
        snprintf(text, sizeof(text), "%zu", hop);
        scenario_say(&world->scenario, text);
        world->client.host = hop % HOSTS;
        signalr_client_open(&world->client, "reconnect");
        signalr_client_run(&world->client);
        scenario_publish(&world->scenario, "hg-ChatHub.g",
                         "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"group\"]}");
        signalr_client_run(&world->client);
        snprintf(expected, sizeof(expected), "say:%zu say:group", hop);
        signalr_client_expect(&world->client, expected);
        scenario_advance(&world->scenario, 13 * 1000);
        signalr_client_run(&world->client);
        scenario_expect_events(&world->scenario, "reconnected ChatHub\n");
        assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CONNECTIONS), 1);
    }
    scenario_advance(&world->scenario, 100 * 1000);
    scenario_expect_events(&world->scenario, "");
    assert_int_equal(world->client.backward_count, 0);
    free_world(world);
}

static void
between_nodes(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        hop_around((enum signalr_transport)transport, false);
    }
}

static void
between_workers(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        hop_around((enum signalr_transport)transport, true);
    }
}

/* Polls without stickiness: each on another host, and nothing is lost or repeated. */
static void
polls_on_alternating_hosts(void **state)
{
    (void)state;
    struct world *world = make_world(LONG_POLLING, false);
    char expected[64], text[32];

    for (size_t i = 0; i < 30; i++) {
        world->client.host = i % HOSTS; /* of the next poll */
        snprintf(text, sizeof(text), "%zu", i);
        scenario_say(&world->scenario, text);
        signalr_client_run(&world->client);
        snprintf(expected, sizeof(expected), "say:%zu", i);
        signalr_client_expect(&world->client, expected);
    }
    scenario_advance(&world->scenario, 60 * 1000);
    signalr_client_run(&world->client);
    scenario_expect_events(&world->scenario, "");
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CONNECTIONS), 1);
    free_world(world);
}

/* There and back again before the word of the move arrives: the record in use survives, the other
 * vanishes. */
static void
late_word_of_a_move(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS, false);
    struct fake_port *home = world->scenario.hosts[0].port;

    signalr_client_drop(&world->client);
    home->holds_events = true;
    world->client.host = 1;
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
    signalr_client_drop(&world->client);
    scenario_advance(&world->scenario, 1);
    world->client.host = 0;
    signalr_client_open(&world->client, "reconnect");
    scenario_run(&world->scenario);
    scenario_advance(&world->scenario, 10 * 1000);
    home->holds_events = false;
    signalr_client_run(&world->client);
    assert_true(signalr_client_is_receiving(&world->client));
    scenario_expect_events(&world->scenario, "reconnected ChatHub\nreconnected ChatHub\n");
    scenario_advance(&world->scenario, 60 * 1000);
    signalr_client_run(&world->client);
    scenario_expect_events(&world->scenario, "");
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CONNECTIONS), 1);
    free_world(world);
}

/* The node dies; its clients go on elsewhere from their cursors. */
static void
killed_node(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport, false);
        signalr_client_call(&world->client, "Join", "[\"g\"]");
        scenario_kill(&world->scenario, 0);
        scenario_say(&world->scenario, "missed");
        scenario_publish(&world->scenario, "hg-ChatHub.g",
                         "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"group\"]}");
        world->client.host = 1;
        signalr_client_open(&world->client, "reconnect");
        signalr_client_run(&world->client);
        signalr_client_expect(&world->client, "say:missed say:group");
        free_world(world);
    }
}

/* What strangers write on our own topic does no harm. */
static void
rubbish_on_our_topic(void **state)
{
    static const char *const values[] = {"",
                                         "{",
                                         "[]",
                                         "{\"moved\":1,\"by\":\"x\"}",
                                         "{\"moved\":\"x\"}",
                                         "{\"moved\":\"nobody\",\"by\":\"x\"}",
                                         "{\"moved\":\"x\",\"by\":\"x\",\"at\":-1}",
                                         "{\"moved\":\"nobody\",\"by\":\"x\",\"at\":1}"};
    (void)state;
    struct world *world = make_world(WEB_SOCKETS, false);

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        scenario_publish(&world->scenario, "__HUBPLANE__", values[i]);
    }
    signalr_client_run(&world->client);
    assert_true(signalr_client_is_receiving(&world->client));
    free_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_nodes),
        cmocka_unit_test(between_workers),
        cmocka_unit_test(polls_on_alternating_hosts),
        cmocka_unit_test(late_word_of_a_move),
        cmocka_unit_test(killed_node),
        cmocka_unit_test(rubbish_on_our_topic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
