/* SPDX-License-Identifier: MIT */
/* Goal of this test: a message reaches exactly the connections it is for, across nodes. T60, T62,
 * C-7. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/scenario/signalr_client.h"

enum { CLIENTS = 4 };

/* Four clients on two hosts over four transports; the user of client i is "user<i>", of 2 and 3
 * "Same". */
struct world {
    struct scenario scenario;
    struct signalr_client clients[CLIENTS];
};

static int
set_up(void **state)
{
    static const char *const users[CLIENTS] = {"&user=user0", "&user=User0", "&user=Same",
                                               "&user=Same"};
    struct world *world = calloc(1, sizeof(*world));

    scenario_init(&world->scenario);
    world->scenario.app.user_source = APP_USER_QUERY;
    world->scenario.app.user_name = "user";
    scenario_start(&world->scenario, 2);
    for (size_t i = 0; i < CLIENTS; i++) {
        signalr_client_init(&world->clients[i], &world->scenario, i % 2, (enum signalr_transport)i);
        world->clients[i].more = users[i];
        signalr_client_start(&world->clients[i]);
    }
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(world->clients[i].backward_count, 0);
        signalr_client_deinit(&world->clients[i]);
    }
    scenario_deinit(&world->scenario);
    free(world);
    return 0;
}

/* Client ${from} calls; what each of the four hears. */
static void
expect(struct world *world, size_t from, const char *method, const char *arguments,
       const char *const heard[CLIENTS])
{
    signalr_client_call(&world->clients[from], method, arguments);
    for (size_t i = 0; i < CLIENTS; i++) {
        signalr_client_run(&world->clients[i]);
        signalr_client_expect(&world->clients[i], heard[i]);
    }
    signalr_client_expect_results(&world->clients[from], "{\"I\":\"0\"}\n");
}

#define HEARD(a, b, c, d) ((const char *const[CLIENTS]){a, b, c, d})

static void
all_and_others_and_caller(void **state)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        const char *others[CLIENTS] = {"say:x", "say:x", "say:x", "say:x"};
        const char *caller[CLIENTS] = {"", "", "", ""};
        others[i] = "";
        caller[i] = "say:x";
        expect(*state, i, "Send", "[\"x\"]", HEARD("say:x", "say:x", "say:x", "say:x"));
        expect(*state, i, "Others", "[\"x\"]", others);
        expect(*state, i, "Caller", "[\"x\"]", caller);
    }
}

static void
one_client(void **state)
{
    struct world *world = *state;
    char arguments[128];

    for (size_t i = 0; i < CLIENTS; i++) {
        const char *heard[CLIENTS] = {"", "", "", ""};
        heard[i] = "say:you";
        snprintf(arguments, sizeof(arguments), "[\"%s\",\"you\"]", world->clients[i].id);
        expect(world, 0, "Client", arguments, heard);
    }
    expect(world, 0, "Client", "[\"nobody\",\"you\"]", HEARD("", "", "", ""));
}

/* T62: users and groups are told apart by case. */
static void
users(void **state)
{
    expect(*state, 1, "User", "[\"user0\",\"x\"]", HEARD("say:x", "", "", ""));
    expect(*state, 0, "User", "[\"User0\",\"x\"]", HEARD("", "say:x", "", ""));
    expect(*state, 0, "User", "[\"Same\",\"x\"]", HEARD("", "", "say:x", "say:x"));
    expect(*state, 0, "User", "[\"same\",\"x\"]", HEARD("", "", "", ""));
}

static void
groups(void **state)
{
    static const char *const names[] = {"room", "a.b|c,d&e=f+g/h:i@j[k]", " \xC3\xBC", "ROOM"};

    for (size_t i = 0; i < 4; i++) {
        char join[128], say[128];
        snprintf(join, sizeof(join), "[\"%s\"]", names[i]);
        snprintf(say, sizeof(say), "[\"%s\",\"x\"]", names[i]);
        expect(*state, 0, "Join", join, HEARD("", "", "", ""));
        expect(*state, 3, "Join", join, HEARD("", "", "", ""));
        expect(*state, 1, "Group", say, HEARD("say:x", "", "", "say:x"));
        expect(*state, 3, "OthersInGroup", say, HEARD("say:x", "", "", ""));
        /* Joining again changes nothing. */
        expect(*state, 0, "Join", join, HEARD("", "", "", ""));
        expect(*state, 3, "Group", say, HEARD("say:x", "", "", "say:x"));
        expect(*state, 3, "Leave", join, HEARD("", "", "", ""));
        expect(*state, 1, "Group", say, HEARD("say:x", "", "", ""));
        expect(*state, 0, "Leave", join, HEARD("", "", "", ""));
        expect(*state, 1, "Group", say, HEARD("", "", "", ""));
    }
}

