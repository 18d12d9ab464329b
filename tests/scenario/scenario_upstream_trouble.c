/* SPDX-License-Identifier: MIT */
/* Goal of this test: a web application that is away, hangs, hangs up or talks rubbish: every caller
 * is told, nobody else waits, and a disconnected event is told once when it is back. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/scenario/fake_application.h"
#include "tests/scenario/signalr_client.h"

#define UNKNOWN "The application did not answer; whether it carried out the call is not known."

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
    fake_application_init(&world->application, &world->scenario);
    scenario_start(&world->scenario, 1);
    signalr_client_init(&world->client, &world->scenario, 0, WEB_SOCKETS);
    signalr_client_negotiate(&world->client);
    signalr_client_open(&world->client, "connect");
    signalr_client_run(&world->client);
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

static void
expect_error(struct world *world, const char *sentence)
{
    char result[512];

    signalr_client_run(&world->client);
    snprintf(result, sizeof(result), "{\"I\":\"0\",\"H\":true,\"E\":\"%s\"}\n", sentence);
    signalr_client_expect_results(&world->client, result);
}

static void
call(struct world *world, const char *method)
{
    signalr_client_call(&world->client, method, "[]");
    scenario_run(&world->scenario);
}

static void
no_answer_in_time(void **state)
{
    struct world *world = *state;

    call(world, "Hang");
    assert_string_equal(fake_application_take(&world->application), "Hang");
    scenario_advance(&world->scenario, 4999);
    signalr_client_read(&world->client);
    signalr_client_expect_results(&world->client, "");
    scenario_advance(&world->scenario, 1);
    expect_error(world, UNKNOWN);
    /* Its connection is not used again. */
    assert_int_equal(world->application.open_count, 0);
    call(world, "Send");
    fake_application_accept(&world->application, "Send");
    signalr_client_run(&world->client);
    signalr_client_expect_results(&world->client, "{\"I\":\"0\"}\n");
}

static void
no_connection_in_time(void **state)
{
    struct world *world = *state;

    world->application.is_silent = true;
    call(world, "Send");
    scenario_advance(&world->scenario, 5000);
    expect_error(world, "The application was too busy to take the call.");
}

static void
hung_up(void **state)
{
    struct world *world = *state;

    call(world, "Send");
    assert_string_equal(fake_application_take(&world->application), "Send");
    fake_application_hang_up(&world->application);
    expect_error(world, UNKNOWN);
    /* A connection that has served before, and half an answer. */
    call(world, "Send");
    fake_application_accept(&world->application, "Send");
    signalr_client_run(&world->client);
    signalr_client_expect_results(&world->client, "{\"I\":\"0\"}\n");
    call(world, "Send");
    assert_string_equal(fake_application_take(&world->application), "Send");
    fake_application_write(&world->application, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    fake_application_hang_up(&world->application);
    expect_error(world, UNKNOWN);
    assert_int_equal(world->application.open_count, 0);
}

static void
an_answer_that_ends_with_the_connection(void **state)
{
    struct world *world = *state;

    call(world, "Send");
    assert_string_equal(fake_application_take(&world->application), "Send");
    fake_application_write(&world->application, "HTTP/1.0 200 OK\r\n\r\n[1,");
    fake_application_write(&world->application, "2]");
    fake_application_hang_up(&world->application);
    signalr_client_run(&world->client);
    signalr_client_expect_results(&world->client, "{\"R\":[1,2],\"I\":\"0\"}\n");
}

static void
rubbish(void **state)
{
    static const char *const texts[] = {
        "rubbish\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        call(world, "Send");
        assert_string_equal(fake_application_take(&world->application), "Send");
        fake_application_write(&world->application, texts[i]);
        expect_error(world, "The application's answer cannot be used.");
        assert_int_equal(world->application.open_count, 0);
        call(world, "Send");
        fake_application_accept(&world->application, "Send");
        signalr_client_run(&world->client);
        signalr_client_expect_results(&world->client, "{\"I\":\"0\"}\n");
        /* Bytes that answer nothing. */
        scenario_advance(&world->scenario, 60 * 1000);
    }
}

static void
circuit_opens_and_closes(void **state)
{
    struct world *world = *state;

    world->application.is_away = true;
    for (size_t i = 0; i < 20; i++) {
        call(world, "Send");
        expect_error(world, "The application cannot be reached.");
    }
    /* Five in a row, then nothing is tried any more, */
    assert_int_equal(world->application.dial_count, 5);
    /* but once in a while. */
    scenario_advance(&world->scenario, 1000);
    call(world, "Send");
    expect_error(world, "The application cannot be reached.");
    call(world, "Send");
    expect_error(world, "The application cannot be reached.");
    assert_int_equal(world->application.dial_count, 6);
    world->application.is_away = false;
    scenario_advance(&world->scenario, 2000);
    call(world, "Send");
    fake_application_accept(&world->application, "Send");
    signalr_client_run(&world->client);
    signalr_client_expect_results(&world->client, "{\"I\":\"0\"}\n");
}

static void
too_many_wait(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < 11; i++) {
        call(world, "Send");
    }
    signalr_client_run(&world->client);
    signalr_client_expect_results(&world->client, "");
    call(world, "Send");
    expect_error(world, "The application is overloaded; try again later.");
    for (size_t i = 0; i < 11; i++) {
        fake_application_accept(&world->application, "Send");
        signalr_client_run(&world->client);
        signalr_client_expect_results(&world->client, "{\"I\":\"0\"}\n");
    }
}

