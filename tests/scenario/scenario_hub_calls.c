/* SPDX-License-Identifier: MIT */
/* Goal of this test: invocations, their results, errors, progress and state. T53-T59, T61. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    signalr_client_start(&world->client);
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
expect_reply(struct world *world, const char *json, const char *reply)
{
    signalr_client_invoke(&world->client, json);
    signalr_client_expect_results(&world->client, reply);
}

/* T53, T55 */
static void
names_have_any_case_and_ids_become_text(void **state)
{
    expect_reply(*state, "{\"H\":\"CHATHUB\",\"M\":\"eCHO\",\"A\":[1],\"I\":12}",
                 "{\"R\":1,\"I\":\"12\"}\n");
    expect_reply(*state, "{\"h\":\"chathub\",\"m\":\"Echo\",\"a\":[1],\"i\":\"x\"}",
                 "{\"R\":1,\"I\":\"x\"}\n");
    expect_reply(*state, "{\"H\":\"chathub\",\"M\":\"Echo\",\"A\":[1]}", "{\"R\":1,\"I\":null}\n");
}

/* T54 */
static void
wrong_names_and_counts_are_errors(void **state)
{
    struct world *world = *state;
    static const char *const calls[][2] = {{"Nothing", "[]"},
                                           {"Echo", "[]"},
                                           {"Echo", "[1,2]"},
                                           {"Ambiguous", "[1]"}};

    for (size_t i = 0; i < 4; i++) {
        char expected[256];
        snprintf(expected, sizeof(expected),
                 "{\"I\":\"0\",\"E\":\"There was an error invoking Hub "
                 "method 'chathub.%s'.\"}\n",
                 calls[i][0]);
        signalr_client_call(&world->client, calls[i][0], calls[i][1]);
        signalr_client_expect_results(&world->client, expected);
    }
    /* Two overloads, told apart by the number of arguments. */
    signalr_client_call(&world->client, "Send", "[\"one\"]");
    signalr_client_call(&world->client, "Send", "[\"one\",\"two\"]");
    signalr_client_expect(&world->client, "say:one broadcastMessage:one");
}

/* T54, T57 */
static void
detailed_errors_say_more(void **state)
{
    struct world *world = *state;

    world->scenario.paths[0].shows_detailed_errors = true;
    expect_reply(
        world, "{\"H\":\"chathub\",\"M\":\"Nothing\",\"A\":[],\"I\":1}",
        "{\"I\":\"1\",\"E\":\"'Nothing' method could not be resolved. No method found with "
        "that name.\"}\n");
    expect_reply(world, "{\"H\":\"chathub\",\"M\":\"Fail\",\"A\":[],\"I\":1}",
                 "{\"I\":\"1\",\"E\":\"secret detail\"}\n");
    signalr_client_invoke(&world->client,
                          "{\"H\":\"chathub\",\"M\":\"Ambiguous\",\"A\":[],\"I\":1}");
    buffer_append_byte(&world->client.results, '\0');
    assert_non_null(
        strstr((const char *)world->client.results.data, "Potential candidates are: \\n"));
}

/* T57 */
static void
details_are_kept_back_but_hub_exceptions_are_not(void **state)
{
    expect_reply(*state, "{\"H\":\"chathub\",\"M\":\"Fail\",\"A\":[],\"I\":1}",
                 "{\"I\":\"1\",\"E\":\"There was an error invoking Hub method "
                 "'chathub.Fail'.\"}\n");
    expect_reply(*state, "{\"H\":\"chathub\",\"M\":\"Throw\",\"A\":[\"no money\"],\"I\":1}",
                 "{\"I\":\"1\",\"H\":true,\"E\":\"no money\"}\n");
    expect_reply(*state,
                 "{\"H\":\"chathub\",\"M\":\"ThrowData\",\"A\":[\"no\",{\"code\":12}],\"I\":1}",
                 "{\"I\":\"1\",\"H\":true,\"E\":\"no\",\"D\":{\"code\":12}}\n");
}

