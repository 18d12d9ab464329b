/* SPDX-License-Identifier: MIT */
/* Goal of this test: who cannot keep up, and what cannot be published, is told; nobody else
 * notices. C-1, C-2, slow consumers, bad input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/signalr_client.h"

struct world {
    struct scenario scenario;
    struct signalr_client slow;
    struct signalr_client quick;
};

static struct world *
make_world(enum signalr_transport transport)
{
    struct world *world = calloc(1, sizeof(*world));

    scenario_init(&world->scenario);
    world->scenario.app.limits.send_queue_bytes = 10000;
    scenario_start(&world->scenario, 2);
    signalr_client_init(&world->slow, &world->scenario, 0, transport);
    signalr_client_init(&world->quick, &world->scenario, 0, transport);
    signalr_client_start(&world->slow);
    signalr_client_start(&world->quick);
    return world;
}

static void
free_world(struct world *world)
{
    signalr_client_deinit(&world->slow);
    signalr_client_deinit(&world->quick);
    scenario_deinit(&world->scenario);
    free(world);
}

static size_t
count_messages(const struct signalr_client *client)
{
    size_t count = 0;

    for (size_t i = 0; i < client->messages.length; i++) {
        count += client->messages.data[i] == '\n';
    }
    return count;
}

/* Its queue is capped, it is closed, and gets everything when it comes back. */
static void
slow_consumer_is_closed_and_resumes(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < LONG_POLLING; transport++) {
        struct world *world = make_world((enum signalr_transport)transport);
        world->slow.stream->sink.is_stuck = true;
        fake_sink_clear(&world->slow.stream->sink);
        for (int i = 0; i < 500; i++) {
            scenario_say(&world->scenario, "0123456789012345678901234567890123456789");
            scenario_run(&world->scenario);
        }
        assert_int_equal(scenario_metric(&world->scenario, SCENARIO_SLOW_CONSUMERS), 1);
        assert_in_range(fake_sink_written(&world->slow.stream->sink).length, 9000, 12000);
        scenario_advance(&world->scenario, 1000);
        assert_false(fake_client_is_open(world->slow.stream));
        signalr_client_run(&world->quick);
        assert_int_equal(count_messages(&world->quick), 500);

        /* What is missing is far more than the cap: a replay may exceed it. */
        fake_client_free(world->slow.stream);
        world->slow.stream = NULL;
        signalr_client_open(&world->slow, "reconnect");
        signalr_client_run(&world->slow);
        scenario_say(&world->scenario, "more");
        signalr_client_run(&world->slow);
        assert_int_equal(count_messages(&world->slow), 501);
        assert_true(signalr_client_is_receiving(&world->slow));
        assert_int_equal(scenario_metric(&world->scenario, SCENARIO_SLOW_CONSUMERS), 1);
        scenario_expect_events(&world->scenario, "connected ChatHub\nconnected ChatHub\n"
                                                 "reconnected ChatHub\n");
        free_world(world);
    }
}

/* A replay above the cap is allowed until it is read, but does not grow beyond that. */
static void
replay_to_a_slow_client(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);
    static char text[200];

    memset(text, 'z', sizeof(text) - 1);
    signalr_client_drop(&world->slow);
    for (int i = 0; i < 500; i++) {
        scenario_say(&world->scenario, text);
    }
    scenario_run(&world->scenario);
    signalr_client_open(&world->slow, "reconnect");
    world->slow.stream->sink.is_stuck = true;
    scenario_run(&world->scenario);
    scenario_say(&world->scenario, "one more");
    scenario_run(&world->scenario);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_SLOW_CONSUMERS), 0);
    for (int i = 0; i < 100; i++) {
        scenario_say(&world->scenario, text);
    }
    scenario_run(&world->scenario);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_SLOW_CONSUMERS), 1);
    free_world(world);
}

/* C-1: with Redis away clients still connect; their calls wait. */
static void
connecting_needs_no_redis(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);
    struct signalr_client late;

    world->scenario.farm.is_buffering = true;
    fake_port_set_state(world->scenario.hosts[0].port, BACKPLANE_BUFFERING);
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        signalr_client_init(&late, &world->scenario, 0, (enum signalr_transport)transport);
        signalr_client_start(&late);
        signalr_client_call(&late, "Echo", "[1]");
        signalr_client_expect_results(&late, "{\"R\":1,\"I\":\"0\"}\n");
        signalr_client_deinit(&late);
    }
    signalr_client_call(&world->quick, "Send", "[\"later\"]");
    signalr_client_expect_results(&world->quick, "");
    world->scenario.farm.is_buffering = false;
    signalr_client_run(&world->quick);
    signalr_client_expect_results(&world->quick, "{\"I\":\"0\"}\n");
    signalr_client_expect(&world->quick, "say:later");
    free_world(world);
}

