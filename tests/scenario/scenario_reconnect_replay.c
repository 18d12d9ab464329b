/* SPDX-License-Identifier: MIT */
/* Goal of this test: a client that was away gets what it missed, once and in order, here or
 * elsewhere. T42-T46, T50, T69. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/scenario/signalr_client.h"

static void
miss_and_return(enum signalr_transport transport, size_t return_to)
{
    struct scenario scenario;
    struct signalr_client client;

    scenario_init(&scenario);
    scenario_start(&scenario, 2);
    signalr_client_init(&client, &scenario, 0, transport);
    signalr_client_start(&client);
    scenario_say(&scenario, "one");
    signalr_client_run(&client);
    signalr_client_expect(&client, "say:one");

    /* 1. The socket dies; messages go on. */
    signalr_client_drop(&client);
    scenario_say(&scenario, "two");
    scenario_publish(&scenario, "h-OtherHub", "{\"H\":\"OtherHub\",\"M\":\"say\",\"A\":[]}");
    scenario_say(&scenario, "three");
    scenario_run(&scenario);

    /* 2. The client returns with its cursor. */
    client.host = return_to;
    signalr_client_open(&client, "reconnect");
    signalr_client_run(&client);
    signalr_client_expect(&client, "say:two say:three");
    scenario_expect_events(&scenario, "connected ChatHub\nreconnected ChatHub\n");

    /* 3. From here on everything is live again, and nothing comes twice. */
    scenario_say(&scenario, "four");
    signalr_client_run(&client);
    signalr_client_expect(&client, "say:four");
    assert_int_equal(client.init_count, 1);
    assert_int_equal(client.backward_count, 0);

    /* 4. The record left behind vanishes without an event. */
    scenario_advance(&scenario, 60 * 1000);
    signalr_client_run(&client);
    scenario_expect_events(&scenario, "");
    assert_int_equal(scenario_metric(&scenario, SCENARIO_CONNECTIONS), 1);
    signalr_client_deinit(&client);
    scenario_deinit(&scenario);
}

static void
websocket_returns_to_the_same_host(void **state)
{
    (void)state;
    miss_and_return(WEB_SOCKETS, 0);
}

static void
websocket_returns_to_another_host(void **state)
{
    (void)state;
    miss_and_return(WEB_SOCKETS, 1);
}

static void
event_stream_returns_to_the_same_host(void **state)
{
    (void)state;
    miss_and_return(EVENT_STREAM, 0);
}

static void
event_stream_returns_to_another_host(void **state)
{
    (void)state;
    miss_and_return(EVENT_STREAM, 1);
}

static void
forever_frame_returns_to_another_host(void **state)
{
    (void)state;
    miss_and_return(FOREVER_FRAME, 1);
}

static void
poll_returns_to_the_same_host(void **state)
{
    (void)state;
    miss_and_return(LONG_POLLING, 0);
}

static void
poll_returns_to_another_host(void **state)
{
    (void)state;
    miss_and_return(LONG_POLLING, 1);
}

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

static void
return_with_cursor(struct world *world, const char *cursor)
{
    free(world->client.cursor);
    world->client.cursor = cursor == NULL ? NULL : bytes_duplicate(bytes_from_string(cursor));
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
}

/* T43 */
static void
overrun_resumes_at_the_oldest_retained(void **state)
{
    struct world *world = *state;

    signalr_client_start(&world->client);
    signalr_client_drop(&world->client);
    scenario_say(&world->scenario, "lost");
    world->scenario.farm.retained_from = scenario_say(&world->scenario, "kept");
    scenario_say(&world->scenario, "too");
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:kept say:too");
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_REPLAYS_SHORT), 1);
}

/* T44 */
static void
cursor_of_another_bus_starts_at_now(void **state)
{
    struct world *world = *state;

    signalr_client_start(&world->client);
    signalr_client_drop(&world->client);
    scenario_say(&world->scenario, "missed");
    return_with_cursor(world, "d-1A2B3C4D-A,0|B,1");
    scenario_say(&world->scenario, "new");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:new");
}