/* T56 */
static void
every_kind_of_result(void **state)
{
    struct world *world = *state;

    signalr_client_call(&world->client, "Echo", "[null]");
    signalr_client_call(&world->client, "Echo", "[{\"a\":[1,2.50]}]");
    signalr_client_call(&world->client, "Echo", "[\"\xC3\xBC\xE2\x82\xAC+\"]");
    signalr_client_call(&world->client, "Send", "[1]");
    signalr_client_expect_results(&world->client, "{\"I\":\"0\"}\n"
                                                  "{\"R\":{\"a\":[1,2.5]},\"I\":\"0\"}\n"
                                                  "{\"R\":\"\xC3\xBC\xE2\x82\xAC+\",\"I\":\"0\"}\n"
                                                  "{\"I\":\"0\"}\n");
}

/* T58 */
static void
progress_comes_before_the_result(void **state)
{
    struct world *world = *state;

    signalr_client_call(&world->client, "Count", "[3]");
    assert_text(buffer_bytes(&world->client.messages),
                "{\"I\":\"P|0\",\"P\":{\"I\":\"0\",\"D\":1}}\n"
                "{\"I\":\"P|0\",\"P\":{\"I\":\"0\",\"D\":2}}\n"
                "{\"I\":\"P|0\",\"P\":{\"I\":\"0\",\"D\":3}}\n");
    signalr_client_expect_results(&world->client, "{\"R\":3,\"I\":\"0\"}\n");
    /* The result was the last text of all. */
    struct bytes texts = buffer_bytes(&world->client.texts);
    assert_text(bytes_after(texts, texts.length - 16), "{\"R\":3,\"I\":\"0\"}\n");
}

/* T58: the way of the progress is slow; the result still waits for it, but not for ever. */
static void
result_waits_for_late_progress(void **state)
{
    struct world *world = *state;
    struct fake_port *port = world->scenario.hosts[0].port;

    world->scenario.farm.is_silent_about_ids = true;
    signalr_client_call(&world->client, "Count", "[1]");
    signalr_client_expect_results(&world->client, "{\"R\":1,\"I\":\"0\"}\n");
    world->scenario.farm.is_silent_about_ids = false;
    port->holds_events = true;
    signalr_client_call(&world->client, "Count", "[2]");
    signalr_client_expect_results(&world->client, "");
    port->holds_events = false;
    signalr_client_run(&world->client);
    signalr_client_expect_results(&world->client, "{\"R\":2,\"I\":\"0\"}\n");
}

/* T59 */
static void
state_goes_round(void **state)
{
    struct world *world = *state;

    expect_reply(world,
                 "{\"H\":\"chathub\",\"M\":\"SetState\",\"A\":[\"ann\"],\"I\":1,"
                 "\"S\":{\"nick\":\"bob\",\"x\":1}}",
                 "{\"S\":{\"nick\":\"ann\"},\"R\":\"ann\",\"I\":\"1\"}\n");
    assert_text(buffer_bytes(&world->client.messages),
                "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"state\"],\"S\":{\"nick\":\"ann\"}}\n");
    buffer_clear(&world->client.messages);
    /* What stays the same does not travel. */
    expect_reply(world,
                 "{\"H\":\"chathub\",\"M\":\"SetState\",\"A\":[\"ann\"],\"I\":1,"
                 "\"S\":{\"nick\":\"ann\"}}",
                 "{\"R\":\"ann\",\"I\":\"1\"}\n");
    assert_text(buffer_bytes(&world->client.messages),
                "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"state\"]}\n");
}

/* T59 */
static void
too_much_state_is_refused(void **state)
{
    struct world *world = *state;
    static char json[8192];

    strcpy(json, "{\"H\":\"chathub\",\"M\":\"Echo\",\"A\":[1],\"I\":1,\"S\":{\"x\":\"");
    memset(json + strlen(json), 'x', 4200);
    strcat(json, "\"}}");
    signalr_client_invoke(&world->client, json);
    signalr_client_expect_results(&world->client, "");
    world->client.transport = EVENT_STREAM;
    struct fake_client *socket = world->client.stream;
    world->client.stream = NULL;
    assert_int_equal(signalr_client_invoke(&world->client, json), 500);
    world->client.transport = WEB_SOCKETS;
    world->client.stream = socket;
}

