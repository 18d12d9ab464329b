/* SPDX-License-Identifier: MIT */
/* Goal of this test: the first seconds of a connection: init, OnConnected, /start, and the clients
 * of long ago. T25-T30. */
#include <stdlib.h>

#include "tests/scenario/signalr_client.h"

struct world {
    struct scenario scenario;
    struct signalr_client client;
};

static int
set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    scenario_init(&world->scenario);
    scenario_start(&world->scenario, 2);
    signalr_client_init(&world->client, &world->scenario, 0, WEB_SOCKETS);
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;

    signalr_client_deinit(&world->client);
    scenario_deinit(&world->scenario);
    free(world);
    return 0;
}

static struct probe_hub *
chat_of(struct world *world)
{
    return &world->scenario.probes[SCENARIO_CHAT];
}

/* T25 */
static void
init_comes_at_once_on_every_transport(void **state)
{
    struct world *world = *state;

    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct signalr_client client;
        signalr_client_init(&client, &world->scenario, 0, (enum signalr_transport)transport);
        signalr_client_negotiate(&client);
        signalr_client_open(&client, "connect");
        signalr_client_run(&client);
        assert_int_equal(client.init_count, 1);
        assert_non_null(client.cursor);
        signalr_client_expect(&client, "");
        signalr_client_deinit(&client);
    }
    /* No event before /start. */
    scenario_expect_events(&world->scenario, "");
}

/* T26 */
static void
start_waits_for_on_connected(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;
    struct fake_response response;

    chat_of(world)->on_connected = PROBE_HOLD;
    signalr_client_negotiate(client);
    signalr_client_open(client, "connect");
    signalr_client_run(client);
    struct fake_client *request = signalr_client_begin_start(client, 0);
    scenario_advance(&world->scenario, 3000);
    fake_client_response(request, &response);
    assert_int_equal(response.status, 0);
    fake_response_deinit(&response);

    hub_call_return(chat_of(world)->held, BYTES(""));
    scenario_run(&world->scenario);
    fake_client_response(request, &response);
    assert_int_equal(response.status, 200);
    assert_text(buffer_bytes(&response.body), "{ \"Response\": \"started\" }");
    fake_response_deinit(&response);
    fake_client_free(request);
}

/* T26 */
static void
failing_on_connected_fails_start(void **state)
{
    struct world *world = *state;

    chat_of(world)->on_connected = PROBE_FAIL;
    signalr_client_negotiate(&world->client);
    signalr_client_open(&world->client, "connect");
    signalr_client_run(&world->client);
    assert_int_equal(signalr_client_call_start(&world->client), 500);
}

/* The client goes away while OnConnected runs: the backend hears of it, nothing breaks. */
static void
client_leaves_during_start(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;

    chat_of(world)->on_connected = PROBE_HOLD;
    signalr_client_negotiate(client);
    signalr_client_open(client, "connect");
    signalr_client_run(client);
    struct fake_client *request = signalr_client_begin_start(client, 0);
    fake_client_free(request);
    scenario_run(&world->scenario);
    assert_int_equal(chat_of(world)->canceled_count, 1);
}

/* /start without hubs, twice, without transport and elsewhere is allowed. */
static void
start_is_answered_anywhere(void **state)
{
    struct world *world = *state;

    signalr_client_negotiate(&world->client);
    world->client.host = 1;
    assert_int_equal(signalr_client_call_start(&world->client), 200);
    assert_int_equal(signalr_client_call_start(&world->client), 200);
    scenario_expect_events(&world->scenario, "connected ChatHub\nconnected ChatHub\n");
    world->client.hubs = "[]";
    assert_int_equal(signalr_client_call_start(&world->client), 200);
    scenario_expect_events(&world->scenario, "");
    world->client.hubs = "[{\"name\":\"otherhub\"},{\"name\":\"chathub\"}]";
    assert_int_equal(signalr_client_call_start(&world->client), 200);
    scenario_expect_events(&world->scenario, "connected ChatHub\nconnected OtherHub\n");
}

/* T27, T29: a group joined in OnConnected hears what is sent to it, from OnConnected itself on. */
static void
joins_and_sends_of_on_connected(void **state)
{
    struct world *world = *state;

    chat_of(world)->join_on_connected = "lobby";
    probe_hub_rule(chat_of(world), "@connected",
                   "caller.say(\"first\"); group(\"lobby\").say(\"second\")");
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct signalr_client client;
        signalr_client_init(&client, &world->scenario, 0, (enum signalr_transport)transport);
        signalr_client_start(&client);
        signalr_client_run(&client);
        signalr_client_expect(&client, "say:first say:second");
        scenario_publish(&world->scenario, "hg-ChatHub.lobby",
                         "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"third\"]}");
        signalr_client_run(&client);
        signalr_client_expect(&client, "say:third");
        assert_true(client.groups_count >= 1);
        signalr_client_abort(&client);
        signalr_client_deinit(&client);
    }
}

/* T28: clients before 1.4 know no /start: OnConnected comes in /connect, then init; once. */
static void
old_clients_connect_in_one_step(void **state)
{
    static const char *const versions[] = {NULL, "1.2", "1.3"};
    struct world *world = *state;

    for (size_t i = 0; i < 3; i++) {
        for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
            struct signalr_client client;
            signalr_client_init(&client, &world->scenario, 0, (enum signalr_transport)transport);
            client.protocol = versions[i];
            signalr_client_negotiate(&client);
            signalr_client_open(&client, "connect");
            signalr_client_run(&client);
            assert_int_equal(client.init_count, 1);
            scenario_expect_events(&world->scenario, "connected ChatHub\n");
            /* Again, as a polyfill may do: init, but no second event. */
            signalr_client_open(&client, "connect");
            signalr_client_run(&client);
            assert_int_equal(client.init_count, 2);
            scenario_expect_events(&world->scenario, "");
            signalr_client_deinit(&client);
        }
    }
}

