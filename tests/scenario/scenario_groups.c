/* SPDX-License-Identifier: MIT */
/* Goal of this test: joining and leaving, from anywhere, loses nothing and repeats nothing. T46,
 * T47, T63, T64, C-3, C-4, C-5. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/scenario/signalr_client.h"

struct world {
    struct scenario scenario;
    struct signalr_client here;  /* on host 0 */
    struct signalr_client there; /* on host 1 */
};

static struct world *
make_world(enum signalr_transport transport)
{
    struct world *world = calloc(1, sizeof(*world));

    scenario_init(&world->scenario);
    scenario_start(&world->scenario, 2);
    signalr_client_init(&world->here, &world->scenario, 0, transport);
    signalr_client_init(&world->there, &world->scenario, 1, WEB_SOCKETS);
    signalr_client_start(&world->here);
    signalr_client_start(&world->there);
    return world;
}

static void
free_world(struct world *world)
{
    assert_int_equal(world->here.backward_count, 0);
    signalr_client_deinit(&world->here);
    signalr_client_deinit(&world->there);
    scenario_deinit(&world->scenario);
    free(world);
}

static void
say_to_group(struct world *world, const char *text)
{
    char value[128];

    snprintf(value, sizeof(value), "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"%s\"]}", text);
    scenario_publish(&world->scenario, "hg-ChatHub.g", value);
}

/* ${caller} has ${member} join or leave "g". */
static void
change(struct signalr_client *caller, const char *method, const struct signalr_client *member)
{
    char arguments[128];

    snprintf(arguments, sizeof(arguments), "[\"g\",\"%s\"]", member->id);
    signalr_client_call(caller, method, arguments);
}

/* T63, T64, C-4 */
static void
join_and_leave_from_another_node(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport);
        for (int round = 0; round < 20; round++) {
            change(&world->there, "JoinOther", &world->here);
            signalr_client_expect_results(&world->there, "{\"I\":\"0\"}\n");
            say_to_group(world, "in");
            signalr_client_run(&world->here);
            signalr_client_expect(&world->here, "say:in");
            change(&world->there, "LeaveOther", &world->here);
            signalr_client_expect_results(&world->there, "{\"I\":\"0\"}\n");
            say_to_group(world, "out");
            signalr_client_run(&world->here);
            signalr_client_expect(&world->here, "");
        }
        free_world(world);
    }
}

/* T47: the token of no group is a token too. */
static void
leaving_the_last_group_is_told(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport);
        signalr_client_call(&world->here, "Join", "[\"g\"]");
        assert_int_equal(world->here.groups_count, 1);
        signalr_client_call(&world->here, "Leave", "[\"g\"]");
        assert_int_equal(world->here.groups_count, 2);
        signalr_client_drop(&world->here);
        say_to_group(world, "not for you");
        signalr_client_open(&world->here, "reconnect");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, "");
        assert_int_equal(world->here.groups_count, 2);
        free_world(world);
    }
}

/* T63, C-3 */
static void
join_of_nobody_fails_after_thirty_seconds(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);

    signalr_client_call(&world->here, "JoinOther", "[\"g\",\"nobody\"]");
    scenario_advance(&world->scenario, 25 * 1000);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_ACKS_PENDING), 1);
    /* Others are not held up. */
    change(&world->there, "JoinOther", &world->here);
    signalr_client_expect_results(&world->there, "{\"I\":\"0\"}\n");
    signalr_client_run(&world->here);
    signalr_client_expect_results(&world->here, "");
    scenario_advance(&world->scenario, 11 * 1000);
    signalr_client_run(&world->here);
    signalr_client_expect_results(
        &world->here,
        "{\"I\":\"0\",\"H\":true,\"E\":\"UNKNOWN_CONNECTION: nobody in the farm holds "
        "the connection\"}\n");
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_JOIN_TIME_OUTS), 1);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_ACKS_PENDING), 0);
    free_world(world);
}

/* The connection has no transport for a moment: the join waits in the history and is acknowledged
 * when it is back. */
