/* SPDX-License-Identifier: MIT */
/* Goal of this test: what a hub that is answered by a web application promises: order, connected
 * before anything else, disconnected once, what an answer does. */
#include <stdlib.h>

#include "tests/scenario/fake_application.h"
#include "tests/scenario/signalr_client.h"

#define REPLY "application/hubplane+json"

struct world {
    struct scenario scenario;
    struct fake_application application;
    struct signalr_client client;
};

static int
set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    scenario_init(&world->scenario);
    world->scenario.shares_node = true;
    fake_application_init(&world->application, &world->scenario);
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
    fake_application_deinit(&world->application);
    free(world);
    return 0;
}

/* Negotiate and connect, then /start on ${host}, which stays open. */
static struct fake_client *
begin_start(struct world *world, size_t host)
{
    signalr_client_negotiate(&world->client);
    signalr_client_open(&world->client, "connect");
    signalr_client_run(&world->client);
    struct fake_client *start = signalr_client_begin_start(&world->client, host);
    scenario_run(&world->scenario);
    return start;
}

static int
status_of(const struct fake_client *request)
{
    struct fake_response response;

    fake_client_response(request, &response);
    int status = response.is_complete ? response.status : 0;
    fake_response_deinit(&response);
    return status;
}

/* Connected, and accepted by the application. */
static void
start(struct world *world)
{
    struct fake_client *request = begin_start(world, 0);

    fake_application_accept(&world->application, "connected");
    assert_int_equal(status_of(request), 200);
    fake_client_free(request);
}

static void
an_answer_becomes_the_result(void **state)
{
    struct world *world = *state;

    start(world);
    signalr_client_call(&world->client, "Send", "[1.0]");
    assert_string_equal(fake_application_take(&world->application), "Send");
    signalr_client_expect_results(&world->client, "");
    fake_application_answer(&world->application, 200, NULL, "{\"a\":1.0}");
    signalr_client_read(&world->client);
    signalr_client_expect_results(&world->client, "{\"R\":{\"a\":1.0},\"I\":\"0\"}\n");
}

static void
calls_of_a_connection_go_one_by_one(void **state)
{
    struct world *world = *state;

    start(world);
    signalr_client_call(&world->client, "First", "[]");
    signalr_client_call(&world->client, "Second", "[]");
    assert_string_equal(fake_application_take(&world->application), "First");
    struct fake_application_socket *busy = world->application.current;
    assert_string_equal(fake_application_take(&world->application), "");
    world->application.current = busy;
    fake_application_answer(&world->application, 200, NULL, "");
    fake_application_accept(&world->application, "Second");
    assert_int_equal(world->application.dial_count, 1);
}

/* A join in the first answer waits for its barrier; the second call waits for the join. */
static void
the_next_call_waits_for_the_actions_of_the_one_before(void **state)
{
    struct world *world = *state;

    start(world);
    signalr_client_call(&world->client, "First", "[]");
    signalr_client_call(&world->client, "Second", "[]");
    assert_string_equal(fake_application_take(&world->application), "First");
    world->scenario.hosts[0].port->holds_commands = true;
    fake_application_answer(&world->application, 200, REPLY,
                            "{\"actions\":[{\"action\":\"add\",\"groupName\":\"r\"},"
                            "{\"target\":\"say\",\"arguments\":[\"in\"],\"groupName\":\"r\"}]}");
    assert_string_equal(fake_application_take(&world->application), "");
    world->scenario.hosts[0].port->holds_commands = false;
    fake_application_accept(&world->application, "Second");
    signalr_client_read(&world->client);
    signalr_client_expect(&world->client, "say:in");
}

static void
connections_do_not_wait_for_each_other(void **state)
{
    struct world *world = *state;
    struct signalr_client other;

    start(world);
    signalr_client_init(&other, &world->scenario, 1, WEB_SOCKETS);
    signalr_client_negotiate(&other);
    signalr_client_open(&other, "connect");
    signalr_client_run(&other);
    signalr_client_call(&world->client, "Hang", "[]");
    signalr_client_call(&other, "Send", "[]");
    assert_string_equal(fake_application_take(&world->application), "Hang");
    fake_application_accept(&world->application, "Send");
    signalr_client_read(&other);
    signalr_client_expect_results(&other, "{\"I\":\"0\"}\n");
    signalr_client_deinit(&other);
}

/* /start, /send and the WebSocket may be on different workers: one order for all. */
static void
order_holds_across_the_workers_of_a_node(void **state)
{
    struct world *world = *state;
    struct fake_client *request = begin_start(world, 1);

    signalr_client_call(&world->client, "Early", "[]");
    scenario_run(&world->scenario);
    struct fake_client *leave = fake_client_open(&world->scenario, 1, NULL);
    fake_client_request(leave, "POST", signalr_client_target(&world->client, "abort", false), NULL,
                        "");
    assert_string_equal(fake_application_take(&world->application), "connected");
    assert_int_equal(status_of(request), 0);
    fake_application_answer(&world->application, 200, NULL, "");
    assert_int_equal(status_of(request), 200);
    fake_application_accept(&world->application, "Early");
    fake_application_accept(&world->application, "disconnected");
    assert_string_equal(fake_application_take(&world->application), "");
    fake_client_free(request);
    fake_client_free(leave);
}