/* T28 */
static void
old_client_waits_for_on_connected(void **state)
{
    struct world *world = *state;

    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct signalr_client client;
        chat_of(world)->on_connected = PROBE_HOLD;
        chat_of(world)->join_on_connected = "lobby";
        signalr_client_init(&client, &world->scenario, 0, (enum signalr_transport)transport);
        client.protocol = "1.3";
        signalr_client_negotiate(&client);
        signalr_client_open(&client, "connect");
        signalr_client_run(&client);
        scenario_say(&world->scenario, "early");
        signalr_client_run(&client);
        assert_int_equal(client.init_count, 0);
        hub_call_return(chat_of(world)->held, BYTES(""));
        signalr_client_run(&client);
        assert_int_equal(client.init_count, 1);
        assert_int_equal(client.groups_count, 1);
        signalr_client_expect(&client, "say:early");
        signalr_client_abort(&client);
        signalr_client_deinit(&client);
    }
}

/* T28 */
static void
old_client_is_refused_by_on_connected(void **state)
{
    struct world *world = *state;

    chat_of(world)->on_connected = PROBE_FAIL;
    world->client.protocol = "1.2";
    signalr_client_negotiate(&world->client);
    signalr_client_open(&world->client, "connect");
    scenario_advance(&world->scenario, 300);
    signalr_client_read(&world->client);
    assert_int_equal(world->client.init_count, 0);
    assert_false(signalr_client_is_receiving(&world->client));
}

/* A hub decides inside one client's event what becomes of another's, or of the same: neither may
 * vanish under those who are looking through the clients. */
static void
refusal_inside_another_event(void **state)
{
    struct world *world = *state;

    for (size_t count = 1; count <= 2; count++) {
        struct signalr_client clients[2];
        for (size_t i = 0; i < count; i++) {
            chat_of(world)->on_connected = i == count - 1 ? PROBE_HOLD : PROBE_PASS;
            signalr_client_init(&clients[i], &world->scenario, 0, LONG_POLLING);
            clients[i].protocol = "1.2";
            signalr_client_negotiate(&clients[i]);
            signalr_client_open(&clients[i], "connect");
            signalr_client_run(&clients[i]);
        }
        chat_of(world)->refuses_when_one_leaves = true;
        for (size_t i = 0; i < count; i++) {
            signalr_client_drop(&clients[i]);
        }
        scenario_advance(&world->scenario, 60000);
        scenario_expect_events(&world->scenario,
                               count == 1 ? "connected ChatHub\ndisconnected ChatHub stop=0\n"
                                          : "connected ChatHub\nconnected ChatHub\n"
                                            "disconnected ChatHub stop=0\n"
                                            "disconnected ChatHub stop=0\n");
        assert_null(chat_of(world)->held);
        for (size_t i = 0; i < count; i++) {
            signalr_client_deinit(&clients[i]);
        }
    }
}

/* OnConnected joins a group and then refuses; the farm goes away, and so does the client, before
 * the join is done: the end of the one call must not pull the connection from under the other. */
static void
refused_while_its_transport_is_lost(void **state)
{
    struct world *world = *state;
    struct fake_port *port = world->scenario.hosts[0].port;
    struct signalr_client *client = &world->client;
    struct fake_response response;

    chat_of(world)->on_connected = PROBE_HOLD;
    chat_of(world)->join_on_connected = "lobby";
    signalr_client_negotiate(client);
    signalr_client_open(client, "connect");
    signalr_client_run(client);
    port->holds_commands = true;
    struct fake_client *request = signalr_client_begin_start(client, 0);
    scenario_run(&world->scenario);
    hub_call_refuse(chat_of(world)->held, BYTES("not welcome"));
    fake_port_set_state(port, BACKPLANE_UNLINKED);
    scenario_run(&world->scenario);
    signalr_client_drop(client);
    scenario_run(&world->scenario);
    fake_client_response(request, &response);
    assert_int_equal(response.status, 403);
    fake_response_deinit(&response);
    fake_client_free(request);
    scenario_expect_events(&world->scenario, "connected ChatHub\ndisconnected ChatHub stop=0\n");
    port->holds_commands = false;
}

/* T30: the WebSocket brings nothing, so the client falls back with the same token. */
static void
fallback_to_another_transport(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;

    signalr_client_negotiate(client);
    signalr_client_open(client, "connect");
    scenario_run(&world->scenario);
    struct fake_client *blocked = client->stream;
    client->stream = NULL;
    client->transport = LONG_POLLING;
    signalr_client_open(client, "connect");
    signalr_client_run(client);
    assert_int_equal(client->init_count, 1);
    scenario_advance(&world->scenario, 300);
    assert_false(fake_client_is_open(blocked));
    assert_int_equal(signalr_client_call_start(client), 200);
    scenario_advance(&world->scenario, 60 * 1000);
    signalr_client_run(client);
    scenario_expect_events(&world->scenario, "connected ChatHub\n");
    fake_client_free(blocked);
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(init_comes_at_once_on_every_transport),
        ROW(start_waits_for_on_connected),
        ROW(failing_on_connected_fails_start),
        ROW(client_leaves_during_start),
        ROW(start_is_answered_anywhere),
        ROW(joins_and_sends_of_on_connected),
        ROW(old_clients_connect_in_one_step),
        ROW(old_client_waits_for_on_connected),
        ROW(old_client_is_refused_by_on_connected),
        ROW(refusal_inside_another_event),
        ROW(refused_while_its_transport_is_lost),
        ROW(fallback_to_another_transport),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