/* A filter may name bare ids, topics and groups. */
static void
filters(void **state)
{
    struct world *world = *state;
    char filter[256];
    struct signalr_message message = {.source = BYTES("x"),
                                      .topic = BYTES("h-ChatHub"),
                                      .value = BYTES("{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":"
                                                     "[\"f\"]}")};

    signalr_client_call(&world->clients[2], "Join", "[\"shy\"]");
    snprintf(filter, sizeof(filter), "c-%s|%s|hg-ChatHub.shy", world->clients[0].id,
             world->clients[1].id);
    message.filter = bytes_from_string(filter);
    fake_backplane_publish(&world->scenario.farm, &message, 1);
    for (size_t i = 0; i < CLIENTS; i++) {
        signalr_client_run(&world->clients[i]);
        signalr_client_expect(&world->clients[i], i == 3 ? "say:f" : "");
    }
}

/* Double membership: twice, in order. */
static void
two_topics_twice(void **state)
{
    struct world *world = *state;

    signalr_client_call(&world->clients[0], "Join", "[\"a\"]");
    signalr_client_call(&world->clients[0], "Join", "[\"b\"]");
    signalr_client_call(&world->clients[1], "Group", "[\"a\",\"1\"]");
    signalr_client_call(&world->clients[1], "Group", "[\"b\",\"2\"]");
    signalr_client_run(&world->clients[0]);
    signalr_client_expect(&world->clients[0], "say:1 say:2");
}

/* One payload with several messages, as another server may send it: each once, and the cursor does
 * not run ahead. */
static void
several_messages_of_one_id(void **state)
{
    struct world *world = *state;
    struct signalr_message messages[] = {
        {.topic = BYTES("h-ChatHub"),
         .value = BYTES("{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"1\"]}")},
        {.topic = BYTES("h-OtherHub"), .value = BYTES("{}")},
        {.topic = BYTES("h-ChatHub"),
         .value = BYTES("{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"2\"]}")},
        {.topic = BYTES("hg-ChatHub.g"),
         .value = BYTES("{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"3\"]}")},
    };

    signalr_client_call(&world->clients[0], "Join", "[\"g\"]");
    for (size_t i = 0; i < CLIENTS; i++) {
        signalr_client_run(&world->clients[i]);
    }
    uint64_t id = fake_backplane_publish(&world->scenario.farm, messages, 4);
    char cursor[32];
    snprintf(cursor, sizeof(cursor), "s-0,%llX", (unsigned long long)id);
    for (size_t i = 0; i < CLIENTS; i++) {
        signalr_client_run(&world->clients[i]);
        signalr_client_expect(&world->clients[i], i == 0 ? "say:1 say:2 say:3" : "say:1 say:2");
        assert_string_equal(world->clients[i].cursor, cursor);
    }
}

/* What is no JSON would break every client's stream. */
static void
invalid_values_are_dropped(void **state)
{
    static const char *const values[] = {"", "{", "nonsense", "\"\xFF\"", "{}x", "1 2"};
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        scenario_publish(&world->scenario, "h-ChatHub", values[i]);
    }
    scenario_say(&world->scenario, "fine");
    for (size_t i = 0; i < CLIENTS; i++) {
        signalr_client_run(&world->clients[i]);
        signalr_client_expect(&world->clients[i], "say:fine");
    }
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_INVALID_VALUES), 12);
}

/* C-7 */
static void
other_case_is_another_topic(void **state)
{
    struct world *world = *state;

    scenario_publish(&world->scenario, "h-chathub", "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[]}");
    scenario_say(&world->scenario, "mine");
    signalr_client_run(&world->clients[0]);
    signalr_client_expect(&world->clients[0], "say:mine");
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(all_and_others_and_caller),
        ROW(one_client),
        ROW(users),
        ROW(groups),
        ROW(filters),
        ROW(two_topics_twice),
        ROW(several_messages_of_one_id),
        ROW(invalid_values_are_dropped),
        ROW(other_case_is_another_topic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