static void
start_waits_until_what_connected_sent_is_in_the_queue(void **state)
{
    struct world *world = *state;

    for (size_t host = 0; host < 2; host++) {
        struct fake_client *request = begin_start(world, host);
        assert_string_equal(fake_application_take(&world->application), "connected");
        world->scenario.hosts[host].port->holds_events = true;
        fake_application_answer(
            &world->application, 200, REPLY,
            "{\"actions\":[{\"target\":\"say\",\"arguments\":[\"hello\"],\"to\":\"caller\"}]}");
        assert_int_equal(status_of(request), 0);
        world->scenario.hosts[host].port->holds_events = false;
        scenario_run(&world->scenario);
        if (host == 1) {
            /* That worker hears nothing of the topic: it is told where the farm is. */
            fake_port_send_position(world->scenario.hosts[host].port);
            scenario_run(&world->scenario);
        }
        assert_int_equal(status_of(request), 200);
        signalr_client_read(&world->client);
        signalr_client_expect(&world->client, "say:hello");
        fake_client_free(request);
        signalr_client_drop(&world->client);
    }
}

static void
a_refused_client_is_gone_without_an_event(void **state)
{
    struct world *world = *state;

    for (size_t host = 0; host < 2; host++) {
        struct fake_client *request = begin_start(world, host);
        signalr_client_call(&world->client, "Send", "[]");
        assert_string_equal(fake_application_take(&world->application), "connected");
        fake_application_answer(&world->application, host == 0 ? 401 : 403, NULL, "");
        assert_int_equal(status_of(request), 403);
        scenario_advance(&world->scenario, 60 * 1000);
        assert_false(signalr_client_is_receiving(&world->client));
        assert_string_equal(fake_application_take(&world->application), "");
        assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CONNECTIONS), 0);
        fake_client_free(request);
        signalr_client_drop(&world->client);
    }
}

static void
a_client_before_1_4_is_refused_too(void **state)
{
    struct world *world = *state;

    world->client.protocol = "1.2";
    signalr_client_negotiate(&world->client);
    signalr_client_open(&world->client, "connect");
    assert_string_equal(fake_application_take(&world->application), "connected");
    signalr_client_read(&world->client);
    assert_int_equal(world->client.init_count, 0);
    fake_application_answer(&world->application, 403, NULL, "");
    scenario_advance(&world->scenario, 60 * 1000);
    assert_false(signalr_client_is_receiving(&world->client));
    assert_string_equal(fake_application_take(&world->application), "");
}

/* The reply of connected may say no, too. */
static void
an_error_in_the_reply_of_connected_refuses(void **state)
{
    struct world *world = *state;
    struct fake_client *request = begin_start(world, 0);

    assert_string_equal(fake_application_take(&world->application), "connected");
    fake_application_answer(&world->application, 200, REPLY, "{\"error\":\"not you\"}");
    assert_int_equal(status_of(request), 403);
    scenario_advance(&world->scenario, 60 * 1000);
    assert_string_equal(fake_application_take(&world->application), "");
    fake_client_free(request);
}

static void
disconnected_comes_once_and_last(void **state)
{
    struct world *world = *state;

    start(world);
    signalr_client_call(&world->client, "Last", "[]");
    assert_string_equal(fake_application_take(&world->application), "Last");
    struct fake_application_socket *busy = world->application.current;
    signalr_client_drop(&world->client);
    scenario_advance(&world->scenario, 4000);
    assert_string_equal(fake_application_take(&world->application), "");
    world->application.current = busy;
    fake_application_answer(&world->application, 200, REPLY,
                            "{\"actions\":[{\"target\":\"say\",\"arguments\":[\"bye\"]}]}");
    fake_application_await(&world->application, "disconnected");
    fake_application_answer(&world->application, 200, NULL, "");
    scenario_advance(&world->scenario, 600 * 1000);
    assert_string_equal(fake_application_take(&world->application), "");
    /* What nobody waits for any more is carried out all the same. */
    assert_int_equal(fake_backplane_published(&world->scenario.farm, BYTES("h-ChatHub")), 1);
}

/* A node that stops sends its clients elsewhere: they are not gone. */
static void
a_killed_worker_tells_nothing(void **state)
{
    struct world *world = *state;

    start(world);
    signalr_client_call(&world->client, "Send", "[]");
    assert_string_equal(fake_application_take(&world->application), "Send");
    scenario_kill(&world->scenario, 0);
    fake_application_answer(&world->application, 200, NULL, "1");
    scenario_advance(&world->scenario, 60 * 1000);
    assert_string_equal(fake_application_take(&world->application), "");
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(an_answer_becomes_the_result),
        ROW(calls_of_a_connection_go_one_by_one),
        ROW(the_next_call_waits_for_the_actions_of_the_one_before),
        ROW(connections_do_not_wait_for_each_other),
        ROW(order_holds_across_the_workers_of_a_node),
        ROW(start_waits_until_what_connected_sent_is_in_the_queue),
        ROW(a_refused_client_is_gone_without_an_event),
        ROW(a_client_before_1_4_is_refused_too),
        ROW(an_error_in_the_reply_of_connected_refuses),
        ROW(disconnected_comes_once_and_last),
        ROW(a_killed_worker_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