static void
join_waits_for_the_client_to_return(void **state)
{
    (void)state;
    for (size_t back_at = 0; back_at < 2; back_at++) {
        struct world *world = make_world(WEB_SOCKETS);
        signalr_client_drop(&world->here);
        change(&world->there, "JoinOther", &world->here);
        signalr_client_expect_results(&world->there, "");
        say_to_group(world, "missed");
        scenario_say(&world->scenario, "broadcast");
        say_to_group(world, "missed too");
        world->here.host = back_at;
        signalr_client_open(&world->here, "reconnect");
        signalr_client_run(&world->here);
        signalr_client_run(&world->there);
        signalr_client_expect_results(&world->there, "{\"I\":\"0\"}\n");
        signalr_client_expect(&world->here, "say:missed say:broadcast say:missed too");
        assert_int_equal(world->here.groups_count, 1);
        say_to_group(world, "live");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, "say:live");
        free_world(world);
    }
}

/* Joined, left and joined again while away: only what was sent in between the two joins and the
 * leave counts. */
static void
replay_respects_spans_of_membership(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport);
        signalr_client_drop(&world->here);
        say_to_group(world, "before");
        change(&world->there, "JoinOther", &world->here);
        say_to_group(world, "in");
        change(&world->there, "LeaveOther", &world->here);
        say_to_group(world, "out");
        change(&world->there, "JoinOther", &world->here);
        say_to_group(world, "in again");
        signalr_client_open(&world->here, "reconnect");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, "say:in say:in again");
        assert_int_equal(world->here.groups_count, 1);
        free_world(world);
    }
}

/* Left while away: the token still names the group, what came before the leave is delivered, and a
 * new token follows. */
static void
leave_found_in_the_replay(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);

    signalr_client_call(&world->here, "Join", "[\"g\"]");
    signalr_client_drop(&world->here);
    say_to_group(world, "in");
    change(&world->there, "LeaveOther", &world->here);
    say_to_group(world, "out");
    signalr_client_open(&world->here, "reconnect");
    signalr_client_run(&world->here);
    signalr_client_expect(&world->here, "say:in");
    assert_int_equal(world->here.groups_count, 2);
    say_to_group(world, "out");
    signalr_client_run(&world->here);
    signalr_client_expect(&world->here, "");
    free_world(world);
}

/* C-5: messages around the command, nobody waits: what comes after it is never lost, whatever the
 * batch. */
static void
messages_around_a_join(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport);
        char value[256];
        struct signalr_message command = {.source = BYTES("x"), .command_id = BYTES("cmd-1")};
        char topic[64];
        snprintf(topic, sizeof(topic), "c-%s", world->here.id);
        snprintf(value, sizeof(value),
                 "{\"WaitForAck\":true,\"Id\":\"cmd-1\",\"CommandType\":1,\"Value\":"
                 "\"hg-ChatHub.g\"}");
        command.topic = bytes_from_string(topic);
        command.value = bytes_from_string(value);
        command.waits_for_ack = true;
        /* All in one batch. */
        scenario_say(&world->scenario, "1");
        say_to_group(world, "no");
        fake_backplane_publish(&world->scenario.farm, &command, 1);
        say_to_group(world, "2");
        scenario_say(&world->scenario, "3");
        say_to_group(world, "4");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, "say:1 say:2 say:3 say:4");
        assert_int_equal(world->here.groups_count, 1);
        assert_int_equal(fake_backplane_published(&world->scenario.farm,
                                                  BYTES("__SIGNALR__SERVER__")),
                         1);
        free_world(world);
    }
}

/* The join took effect here at once, but the envelope that tells it is lost with the socket: the
 * command in the history says it again, from the same id on. */
static void
lost_groups_token_is_made_up_for(void **state)
{
    (void)state;
    for (size_t back_at = 0; back_at < 2; back_at++) {
        struct world *world = make_world(WEB_SOCKETS);
        fake_client_frame(world->here.stream, 1,
                          BYTES("{\"H\":\"chathub\",\"M\":\"Join\",\"A\":[\"g\"],\"I\":0}"));
        scenario_run(&world->scenario);
        say_to_group(world, "one");
        scenario_run(&world->scenario);
        /* Nothing of this has been read. */
        fake_client_free(world->here.stream);
        world->here.stream = NULL;
        say_to_group(world, "two");
        world->here.host = back_at;
        signalr_client_open(&world->here, "reconnect");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, "say:one say:two");
        assert_int_equal(world->here.groups_count, 1);
        free_world(world);
    }
}