/* T45 */
static void
malformed_cursors_are_refused(void **state)
{
    static const char *const cursors[] = {"s-",        "s-0",
                                          "s-0,",      "s-0,G",
                                          "s-0,1|0,2", "s-0,1|",
                                          "s-\\x,1",   "s-0,11111111111111111"};
    struct world *world = *state;
    struct fake_response response;

    signalr_client_start(&world->client);
    signalr_client_drop(&world->client);
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        return_with_cursor(world, cursors[i]);
        fake_client_response(world->client.stream, &response);
        if (response.status != 400 && response.status != 101) {
            fail_msg("%s gives %d", cursors[i], response.status);
        }
        fake_response_deinit(&response);
    }
    return_with_cursor(world, NULL);
    scenario_say(&world->scenario, "alive");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:alive");
}

/* C-9 */
static void
forged_cursors_start_at_now(void **state)
{
    static const char *const cursors[] = {"s-0,FFFFFFFFFFFFFFFF", "s-0,5AF3107A4000",
                                          "s-0,FFFFFFFFFFFFFFFE"};
    struct world *world = *state;

    signalr_client_start(&world->client);
    scenario_say(&world->scenario, "old");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:old");
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        return_with_cursor(world, cursors[i]);
        scenario_say(&world->scenario, "new");
        signalr_client_run(&world->client);
        signalr_client_expect(&world->client, "say:new");
        /* It now has a cursor it can resume from. */
        signalr_client_drop(&world->client);
        scenario_say(&world->scenario, "missed");
        signalr_client_open(&world->client, "reconnect");
        signalr_client_run(&world->client);
        signalr_client_expect(&world->client, "say:missed");
    }
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_STALE_CURSORS), 2);
}

/* A client told to start anew learns its new cursor at once. */
static void
stale_poll_is_answered_with_the_present_cursor(void **state)
{
    struct world *world = *state;

    world->client.transport = LONG_POLLING;
    signalr_client_start(&world->client);
    scenario_say(&world->scenario, "old");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:old");
    return_with_cursor(world, "s-0,5AF3107A4000");
    assert_string_equal(world->client.cursor, "s-0,2");
}

/* everything was stopped and Redis emptied. However little the cursor is ahead, nothing of the
 * new farm is kept from the client. */
static void
cursor_of_an_emptied_farm_starts_at_now(void **state)
{
    struct world *world = *state;

    signalr_client_start(&world->client);
    scenario_say(&world->scenario, "one");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:one");
    signalr_client_drop(&world->client);
    return_with_cursor(world, "s-0,2");
    scenario_say(&world->scenario, "two");
    scenario_say(&world->scenario, "three");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:two say:three");
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_STALE_CURSORS), 1);
}

/* The farm needs a moment to see that the cursor is none of its own: what it sends meanwhile is
 * new. */
static void
nothing_is_lost_while_a_cursor_turns_out_to_be_stale(void **state)
{
    struct world *world = *state;
    struct fake_port *port = world->scenario.hosts[0].port;

    signalr_client_start(&world->client);
    signalr_client_call(&world->client, "Join", "[\"g\"]");
    signalr_client_drop(&world->client);
    scenario_say(&world->scenario, "old");
    scenario_run(&world->scenario);
    port->holds_commands = true;
    return_with_cursor(world, "s-0,5AF3107A4000");
    scenario_say(&world->scenario, "new");
    scenario_publish(&world->scenario, "hg-ChatHub.g",
                     "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"group\"]}");
    scenario_run(&world->scenario);
    port->holds_commands = false;
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:new say:group");
    scenario_say(&world->scenario, "live");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:live");
    /* from nonsense back to the farm's cursors */
    assert_int_equal(world->client.backward_count, 1);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_STALE_CURSORS), 1);
}