/* C-2: a join here is complete at once, one elsewhere fails at once. */
static void
joins_without_redis(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);

    world->scenario.farm.is_buffering = true;
    fake_port_set_state(world->scenario.hosts[0].port, BACKPLANE_BUFFERING);
    scenario_run(&world->scenario);
    signalr_client_call(&world->quick, "Join", "[\"g\"]");
    signalr_client_expect_results(&world->quick, "{\"I\":\"0\"}\n");
    assert_int_equal(world->quick.groups_count, 1);
    signalr_client_call(&world->quick, "JoinOther", "[\"g\",\"elsewhere\"]");
    signalr_client_expect_results(
        &world->quick,
        "{\"I\":\"0\",\"H\":true,\"E\":\"BACKPLANE_DOWN: the backplane is not available\"}\n");
    free_world(world);
}

/* A full spool is an error the caller sees, on every transport. */
static void
refused_publish_is_told(void **state)
{
    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        struct world *world = make_world((enum signalr_transport)transport);
        world->scenario.farm.publish_status = STATUS_QUEUE_FULL;
        assert_int_equal(signalr_client_call(&world->quick, "Send", "[1]"), 200);
        signalr_client_expect_results(
            &world->quick,
            "{\"I\":\"0\",\"H\":true,\"E\":\"QUEUE_FULL: the queue is full; try again later\"}\n");
        world->scenario.farm.publish_status = STATUS_OUTCOME_UNKNOWN;
        assert_int_equal(signalr_client_call(&world->quick, "Send", "[1]"), 200);
        signalr_client_expect_results(
            &world->quick,
            "{\"I\":\"0\",\"H\":true,\"E\":\"OUTCOME_UNKNOWN: the connection was lost "
            "before the outcome was known\"}\n");
        world->scenario.farm.publish_status = STATUS_OK;
        free_world(world);
    }
}

/* Before the first link nobody's token can be made or read. */
static void
no_link_yet(void **state)
{
    (void)state;
    struct scenario scenario;
    struct fake_response response;

    scenario_init(&scenario);
    scenario.has_no_link = true;
    scenario_start(&scenario, 1);
    struct fake_client *client = fake_client_open(&scenario, 0, NULL);
    fake_client_request(client, "GET", "/signalr/negotiate", NULL, NULL);
    scenario_run(&scenario);
    fake_client_response(client, &response);
    assert_int_equal(response.status, 503);
    assert_text(fake_response_header(&response, "Retry-After"), "5");
    assert_true(response.body.length > 0);
    fake_response_deinit(&response);
    fake_client_free(client);
    assert_int_equal(fake_client_fetch(&scenario, 0, "GET", "/signalr/ping", NULL, NULL), 200);
    assert_int_equal(fake_client_fetch(&scenario, 0, "GET",
                                       "/signalr/connect?transport=longPolling&connectionToken=x",
                                       NULL, NULL),
                     503);
    fake_port_set_secrets(scenario.hosts[0].port, 1);
    scenario_run(&scenario);
    assert_int_equal(fake_client_fetch(&scenario, 0, "GET", "/signalr/negotiate", NULL, NULL), 200);
    scenario_deinit(&scenario);
}

/* More connections than the cap: the newcomer is refused, who is known may return. */
static void
connection_cap(void **state)
{
    (void)state;
    struct world *world = make_world(WEB_SOCKETS);
    struct signalr_client third;

    client_limits_set(world->scenario.client_limits,
                      &(struct client_limits_options){.connections_max = 2});
    signalr_client_init(&third, &world->scenario, 0, LONG_POLLING);
    signalr_client_negotiate(&third);
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET",
                                       signalr_client_target(&third, "connect", false), NULL, NULL),
                     503);
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_REFUSED), 1);
    signalr_client_open(&world->quick, "reconnect");
    signalr_client_run(&world->quick);
    scenario_say(&world->scenario, "fine");
    signalr_client_run(&world->quick);
    signalr_client_expect(&world->quick, "say:fine");
    signalr_client_deinit(&third);
    free_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_consumer_is_closed_and_resumes),
        cmocka_unit_test(replay_to_a_slow_client),
        cmocka_unit_test(connecting_needs_no_redis),
        cmocka_unit_test(joins_without_redis),
        cmocka_unit_test(refused_publish_is_told),
        cmocka_unit_test(no_link_yet),
        cmocka_unit_test(connection_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