/* Changes of mind while the commands are still under way: the last word counts. */
static void
quick_changes_are_not_undone_by_their_echoes(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);

    for (int round = 0; round < 10; round++) {
        world->scenario.farm.is_buffering = true;
        signalr_client_call(&world->here, "Join", "[\"g\"]");
        signalr_client_call(&world->here, "Leave", "[\"g\"]");
        signalr_client_call(&world->here, "Join", "[\"g\"]");
        if (round % 2 == 0) {
            signalr_client_call(&world->here, "Leave", "[\"g\"]");
        }
        world->scenario.farm.is_buffering = false;
        signalr_client_run(&world->here);
        say_to_group(world, "x");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, round % 2 == 0 ? "" : "say:x");
        signalr_client_call(&world->here, "Leave", "[\"g\"]");
    }
    free_world(world);
}

/* The same while the farm is known to be away: everything is done at once, and nothing undone
 * later. */
static void
changes_without_the_farm(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);

    for (int round = 0; round < 4; round++) {
        world->scenario.farm.is_buffering = true;
        fake_port_set_state(world->scenario.hosts[0].port, BACKPLANE_BUFFERING);
        scenario_run(&world->scenario);
        signalr_client_call(&world->here, "Join", "[\"g\"]");
        signalr_client_call(&world->here, "Leave", "[\"g\"]");
        if (round % 2 == 0) {
            signalr_client_call(&world->here, "Join", "[\"g\"]");
        }
        buffer_clear(&world->here.results);
        world->scenario.farm.is_buffering = false;
        fake_port_set_state(world->scenario.hosts[0].port, BACKPLANE_OPEN);
        size_t tokens = world->here.groups_count;
        say_to_group(world, "x");
        signalr_client_run(&world->here);
        say_to_group(world, "y");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, round % 2 == 0 ? "say:x say:y" : "");
        assert_int_equal(world->here.groups_count, tokens);
        signalr_client_call(&world->here, "Leave", "[\"g\"]");
    }
    free_world(world);
}

/* A leave cuts off nothing that was sent before it; who joins does not hear what was said just
 * before. */
static void
changes_keep_their_place(void **state)
{
    (void)state;
    struct scenario scenario;
    struct signalr_client ann, bob;

    scenario_init(&scenario);
    probe_hub_rule(&scenario.probes[SCENARIO_CHAT], "SayAndJoin", "group($1).say($2); join($1)");
    probe_hub_rule(&scenario.probes[SCENARIO_CHAT], "SayAndLeave", "group($1).say($2); leave($1)");
    scenario_start(&scenario, 2);
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        signalr_client_init(&ann, &scenario, 0, (enum signalr_transport)transport);
        signalr_client_init(&bob, &scenario, 1, (enum signalr_transport)transport);
        signalr_client_start(&ann);
        signalr_client_start(&bob);
        signalr_client_call(&ann, "SayAndJoin", "[\"g\",\"ann comes\"]");
        signalr_client_expect(&ann, "");
        signalr_client_call(&bob, "SayAndJoin", "[\"g\",\"bob comes\"]");
        signalr_client_run(&ann);
        signalr_client_expect(&ann, "say:bob comes");
        signalr_client_expect(&bob, "");
        signalr_client_call(&bob, "SayAndLeave", "[\"g\",\"bob goes\"]");
        signalr_client_run(&ann);
        signalr_client_expect(&ann, "say:bob goes");
        signalr_client_expect(&bob, "say:bob goes");
        signalr_client_call(&ann, "Group", "[\"g\",\"alone\"]");
        signalr_client_run(&bob);
        signalr_client_expect(&ann, "say:alone");
        signalr_client_expect(&bob, "");
        signalr_client_call(&ann, "Leave", "[\"g\"]");
        signalr_client_deinit(&ann);
        signalr_client_deinit(&bob);
    }
    scenario_deinit(&scenario);
}