static void
disconnected_waits_for_the_application(void **state)
{
    struct world *world = *state;

    world->application.is_away = true;
    assert_int_equal(signalr_client_abort(&world->client), 200);
    scenario_advance(&world->scenario, 600 * 1000);
    assert_string_equal(fake_application_take(&world->application), "");
    assert_true(world->application.dial_count < 40);
    world->application.is_away = false;
    fake_application_await(&world->application, "disconnected");
    fake_application_answer(&world->application, 200, NULL, "");
    scenario_advance(&world->scenario, 600 * 1000);
    assert_string_equal(fake_application_take(&world->application), "");
}

/* It may have heard of it: then it is not told again. */
static void
disconnected_is_told_once(void **state)
{
    struct world *world = *state;

    assert_int_equal(signalr_client_abort(&world->client), 200);
    assert_string_equal(fake_application_take(&world->application), "disconnected");
    fake_application_hang_up(&world->application);
    scenario_advance(&world->scenario, 600 * 1000);
    assert_string_equal(fake_application_take(&world->application), "");
}

/* Connected never reached it: so the client is none of its own. */
static void
not_connected_is_not_disconnected(void **state)
{
    struct world *world = *state;

    world->application.is_away = true;
    assert_int_equal(signalr_client_call_start(&world->client), 500);
    world->application.is_away = false;
    assert_int_equal(signalr_client_abort(&world->client), 200);
    scenario_advance(&world->scenario, 600 * 1000);
    assert_string_equal(fake_application_take(&world->application), "");
}

static void
idle_connections_are_closed_before_the_application_does(void **state)
{
    struct world *world = *state;

    call(world, "Send");
    assert_string_equal(fake_application_take(&world->application), "Send");
    fake_application_write(&world->application,
                           "HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=5\r\n\r\n");
    scenario_advance(&world->scenario, 3999);
    assert_int_equal(world->application.open_count, 1);
    scenario_advance(&world->scenario, 1);
    assert_int_equal(world->application.open_count, 0);
    call(world, "Send");
    assert_string_equal(fake_application_take(&world->application), "Send");
    fake_application_write(&world->application,
                           "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assert_int_equal(world->application.open_count, 0);
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(no_answer_in_time),
        ROW(no_connection_in_time),
        ROW(hung_up),
        ROW(an_answer_that_ends_with_the_connection),
        ROW(rubbish),
        ROW(circuit_opens_and_closes),
        ROW(too_many_wait),
        ROW(disconnected_waits_for_the_application),
        ROW(disconnected_is_told_once),
        ROW(not_connected_is_not_disconnected),
        ROW(idle_connections_are_closed_before_the_application_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