/* T61 */
static void
only_registered_hubs_are_heard(void **state)
{
    struct world *world = *state;

    expect_reply(world, "{\"H\":\"otherhub\",\"M\":\"Send\",\"A\":[\"x\"],\"I\":1}",
                 "{\"I\":\"1\"}\n");
    signalr_client_expect(&world->client, "");
    scenario_publish(&world->scenario, "hc-OtherHub.x", "{}");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "");
}

/* /send may land anywhere; the result comes in its body, the messages by the stream. */
static void
send_lands_on_another_node(void **state)
{
    struct world *world = *state;
    struct signalr_client streaming;

    signalr_client_init(&streaming, &world->scenario, 0, EVENT_STREAM);
    signalr_client_start(&streaming);
    streaming.host = 1;
    assert_int_equal(signalr_client_call(&streaming, "Caller", "[\"hello\"]"), 200);
    signalr_client_expect_results(&streaming, "{\"I\":\"0\"}\n");
    signalr_client_expect(&streaming, "say:hello");
    /* Even a join: it is carried out where the connection is, and acknowledged. */
    assert_int_equal(signalr_client_call(&streaming, "JoinAndSay", "[\"r\",\"joined\"]"), 200);
    signalr_client_expect_results(&streaming, "{\"I\":\"0\"}\n");
    signalr_client_expect(&streaming, "say:joined");
    assert_int_equal(streaming.groups_count, 1);
    signalr_client_deinit(&streaming);
}

/* The caller goes away while the method runs: the backend hears of it and may still end the call.
 */
static void
caller_vanishes(void **state)
{
    struct world *world = *state;
    struct probe_hub *chat = &world->scenario.probes[SCENARIO_CHAT];

    signalr_client_call(&world->client, "Hold", "[]");
    assert_non_null(chat->held);
    signalr_client_drop(&world->client);
    assert_int_equal(chat->canceled_count, 1);
    assert_null(chat->held);
    scenario_run(&world->scenario);
}

/* A slow method does not hold up the next one. */
static void
calls_overlap(void **state)
{
    struct world *world = *state;

    signalr_client_invoke(&world->client, "{\"H\":\"chathub\",\"M\":\"Hold\",\"A\":[],\"I\":1}");
    expect_reply(world, "{\"H\":\"chathub\",\"M\":\"Echo\",\"A\":[2],\"I\":2}",
                 "{\"R\":2,\"I\":\"2\"}\n");
    hub_call_return(world->scenario.probes[SCENARIO_CHAT].held, BYTES("1"));
    signalr_client_run(&world->client);
    signalr_client_expect_results(&world->client, "{\"R\":1,\"I\":\"1\"}\n");
}

/* C-8 */
static void
one_senders_messages_stay_in_order(void **state)
{
    struct world *world = *state;
    char json[128];
    uint64_t next = 0;

    for (int i = 0; i < 1000; i++) {
        snprintf(json, sizeof(json), "{\"H\":\"chathub\",\"M\":\"Send\",\"A\":[%d],\"I\":%d}", i,
                 i);
        fake_client_frame(world->client.stream, 1, bytes_from_string(json));
    }
    signalr_client_run(&world->client);
    struct bytes rest = buffer_bytes(&world->client.messages);
    struct bytes line;
    while (bytes_split(&rest, '\n', &line) && line.length > 0) {
        snprintf(json, sizeof(json), "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[%llu]}",
                 (unsigned long long)next);
        assert_bytes(line, bytes_from_string(json));
        next++;
    }
    assert_int_equal(next, 1000);
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(names_have_any_case_and_ids_become_text),
        ROW(wrong_names_and_counts_are_errors),
        ROW(detailed_errors_say_more),
        ROW(details_are_kept_back_but_hub_exceptions_are_not),
        ROW(every_kind_of_result),
        ROW(progress_comes_before_the_result),
        ROW(result_waits_for_late_progress),
        ROW(state_goes_round),
        ROW(too_much_state_is_refused),
        ROW(only_registered_hubs_are_heard),
        ROW(send_lands_on_another_node),
        ROW(caller_vanishes),
        ROW(calls_overlap),
        ROW(one_senders_messages_stay_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