/* The same over a reconnect while all the commands are still under way. */
static void
echoes_of_an_earlier_transport(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport);
        signalr_client_call(&world->here, "Join", "[\"g\"]");
        world->scenario.farm.is_buffering = true;
        signalr_client_call(&world->here, "Leave", "[\"g\"]");
        signalr_client_open(&world->here, "reconnect");
        signalr_client_run(&world->here);
        signalr_client_call(&world->here, "Join", "[\"g\"]");
        world->scenario.farm.is_buffering = false;
        signalr_client_run(&world->here);
        say_to_group(world, "in");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, "say:in");
        signalr_client_drop(&world->here);
        say_to_group(world, "missed");
        signalr_client_open(&world->here, "reconnect");
        signalr_client_run(&world->here);
        signalr_client_expect(&world->here, "say:missed");
        free_world(world);
    }
}

/* The transport goes away between the wish and the barrier: the join becomes a command. */
static void
transport_lost_before_the_barrier(void **state)
{
    (void)state;
    struct world *world = make_world(EVENT_STREAM);
    struct fake_client *request = fake_client_open(&world->scenario, 0, NULL);
    struct fake_response response;

    world->scenario.hosts[0].port->holds_commands = true;
    fake_client_request(request, "POST", signalr_client_target(&world->here, "send", false), NULL,
                        "data={\"H\":\"chathub\",\"M\":\"Join\",\"A\":[\"g\"],\"I\":0}");
    scenario_run(&world->scenario);
    signalr_client_drop(&world->here);
    world->scenario.hosts[0].port->holds_commands = false;
    say_to_group(world, "before it counts");
    scenario_run(&world->scenario);
    say_to_group(world, "in");
    signalr_client_open(&world->here, "reconnect");
    signalr_client_run(&world->here);
    signalr_client_expect(&world->here, "say:in");
    fake_client_response(request, &response);
    assert_text(buffer_bytes(&response.body), "{\"I\":\"0\"}");
    fake_response_deinit(&response);
    fake_client_free(request);
    free_world(world);
}

/* More groups than a token can hold are refused, with a word. */
static void
too_many_groups(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);
    char arguments[64];

    world->scenario.app.limits.groups_max = 5;
    for (int i = 0; i < 5; i++) {
        snprintf(arguments, sizeof(arguments), "[\"g%d\"]", i);
        signalr_client_call(&world->here, "Join", arguments);
    }
    buffer_clear(&world->here.results);
    signalr_client_call(&world->here, "Join", "[\"g5\"]");
    signalr_client_expect_results(
        &world->here,
        "{\"I\":\"0\",\"H\":true,\"E\":\"LIMIT: a configured limit was exceeded\"}\n");
    free_world(world);
}

/* Every use of a topic is given back in the end. */
static void
topics_do_not_pile_up(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);
    struct fake_port *port = world->scenario.hosts[0].port;
    size_t before = fake_port_topic_count(port);

    for (int i = 0; i < 5; i++) {
        signalr_client_call(&world->here, "Join", "[\"g\"]");
        signalr_client_open(&world->here, "reconnect");
        signalr_client_run(&world->here);
        signalr_client_call(&world->here, "Leave", "[\"g\"]");
    }
    assert_int_equal(fake_port_topic_count(port), before);
    assert_int_equal(fake_port_uses(port, BYTES("h-ChatHub")), 1);
    signalr_client_abort(&world->here);
    scenario_run(&world->scenario);
    assert_int_equal(fake_port_topic_count(port), 2); /* those every worker hears */
    free_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join_and_leave_from_another_node),
        cmocka_unit_test(leaving_the_last_group_is_told),
        cmocka_unit_test(join_of_nobody_fails_after_thirty_seconds),
        cmocka_unit_test(join_waits_for_the_client_to_return),
        cmocka_unit_test(replay_respects_spans_of_membership),
        cmocka_unit_test(leave_found_in_the_replay),
        cmocka_unit_test(messages_around_a_join),
        cmocka_unit_test(lost_groups_token_is_made_up_for),
        cmocka_unit_test(quick_changes_are_not_undone_by_their_echoes),
        cmocka_unit_test(changes_without_the_farm),
        cmocka_unit_test(changes_keep_their_place),
        cmocka_unit_test(echoes_of_an_earlier_transport),
        cmocka_unit_test(transport_lost_before_the_barrier),
        cmocka_unit_test(too_many_groups),
        cmocka_unit_test(topics_do_not_pile_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