/* T50 */
static void
reconnect_after_the_disconnect_event(void **state)
{
    struct world *world = *state;

    signalr_client_start(&world->client);
    signalr_client_drop(&world->client);
    scenario_advance(&world->scenario, 45 * 1000);
    scenario_expect_events(&world->scenario, "connected ChatHub\ndisconnected ChatHub stop=0\n");
    scenario_say(&world->scenario, "missed");
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:missed");
    scenario_expect_events(&world->scenario, "reconnected ChatHub\n");
}

/* T46: restored from the token, including names with every awkward character; another connection's
 * token is worth nothing. */
static void
groups_token_restores_membership(void **state)
{
    struct world *world = *state;
    struct signalr_client stranger;

    signalr_client_start(&world->client);
    signalr_client_call(&world->client, "Join", "[\"group$&+,/:;=?@[]1|.\"]");
    signalr_client_drop(&world->client);
    scenario_publish(&world->scenario, "hg-ChatHub.group$&+,/:;=?@[]1|.",
                     "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"secret\"]}");
    world->client.host = 1;
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:secret");
    assert_int_equal(world->client.groups_count, 1);

    signalr_client_init(&stranger, &world->scenario, 0, WEB_SOCKETS);
    signalr_client_start(&stranger);
    stranger.groups_token = bytes_duplicate(bytes_from_string(world->client.groups_token));
    signalr_client_open(&stranger, "reconnect");
    signalr_client_run(&stranger);
    scenario_publish(&world->scenario, "hg-ChatHub.group$&+,/:;=?@[]1|.",
                     "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"again\"]}");
    signalr_client_run(&stranger);
    signalr_client_run(&world->client);
    signalr_client_expect(&stranger, "");
    signalr_client_expect(&world->client, "say:again");
    signalr_client_deinit(&stranger);
}

/* A replay of any size is written in pieces and in order; a poll gets it over several polls. */
static void
long_replay(void **state)
{
    struct world *world = *state;
    static char text[2000];

    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        text[i] = 'x';
    }
    for (int round = 0; round < 2; round++) {
        struct signalr_client client;
        signalr_client_init(&client, &world->scenario, 0, round == 0 ? WEB_SOCKETS : LONG_POLLING);
        signalr_client_start(&client);
        signalr_client_drop(&client);
        for (int i = 0; i < 1500; i++) {
            char value[2100];
            snprintf(value, sizeof(value), "{\"H\":\"ChatHub\",\"M\":\"m\",\"A\":[\"%s\"]}", text);
            scenario_publish(&world->scenario, "h-ChatHub", value);
        }
        scenario_run(&world->scenario);
        size_t before = client.envelope_count;
        signalr_client_open(&client, "reconnect");
        signalr_client_run(&client);
        size_t lines = 0;
        for (size_t i = 0; i < client.messages.length; i++) {
            lines += client.messages.data[i] == '\n';
        }
        assert_int_equal(lines, 1500);
        assert_in_range(client.envelope_count - before, 2, 100);
        assert_int_equal(client.backward_count, 0);
        assert_true(signalr_client_is_receiving(&client));
        signalr_client_deinit(&client);
    }
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_returns_to_the_same_host),
        cmocka_unit_test(websocket_returns_to_another_host),
        cmocka_unit_test(event_stream_returns_to_the_same_host),
        cmocka_unit_test(event_stream_returns_to_another_host),
        cmocka_unit_test(forever_frame_returns_to_another_host),
        cmocka_unit_test(poll_returns_to_the_same_host),
        cmocka_unit_test(poll_returns_to_another_host),
        ROW(overrun_resumes_at_the_oldest_retained),
        ROW(cursor_of_another_bus_starts_at_now),
        ROW(malformed_cursors_are_refused),
        ROW(forged_cursors_start_at_now),
        ROW(stale_poll_is_answered_with_the_present_cursor),
        ROW(cursor_of_an_emptied_farm_starts_at_now),
        ROW(nothing_is_lost_while_a_cursor_turns_out_to_be_stale),
        ROW(reconnect_after_the_disconnect_event),
        ROW(groups_token_restores_membership),
        ROW(long_replay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
