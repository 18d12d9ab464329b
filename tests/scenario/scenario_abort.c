/* SPDX-License-Identifier: MIT */
/* Goal of this test: a client that says goodbye is gone, once, wherever it says so. T38-T40, T52.
 */
#include <stdlib.h>

#include "tests/scenario/signalr_client.h"

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
    scenario_start(&world->scenario, 2);
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

/* The abort lands on host ${host}; the transport ends within a second, the event comes exactly
 * once. */
static void
abort_at(enum signalr_transport transport, size_t host, bool shares_node)
{
    struct world *world = make_world(transport, shares_node);
    uint64_t before = world->client.envelope_count;

    world->client.host = host;
    assert_int_equal(signalr_client_abort(&world->client), 200);
    scenario_advance(&world->scenario, 300);
    assert_false(signalr_client_is_receiving(&world->client));
    scenario_expect_events(&world->scenario, "disconnected ChatHub stop=1\n");
    if (transport == LONG_POLLING) {
        /* A pending poll is completed normally; the client does not poll again. */
        struct fake_response response;
        fake_client_response(world->client.stream, &response);
        assert_true(response.is_complete);
        assert_int_equal(response.status, 200);
        fake_response_deinit(&response);
    }
    assert_int_equal(world->client.envelope_count, before);
    scenario_advance(&world->scenario, 120 * 1000);
    scenario_expect_events(&world->scenario, "");
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CONNECTIONS), 0);
    free_world(world);
}

static void
abort_ends_every_transport(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        abort_at((enum signalr_transport)transport, 0, false);
    }
}

static void
abort_on_another_node(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        abort_at((enum signalr_transport)transport, 1, false);
    }
}

static void
abort_on_another_worker(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        abort_at((enum signalr_transport)transport, 1, true);
    }
}

/* T40 */
static void
abort_after_the_socket_closed(void **state)
{
    (void)state;
    for (size_t host = 0; host < 2; host++) {
        struct world *world = make_world(WEB_SOCKETS, false);
        signalr_client_drop(&world->client);
        world->client.host = host;
        assert_int_equal(signalr_client_abort(&world->client), 200);
        scenario_run(&world->scenario);
        scenario_expect_events(&world->scenario, "disconnected ChatHub stop=1\n");
        scenario_advance(&world->scenario, 60 * 1000);
        scenario_expect_events(&world->scenario, "");
        free_world(world);
    }
}

/* The abort is in the replay of a client that comes back all the same. */
static void
abort_found_in_the_replay(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS, false);

    signalr_client_drop(&world->client);
    world->scenario.hosts[0].port->holds_events = true;
    world->client.host = 1;
    assert_int_equal(signalr_client_abort(&world->client), 200);
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
    scenario_expect_events(&world->scenario, "disconnected ChatHub stop=1\n");
    world->scenario.hosts[0].port->holds_events = false;
    scenario_advance(&world->scenario, 300);
    assert_false(signalr_client_is_receiving(&world->client));
    free_world(world);
}

/* Abort of somebody nobody knows. */
static void
abort_of_an_unknown_connection(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS, false);
    struct signalr_client stranger;

    signalr_client_init(&stranger, &world->scenario, 1, EVENT_STREAM);
    signalr_client_negotiate(&stranger);
    assert_int_equal(signalr_client_abort(&stranger), 200);
    scenario_run(&world->scenario);
    scenario_expect_events(&world->scenario, "");
    signalr_client_deinit(&stranger);
    free_world(world);
}

/* T52: the newest request wins, without an event. */
static void
second_request_replaces_the_first(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport, false);
        struct fake_response response;
        struct fake_client *first = world->client.stream;
        world->client.stream = NULL;
        signalr_client_open(&world->client, transport == LONG_POLLING ? "poll" : "reconnect");
        signalr_client_run(&world->client);
        scenario_advance(&world->scenario, 300);
        fake_client_response(first, &response);
        assert_true(transport == WEB_SOCKETS ? !fake_client_is_open(first) : response.is_complete);
        fake_response_deinit(&response);
        fake_client_free(first);
        assert_true(signalr_client_is_receiving(&world->client));
        scenario_say(&world->scenario, "still here");
        signalr_client_run(&world->client);
        signalr_client_expect(&world->client, "say:still here");
        scenario_expect_events(&world->scenario,
                               transport == LONG_POLLING ? "" : "reconnected ChatHub\n");
        free_world(world);
    }
}

/* T52 */
static void
a_thousand_connects_with_one_token(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct world *world = make_world(WEB_SOCKETS, false);
    static struct fake_client *clients[COUNT];
    size_t open_count = 0;

    world->client.transport = LONG_POLLING;
    for (size_t i = 0; i < COUNT; i++) {
        clients[i] = fake_client_open(&world->scenario, 0, NULL);
        fake_client_request(clients[i], "GET",
                            signalr_client_target(&world->client, "connect", false), NULL, NULL);
    }
    scenario_run(&world->scenario);
    for (size_t i = 0; i < COUNT; i++) {
        struct fake_response response;
        fake_client_response(clients[i], &response);
        assert_int_equal(response.status, 200);
        open_count += !response.is_complete;
        fake_response_deinit(&response);
        fake_client_free(clients[i]);
    }
    assert_int_equal(open_count, 0);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CONNECTIONS), 1);
    scenario_expect_events(&world->scenario, "");
    free_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(abort_ends_every_transport),
        cmocka_unit_test(abort_on_another_node),
        cmocka_unit_test(abort_on_another_worker),
        cmocka_unit_test(abort_after_the_socket_closed),
        cmocka_unit_test(abort_found_in_the_replay),
        cmocka_unit_test(abort_of_an_unknown_connection),
        cmocka_unit_test(second_request_replaces_the_first),
        cmocka_unit_test(a_thousand_connects_with_one_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
