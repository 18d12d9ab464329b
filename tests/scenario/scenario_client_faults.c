/* SPDX-License-Identifier: MIT */
/* Goal of this test: the operator reads of everything that is refused to clients why it was, in one
 * line a minute of each kind, whatever else goes wrong, and never reads what is secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/signalr_client.h"

enum { LINES_BYTES_MAX = 64 * 1024 };

struct world {
    struct scenario scenario;
    struct signalr_client client;
    struct buffer lines;
};

static void
keep_line(void *context, enum log_level level, const char *line)
{
    struct world *world = context;

    (void)level;
    buffer_append_format(&world->lines, "%s\n", line);
}

static int
set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    buffer_init(&world->lines, LINES_BYTES_MAX);
    scenario_init(&world->scenario);
    log_init(&world->scenario.log, LOG_INFO, keep_line, world);
    world->scenario.app.user_source = APP_USER_QUERY;
    world->scenario.app.user_name = "user";
    scenario_start(&world->scenario, 1);
    signalr_client_init(&world->client, &world->scenario, 0, LONG_POLLING);
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;

    signalr_client_deinit(&world->client);
    scenario_deinit(&world->scenario);
    buffer_deinit(&world->lines);
    free(world);
    return 0;
}

/* The lines so far are exactly this one; then they are forgotten. */
static void
expect_line(struct world *world, const char *line)
{
    char whole[1024];

    snprintf(whole, sizeof(whole), "%s\n", line);
    assert_bytes(buffer_bytes(&world->lines), bytes_from_string(whole));
    buffer_clear(&world->lines);
}

static void
fetch(struct world *world, const char *target, const char *form, int status)
{
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "POST", target, form, NULL), status);
}

static void
requests(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;
    char target[8192];

    signalr_client_negotiate(client);
    fetch(world, "/signalr/ping?a=%zz", NULL, 400);
    expect_line(world, "chat: request refused: its parameters are malformed address=203.0.113.5 "
                       "path=/signalr/ping suppressed=0");
    fetch(world, "/signalr/negotiate?callback=f", NULL, 403);
    expect_line(world, "chat: request refused: JSONP is not allowed on this path (jsonp) "
                       "address=203.0.113.5 path=/signalr/negotiate suppressed=0");
    fetch(world, "/signalr/negotiate?connectionData=[{\"name\":\"nohub\"}]", NULL, 500);
    expect_line(world,
                "chat: request refused: it registers for hubs that this app does not have, or in "
                "no valid way address=203.0.113.5 path=/signalr/negotiate reason=\"'nohub' Hub "
                "could not be resolved.\" suppressed=0");
    fetch(world, "/signalr/connect?transport=pigeon&connectionToken=secret", NULL, 400);
    expect_line(world, "chat: request refused: it names no transport that there is, or no endpoint "
                       "address=203.0.113.5 path=/signalr/connect suppressed=0");
    fetch(world, "/signalr/connect?transport=longPolling", NULL, 400);
    expect_line(world, "chat: request refused: it has no connection token address=203.0.113.5 "
                       "path=/signalr/connect suppressed=0");
    fetch(world, "/signalr/connect?transport=longPolling&connectionToken=secret", NULL, 400);
    expect_line(world, "chat: request refused: its connection token is forged, or of another farm "
                       "or app address=203.0.113.5 path=/signalr/connect suppressed=0");
    client->more = "&user=bob";
    fetch(world, signalr_client_target(client, "connect", false), NULL, 403);
    expect_line(world, "chat: request refused: its connection token was issued to another user "
                       "address=203.0.113.5 path=/signalr/connect suppressed=0");
    client->more = NULL;
    client->transport = WEB_SOCKETS;
    fetch(world, signalr_client_target(client, "connect", false), NULL, 400);
    expect_line(world, "chat: request refused: it asks for a WebSocket without an upgrade; a proxy "
                       "on the way may not pass it on address=203.0.113.5 path=/signalr/connect "
                       "suppressed=0");
    client->transport = EVENT_STREAM;
    client->more = "&messageId=s-0,secret";
    fetch(world, signalr_client_target(client, "reconnect", false), NULL, 400);
    expect_line(world, "chat: request refused: its cursor is malformed address=203.0.113.5 "
                       "path=/signalr/reconnect suppressed=0");
    snprintf(target, sizeof(target),
             "/signalr/connect?transport=foreverFrame&frameId=x&connectionToken=%s", client->token);
    fetch(world, target, NULL, 500);
    expect_line(world, "chat: request refused: the frameId of its forever frame is no number "
                       "address=203.0.113.5 path=/signalr/connect suppressed=0");
    assert_int_equal(scenario_metric(&world->scenario, SCENARIO_CLIENT_FAULTS), 10);
}

/* Names that would be taken for others' or break what they become a part of. */
static void
user_names(void **state)
{
    static const char *const bad[] = {"ann%00", "%FF", "J%F6rg"};
    struct world *world = *state;
    char target[2048] = "/signalr/negotiate?user=";

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(target, sizeof(target), "/signalr/negotiate?user=%s", bad[i]);
        fetch(world, target, NULL, 400);
        expect_line(world, "chat: request refused: its user name is too long, or not text in UTF-8 "
                           "address=203.0.113.5 path=/signalr/negotiate suppressed=0");
        scenario_advance(&world->scenario, 60 * 1000);
    }
    snprintf(target, sizeof(target), "/signalr/negotiate?user=%0*d", 1024, 0);
    fetch(world, target, NULL, 200);
    snprintf(target, sizeof(target), "/signalr/negotiate?user=%0*d", 1025, 0);
    fetch(world, target, NULL, 400);
    fetch(world, "/signalr/negotiate?user=J%C3%B6rg", NULL, 200);
}

static void
what_is_sent(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;
    char target[8192];

    signalr_client_negotiate(client);
    snprintf(target, sizeof(target), "%s", signalr_client_target(client, "send", false));
    fetch(world, target, "data={\"secret", 500);
    expect_line(world, "chat: message refused: it is no call of a hub that this app has "
                       "address=203.0.113.5 path=/signalr/send reason=\"The data is not a valid "
                       "hub invocation.\" suppressed=0");
    fetch(world, target, "data={\"H\":\"chathub\",\"M\":\"nothing\",\"A\":[\"secret\"]}", 200);
    snprintf(target, sizeof(target),
             "chat: hub call failed conn=%s hub=ChatHub method=nothing arguments=1 "
             "reason=\"unknown method\" suppressed=0",
             client->id);
    expect_line(world, target);
    scenario_advance(&world->scenario, 60 * 1000);
    fetch(world, signalr_client_target(client, "send", false),
          "data={\"H\":\"chathub\",\"M\":\"echo\",\"A\":[]}", 200);
    snprintf(target, sizeof(target),
             "chat: hub call failed conn=%s hub=ChatHub method=echo arguments=0 "
             "reason=\"wrong number of arguments\" suppressed=0",
             client->id);
    expect_line(world, target);
    /* What a hub throws is meant to be. */
    scenario_advance(&world->scenario, 60 * 1000);
    fetch(world, signalr_client_target(client, "send", false),
          "data={\"H\":\"chathub\",\"M\":\"throw\",\"A\":[\"secret\"]}", 200);
    assert_int_equal(world->lines.length, 0);
}

static void
groups_tokens(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;
    char line[512];

    client->transport = EVENT_STREAM;
    signalr_client_negotiate(client);
    client->more = "&groupsToken=secret";
    signalr_client_open(client, "reconnect");
    scenario_run(&world->scenario);
    snprintf(line, sizeof(line),
             "chat: groups token ignored: it is forged, or of another connection, farm or app "
             "address=203.0.113.5 path=/signalr/reconnect suppressed=0\n"
             "chat: connection resumed conn=%s transport=serverSentEvents address=203.0.113.5",
             client->id);
    expect_line(world, line);
}

/* A socket that sends one frame; what the operator reads of it. */
static void
expect_broken(struct world *world, uint8_t opcode, struct bytes payload, const char *sentence,
              const char *reason)
{
    struct signalr_client client;
    char line[512];

    signalr_client_init(&client, &world->scenario, 0, WEB_SOCKETS);
    signalr_client_start(&client);
    buffer_clear(&world->lines);
    fake_client_frame(client.stream, opcode, payload);
    scenario_run(&world->scenario);
    snprintf(line, sizeof(line), "chat: %s conn=%s reason=%s suppressed=0", sentence, client.id,
             reason);
    expect_line(world, line);
    signalr_client_deinit(&client);
}

static void
websockets(void **state)
{
    struct world *world = *state;
    static char large[64 * 1024 + 1];
    static const char broken[] = "WebSocket closed: the client broke a rule of the protocol";

    memset(large, 'x', sizeof(large));
    expect_broken(world, 1, bytes_from(large, sizeof(large)),
                  "WebSocket closed: the client sent too large a message (websocket_message_max)",
                  "message-too-big");
    expect_broken(world, 1, BYTES("\xFF"), broken, "invalid-utf8");
    scenario_advance(&world->scenario, 60 * 1000);
    expect_broken(world, 2, BYTES("binary"), broken, "binary-message");
    scenario_advance(&world->scenario, 60 * 1000);
    expect_broken(world, 3, BYTES("what"), broken, "websocket-protocol");
}

static void
once_a_minute(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 1000; i++) {
        fetch(world, "/signalr/connect", NULL, 400);
    }
    fetch(world, "/signalr/connect?transport=longPolling", NULL, 400);
    expect_line(world, "chat: request refused: it names no transport that there is, or no endpoint "
                       "address=203.0.113.5 path=/signalr/connect suppressed=0\n"
                       "chat: request refused: it has no connection token address=203.0.113.5 "
                       "path=/signalr/connect suppressed=0");
    scenario_advance(&world->scenario, 60 * 1000);
    fetch(world, "/signalr/connect", NULL, 400);
    expect_line(world, "chat: request refused: it names no transport that there is, or no endpoint "
                       "address=203.0.113.5 path=/signalr/connect suppressed=999");
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(requests),      ROW(user_names), ROW(what_is_sent),
        ROW(groups_tokens), ROW(websockets), ROW(once_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
