/* SPDX-License-Identifier: MIT */
/* Goal of this test: a request to the REST interface is answered when the farm has taken it and not
 * before, and with what the farm said otherwise; it reaches connections on other hosts, between two
 * transports, and none that is gone; callers may go away at any time. */
#include <stdio.h>
#include <string.h>

#include "service/api/rest_api.h"
#include "service/api/rest_call.h"
#include "tests/scenario/signalr_client.h"
#include "tests/unit/identity/jwt_signer.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define SAY "{\"target\":\"say\",\"arguments\":[\"%s\"]}"

struct world {
    struct scenario scenario;
    struct rest_api *api;
    struct jwt_signer *signer;
    struct signalr_client ann, bob; /* on host 0 and 1 */
};

static bool
handle(void *handler, struct http_exchange *exchange)
{
    return rest_api_handle(handler, exchange);
}

static void
world_init(struct world *world, enum signalr_transport transport)
{
    struct scenario *scenario = &world->scenario;

    scenario_init(scenario);
    scenario->app.access_keys[0].secret = BYTES(KEY);
    scenario->app.access_key_count = 1;
    scenario->app.user_source = APP_USER_QUERY;
    scenario->app.user_name = "user";
    scenario_start(scenario, 2);
    const struct rest_api_options options = {.timers = &scenario->timers,
                                             .apps = &scenario->app,
                                             .app_count = 1,
                                             .host = scenario->hosts[0].host};
    assert_status(rest_api_new(&options, &world->api), STATUS_OK);
    scenario->handle = handle;
    scenario->handler = world->api;
    world->signer = jwt_signer_new("HS256", BYTES(KEY));
    signalr_client_init(&world->ann, scenario, 0, transport);
    signalr_client_init(&world->bob, scenario, 1, transport);
    world->ann.more = "&user=ann";
    world->bob.more = "&user=bob";
    signalr_client_start(&world->ann);
    signalr_client_start(&world->bob);
}

static void
world_deinit(struct world *world)
{
    signalr_client_deinit(&world->ann);
    signalr_client_deinit(&world->bob);
    rest_api_free(world->api);
    scenario_deinit(&world->scenario);
    jwt_signer_free(world->signer);
}

/* Send a request to host 0: ${path} follows the hub, and may have a query. */
static struct fake_client *
ask(struct world *world, const char *method, const char *path, const char *body)
{
    struct fake_client *caller = fake_client_open(&world->scenario, 0, NULL);
    char target[256], claims[400], headers[1024];
    struct buffer token;

    buffer_init(&token, 4096);
    snprintf(target, sizeof(target), "/api/hubs/chathub%s", path);
    snprintf(claims, sizeof(claims), "{\"exp\":%lld,\"aud\":\"http://x%s\"}",
             (long long)(world->scenario.clock.wall_ms / 1000) + 60, target);
    jwt_signer_sign(world->signer, BYTES("{\"alg\":\"HS256\"}"), bytes_from_string(claims), &token);
    snprintf(headers, sizeof(headers), "Authorization: Bearer %.*s\r\n",
             BYTES_PRINTF(buffer_bytes(&token)));
    buffer_deinit(&token);
    fake_client_request(caller, method, target, headers, body);
    return caller;
}

/* What has come of it; 0 = nothing yet. */
static int
status_of(struct fake_client *caller, char *code, size_t size, bool *may_retry)
{
    struct fake_response response;

    scenario_run(caller->scenario);
    fake_client_response(caller, &response);
    int status = response.status;
    struct bytes header = fake_response_header(&response, "x-ms-error-code");
    snprintf(code, size, "%.*s", BYTES_PRINTF(header));
    *may_retry = fake_response_header(&response, "Retry-After").data != NULL;
    fake_response_deinit(&response);
    return status;
}

static void
expect_answer(struct fake_client *caller, int status, const char *code)
{
    char actual[64];
    bool may_retry;
    int answered = status_of(caller, actual, sizeof(actual), &may_retry);

    if (answered != status || strcmp(actual, code) != 0) {
        fail_msg("%d %s, not %d %s", answered, actual, status, code);
    }
}

/* Ask, and expect that at once. */
static void
expect(struct world *world, const char *method, const char *path, const char *body, int status,
       const char *code)
{
    struct fake_client *caller = ask(world, method, path, body);

    expect_answer(caller, status, code);
    fake_client_free(caller);
}

/* Ask about what nobody has: nobody says no, so it takes a second. */
static void
expect_silence(struct world *world, const char *method, const char *path, int status,
               const char *code)
{
    struct fake_client *caller = ask(world, method, path, NULL);

    expect_answer(caller, 0, "");
    scenario_advance(&world->scenario, REST_CALL_SILENCE_MS - 1);
    expect_answer(caller, 0, "");
    scenario_advance(&world->scenario, 1);
    expect_answer(caller, status, code);
    fake_client_free(caller);
}

static void
say(struct world *world, const char *path, const char *text)
{
    char body[100];

    snprintf(body, sizeof(body), SAY, text);
    expect(world, "POST", path, body, 202, "");
}

static void
both_expect(struct world *world, const char *ann, const char *bob)
{
    signalr_client_run(&world->ann);
    signalr_client_run(&world->bob);
    signalr_client_expect(&world->ann, ann);
    signalr_client_expect(&world->bob, bob);
}

/* A path with the id of a connection between two texts. */
static const char *
path_of(const struct signalr_client *client, const char *before, const char *after, char path[200])
{
    snprintf(path, 200, "%s%s%s", before, client->id, after);
    return path;
}

#define PATH(client, before, after) path_of(&(client), before, after, (char[200]){0})

static void
accepted_means_published(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    world.scenario.hosts[0].port->holds_commands = true;
    struct fake_client *caller =
        ask(&world, "POST", "/:send", "{\"target\":\"say\",\"arguments\":[\"x\"]}");
    expect_answer(caller, 0, "");
    scenario_advance(&world.scenario, 20 * 1000);
    expect_answer(caller, 0, "");
    both_expect(&world, "", "");
    world.scenario.hosts[0].port->holds_commands = false;
    expect_answer(caller, 202, "");
    fake_client_free(caller);
    both_expect(&world, "say:x", "say:x");
    world_deinit(&world);
}

static void
what_the_farm_says_instead(void **state)
{
    static const struct {
        enum status status;
        int answer;
        const char *code;
        bool may_retry;
    } rows[] = {
        {STATUS_QUEUE_FULL, 503, "Error.Queue.Full", true},
        {STATUS_TIMED_OUT, 503, "Error.Farm.TimedOut", true},
        {STATUS_BACKPLANE_DOWN, 503, "Error.Farm.Unavailable", true},
        {STATUS_OUTCOME_UNKNOWN, 503, "Error.Outcome.Unknown", false},
        {STATUS_LIMIT, 413, "Error.Request.TooLarge", false},
        {STATUS_DENIED, 500, "Error.Farm.Refused", false},
    };
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char code[64];
        bool may_retry;
        world.scenario.farm.publish_status = rows[i].status;
        struct fake_client *caller = ask(&world, "POST", "/:send", "{\"target\":\"say\"}");
        assert_int_equal(status_of(caller, code, sizeof(code), &may_retry), rows[i].answer);
        assert_string_equal(code, rows[i].code);
        assert_int_equal(may_retry, rows[i].may_retry);
        fake_client_free(caller);
    }
    world.scenario.farm.publish_status = STATUS_OK;
    both_expect(&world, "", "");
    world_deinit(&world);
}

static void
groups_of_a_connection(void **state)
{
    struct world world;

    (void)state;
    for (int transport = 0; transport < SIGNALR_TRANSPORTS; transport++) {
        world_init(&world, (enum signalr_transport)transport);
        expect(&world, "PUT", PATH(world.bob, "/groups/g/connections/", ""), NULL, 200, "");
        expect(&world, "PUT", PATH(world.ann, "/connections/", "/groups/g"), NULL, 200, "");
        signalr_client_run(&world.ann);
        signalr_client_run(&world.bob);
        say(&world, "/groups/g/:send", "in");
        both_expect(&world, "say:in", "say:in");
        expect(&world, "DELETE", PATH(world.bob, "/groups/g/connections/", ""), NULL, 200, "");
        say(&world, "/groups/g/:send", "out");
        both_expect(&world, "say:out", "");
        world_deinit(&world);
    }
}

static void
groups_of_a_user_are_complete_from_the_command_on(void **state)
{
    struct world world;

    (void)state;
    for (int transport = 0; transport < SIGNALR_TRANSPORTS; transport++) {
        world_init(&world, (enum signalr_transport)transport);
        /* Nothing arrives at bob's host until all of it has been accepted. */
        world.scenario.hosts[1].port->holds_events = true;
        say(&world, "/groups/g/:send", "before");
        expect(&world, "PUT", "/users/bob/groups/g", NULL, 200, "");
        say(&world, "/groups/g/:send", "after");
        world.scenario.hosts[1].port->holds_events = false;
        both_expect(&world, "", "say:after");
        expect(&world, "DELETE", "/users/bob/groups", NULL, 204, "");
        both_expect(&world, "", "");
        say(&world, "/groups/g/:send", "left");
        both_expect(&world, "", "");
        world_deinit(&world);
    }
}

/* Said while the group must not hear it; left out where a host is told to leave before it knows
 * what it has joined: then the end of the membership takes a moment. */
static void
say_out(struct world *world, bool is_exact)
{
    if (is_exact) {
        say(world, "/groups/g/:send", "out");
    }
}

/* Each request counts for the next one, however the host gets to hear of them. */
static void
requests_about_groups_take_their_turn(void **state)
{
    enum { AT_ONCE, TOGETHER, BETWEEN_TRANSPORTS, WAYS };
    struct world world;

    (void)state;
    for (int i = 0; i < SIGNALR_TRANSPORTS * WAYS; i++) {
        int way = i % WAYS;
        world_init(&world, (enum signalr_transport)(i / WAYS));
        world.scenario.hosts[1].port->holds_events = way == TOGETHER;
        if (way == BETWEEN_TRANSPORTS) {
            signalr_client_drop(&world.bob);
            scenario_run(&world.scenario);
        }
        say(&world, "/groups/g/:send", "before");
        expect(&world, "PUT", "/users/bob/groups/g", NULL, 200, "");
        say(&world, "/groups/g/:send", "in");
        expect(&world, "DELETE", "/users/bob/groups/g", NULL, 204, "");
        say_out(&world, way != TOGETHER);
        expect(&world, "PUT", "/users/bob/groups/g", NULL, 200, "");
        say(&world, "/groups/g/:send", "in");
        expect(&world, "DELETE", "/users/bob/groups", NULL, 204, "");
        say_out(&world, way != TOGETHER);
        world.scenario.hosts[1].port->holds_events = false;
        if (way == BETWEEN_TRANSPORTS) {
            signalr_client_open(&world.bob,
                                world.bob.transport == LONG_POLLING ? "poll" : "reconnect");
        }
        both_expect(&world, "", "say:in say:in");
        say(&world, "/groups/g/:send", "out");
        both_expect(&world, "", "");
        world_deinit(&world);
    }
}

/* What is said of the user first, and then of its connection. */
static void
expect_turn(struct world *world, const char *user_method, const char *user_path, const char *method,
            const char *heard)
{
    world->scenario.hosts[1].port->holds_events = true;
    expect(world, user_method, user_path, NULL, strcmp(user_method, "PUT") == 0 ? 200 : 204, "");
    struct fake_client *caller =
        ask(world, method, PATH(world->bob, "/groups/g/connections/", ""), NULL);
    expect_answer(caller, 0, "");
    world->scenario.hosts[1].port->holds_events = false;
    signalr_client_run(&world->bob);
    expect_answer(caller, 200, "");
    fake_client_free(caller);
    both_expect(world, "", "");
    say(world, "/groups/g/:send", "x");
    both_expect(world, "", heard);
}

static void
a_connection_takes_its_turn_after_its_user(void **state)
{
    struct world world;

    (void)state;
    for (int transport = 0; transport < SIGNALR_TRANSPORTS; transport++) {
        world_init(&world, (enum signalr_transport)transport);
        expect_turn(&world, "PUT", "/users/bob/groups/g", "DELETE", "");
        expect_turn(&world, "DELETE", "/users/bob/groups/g", "PUT", "say:x");
        expect_turn(&world, "DELETE", "/users/bob/groups", "PUT", "say:x");
        expect_turn(&world, "PUT", "/users/bob/groups/g", "DELETE", "");
        world_deinit(&world);
    }
}

/* Publish a command to bob's connection, as another worker does. */
static uint64_t
command_connection(struct world *world, enum signalr_command_type type, const char *group,
                   uint64_t since)
{
    const struct signalr_command command = {.type = type,
                                            .id = BYTES("11111111-2222-3333-4444-555555555555"),
                                            .value = bytes_from_string(group),
                                            .since = since};
    struct buffer value;

    buffer_init(&value, 1000);
    assert_status(signalr_command_encode(&command, &value), STATUS_OK);
    const struct signalr_message message = {.source = bytes_from_string(world->bob.id),
                                            .topic = bytes_from_string(PATH(world->bob, "c-", "")),
                                            .value = buffer_bytes(&value),
                                            .command_id = command.id};
    uint64_t id = fake_backplane_publish(&world->scenario.farm, &message, 1);
    buffer_deinit(&value);
    return id;
}

/* What a worker says in the name of a user's command may come late; it counts from that command on.
 */
static void
a_late_leave_undoes_no_later_join(void **state)
{
    struct world world;

    (void)state;
    for (int is_later = 0; is_later < 2; is_later++) {
        world_init(&world, WEB_SOCKETS);
        scenario_say(&world.scenario, "first");
        both_expect(&world, "say:first", "say:first");
        signalr_client_drop(&world.bob);
        scenario_run(&world.scenario);
        uint64_t joined =
            command_connection(&world, SIGNALR_COMMAND_ADD_TO_GROUP, "hg-ChatHub.g", 0);
        scenario_say(&world.scenario, "between");
        command_connection(&world, SIGNALR_COMMAND_REMOVE_FROM_GROUP, "hg-ChatHub.g",
                           is_later ? joined + 1 : joined - 1);
        world.bob.host = 0;
        signalr_client_open(&world.bob, "reconnect");
        both_expect(&world, "say:between", "say:between");
        say(&world, "/groups/g/:send", "x");
        both_expect(&world, "", is_later ? "" : "say:x");
        world_deinit(&world);
    }
}

/* Also when the join is still under way to the connection. */
static void
a_user_leaves_what_it_has_just_joined(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    world.scenario.hosts[1].port->holds_events = true;
    expect(&world, "PUT", "/users/bob/groups/g", NULL, 200, "");
    expect(&world, "DELETE", "/users/bob/groups", NULL, 204, "");
    world.scenario.hosts[1].port->holds_events = false;
    scenario_run(&world.scenario);
    both_expect(&world, "", "");
    say(&world, "/groups/g/:send", "left");
    both_expect(&world, "", "");
    world_deinit(&world);
}

/* Wherever the connection has gone meanwhile; being put in anew counts from then on. */
static void
a_user_is_in_a_group_for_a_time(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    expect(&world, "PUT", "/users/bob/groups/g?ttl=10", NULL, 200, "");
    expect(&world, "PUT", "/users/bob/groups/h?ttl=10", NULL, 200, "");
    both_expect(&world, "", "");
    signalr_client_drop(&world.bob);
    world.bob.host = 0;
    signalr_client_open(&world.bob, "reconnect");
    scenario_advance(&world.scenario, 9 * 1000);
    expect(&world, "PUT", "/users/bob/groups/h", NULL, 200, "");
    say(&world, "/groups/g/:send", "still in");
    both_expect(&world, "", "say:still in");
    scenario_advance(&world.scenario, 1000);
    both_expect(&world, "", "");
    say(&world, "/groups/g/:send", "out");
    say(&world, "/groups/h/:send", "in for good");
    both_expect(&world, "", "say:in for good");
    world_deinit(&world);
}

/* Also when the join has come round while the connection was between two polls, and waits for the
 * next one: wherever that is. */
static void
a_user_leaves_what_it_joined_between_two_polls(void **state)
{
    struct world world;

    (void)state;
    for (size_t host = 0; host < 2; host++) {
        world_init(&world, LONG_POLLING);
        signalr_client_drop(&world.bob);
        scenario_run(&world.scenario);
        expect(&world, "PUT", "/users/bob/groups/g", NULL, 200, "");
        scenario_run(&world.scenario);
        expect(&world, "DELETE", "/users/bob/groups", NULL, 204, "");
        say(&world, "/groups/g/:send", "left");
        world.bob.host = host;
        signalr_client_open(&world.bob, "poll");
        both_expect(&world, "", "");
        say(&world, "/groups/g/:send", "left");
        both_expect(&world, "", "");
        /* What was waiting is forgotten: commands count again. */
        expect(&world, "PUT", PATH(world.bob, "/groups/g/connections/", ""), NULL, 200, "");
        signalr_client_run(&world.bob);
        expect(&world, "DELETE", PATH(world.bob, "/groups/g/connections/", ""), NULL, 200, "");
        say(&world, "/groups/g/:send", "left");
        both_expect(&world, "", "");
        world_deinit(&world);
    }
}

/* A command to a user, as a host publishes it that the scenario has not. */
static void
command_bob(struct world *world, const char *command, const char *group)
{
    char value[200];

    snprintf(value, sizeof(value),
             "{\"command\":\"%s\",\"of\":\"hu-ChatHub.bob\",\"group\":\"%s\"}", command, group);
    scenario_publish(&world->scenario, "__HUBPLANE__", value);
    scenario_run(&world->scenario);
}

/* Bob is opening a transport at host 0, which does not know yet what it has missed; and nobody else
 * has it. */
static void
begin_opening(struct world *world)
{
    signalr_client_drop(&world->bob);
    scenario_run(&world->scenario);
    command_bob(world, "join", "hg-ChatHub.old");
    scenario_kill(&world->scenario, 1);
    world->scenario.hosts[0].port->holds_commands = true;
    world->bob.host = 0;
    signalr_client_open(&world->bob, "reconnect");
    scenario_run(&world->scenario);
}

static void
end_opening(struct world *world)
{
    world->scenario.hosts[0].port->holds_commands = false;
    both_expect(world, "", "");
}

static void
a_user_that_is_opening_a_transport_is_found(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    begin_opening(&world);
    command_bob(&world, "join", "hg-ChatHub.g");
    end_opening(&world);
    say(&world, "/groups/g/:send", "in");
    say(&world, "/groups/old/:send", "in");
    both_expect(&world, "", "say:in say:in");
    world_deinit(&world);

    world_init(&world, WEB_SOCKETS);
    begin_opening(&world);
    command_bob(&world, "leave", "hg-ChatHub.old");
    end_opening(&world);
    say(&world, "/groups/old/:send", "out");
    both_expect(&world, "", "");
    world_deinit(&world);

    world_init(&world, WEB_SOCKETS);
    begin_opening(&world);
    command_bob(&world, "close", "");
    assert_int_equal(scenario_metric(&world.scenario, SCENARIO_CONNECTIONS), 2);
    world.scenario.hosts[0].port->holds_commands = false;
    scenario_run(&world.scenario);
    assert_int_equal(scenario_metric(&world.scenario, SCENARIO_CONNECTIONS), 1);
    world_deinit(&world);
}

/* Out of what it was in before the command, and in what it was put into after it. */
static void
a_user_that_is_opening_a_transport_leaves_all(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    expect(&world, "PUT", "/users/bob/groups/known", NULL, 200, "");
    both_expect(&world, "", "");
    begin_opening(&world);
    command_bob(&world, "leave_all", "ChatHub");
    command_bob(&world, "join", "hg-ChatHub.new");
    end_opening(&world);
    say(&world, "/groups/old/:send", "out");
    say(&world, "/groups/known/:send", "out");
    say(&world, "/groups/new/:send", "in");
    both_expect(&world, "", "say:in");
    world_deinit(&world);

    world_init(&world, WEB_SOCKETS);
    expect(&world, "PUT", "/users/bob/groups/known", NULL, 200, "");
    both_expect(&world, "", "");
    begin_opening(&world);
    command_bob(&world, "leave_all", "ChatHub");
    command_bob(&world, "join", "hg-ChatHub.old");
    command_connection(&world, SIGNALR_COMMAND_ADD_TO_GROUP, "hg-ChatHub.known", 0);
    end_opening(&world);
    say(&world, "/groups/old/:send", "in");
    say(&world, "/groups/known/:send", "in");
    both_expect(&world, "", "say:in say:in");
    world_deinit(&world);
}

/* However often it is said to one that is away, it is said once more to each group at most. */
static void
leaving_all_over_and_over(void **state)
{
    enum { TIMES = 12 };
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    expect(&world, "PUT", "/users/bob/groups/g", NULL, 200, "");
    both_expect(&world, "", "");
    signalr_client_drop(&world.bob);
    scenario_run(&world.scenario);
    size_t before = world.scenario.farm.publish_count;
    for (int i = 0; i < TIMES; i++) {
        expect(&world, "DELETE", "/users/bob/groups", NULL, 204, "");
    }
    assert_int_equal(world.scenario.farm.publish_count - before, 2 * TIMES);
    world_deinit(&world);
}

static void
a_user_without_transport_finds_the_group(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    signalr_client_drop(&world.bob);
    scenario_run(&world.scenario);
    expect(&world, "PUT", "/users/bob/groups/g", NULL, 200, "");
    say(&world, "/groups/g/:send", "while away");
    world.bob.host = 0;
    signalr_client_open(&world.bob, "reconnect");
    both_expect(&world, "", "say:while away");
    world_deinit(&world);
}

static void
is_a_user_in_a_group(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    expect_silence(&world, "HEAD", "/users/carl/groups/g", 404, "Info.User.NotInGroup");
    expect_silence(&world, "HEAD", "/users/bob/groups/g", 404, "Info.User.NotInGroup");
    expect(&world, "PUT", PATH(world.bob, "/groups/g/connections/", ""), NULL, 200, "");
    signalr_client_run(&world.bob);
    expect(&world, "HEAD", "/users/bob/groups/g", NULL, 200, "");
    expect_silence(&world, "HEAD", "/users/ann/groups/g", 404, "Info.User.NotInGroup");
    world_deinit(&world);
}

static void
is_anybody_there(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    expect(&world, "HEAD", "/users/ann", NULL, 200, "");
    expect(&world, "HEAD", "/users/bob", NULL, 200, "");
    expect(&world, "HEAD", PATH(world.bob, "/connections/", ""), NULL, 200, "");
    expect_silence(&world, "HEAD", "/users/carl", 404, "Warning.User.NotExisted");
    expect_silence(&world, "HEAD", "/groups/g", 404, "Warning.Group.NotExisted");
    /* Between two transports it is there still. */
    signalr_client_drop(&world.bob);
    scenario_run(&world.scenario);
    expect(&world, "HEAD", "/users/bob", NULL, 200, "");
    /* Once it has ended nobody is, though its node goes on listening for a while. */
    scenario_advance(&world.scenario, 60 * 1000);
    scenario_run(&world.scenario);
    expect_silence(&world, "HEAD", "/users/bob", 404, "Warning.User.NotExisted");
    expect_silence(&world, "HEAD", PATH(world.bob, "/connections/", ""), 404,
                   "Warning.Connection.NotExisted");
    world_deinit(&world);
}

/* The second of silence begins when the farm has taken the question. */
static void
a_slow_farm_is_no_silence(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    world.scenario.hosts[0].port->holds_commands = true;
    struct fake_client *caller = ask(&world, "HEAD", "/users/bob", NULL);
    scenario_advance(&world.scenario, 5 * 1000);
    expect_answer(caller, 0, "");
    world.scenario.hosts[0].port->holds_commands = false;
    expect_answer(caller, 200, "");
    fake_client_free(caller);
    world_deinit(&world);
}

/* The last it was told. */
static void
expect_eviction(struct signalr_client *client, const char *text)
{
    struct bytes rest = buffer_bytes(&client->texts), line = BYTES_NONE, last = BYTES_NONE;

    assert_true(client->is_evicted);
    while (rest.length > 0 && bytes_split(&rest, '\n', &line)) {
        last = line;
    }
    assert_bytes(last, bytes_from_string(text));
}

static void
closed_and_told_why(void **state)
{
    struct world world;

    (void)state;
    for (int transport = 0; transport < SIGNALR_TRANSPORTS; transport++) {
        world_init(&world, (enum signalr_transport)transport);
        expect(&world, "DELETE", PATH(world.bob, "/connections/", "?reason=enough"), NULL, 200, "");
        signalr_client_read(&world.bob);
        expect_eviction(&world.bob, "{\"E\":\"enough\"}");
        expect_silence(&world, "DELETE", PATH(world.bob, "/connections/", ""), 404,
                       "Warning.Connection.NotExisted");
        assert_int_equal(scenario_metric(&world.scenario, SCENARIO_CONNECTIONS), 1);
        say(&world, "/:send", "who is left");
        signalr_client_run(&world.ann);
        signalr_client_expect(&world.ann, "say:who is left");
        expect(&world, "POST", "/:closeConnections", NULL, 204, "");
        scenario_run(&world.scenario);
        assert_int_equal(scenario_metric(&world.scenario, SCENARIO_CONNECTIONS), 0);
        world_deinit(&world);
    }
}

/* What was said while it was away still counts when it comes back. */
static void
closed_between_two_transports(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    signalr_client_drop(&world.bob);
    scenario_run(&world.scenario);
    expect(&world, "POST", "/users/bob/:closeConnections?reason=gone", NULL, 204, "");
    scenario_run(&world.scenario);
    assert_int_equal(scenario_metric(&world.scenario, SCENARIO_CONNECTIONS), 1);
    world.bob.host = 0;
    signalr_client_open(&world.bob, "reconnect");
    signalr_client_run(&world.bob);
    expect_eviction(&world.bob, "{\"E\":\"gone\"}");
    assert_int_equal(scenario_metric(&world.scenario, SCENARIO_CONNECTIONS), 1);

    signalr_client_drop(&world.ann);
    scenario_run(&world.scenario);
    expect(&world, "DELETE", PATH(world.ann, "/connections/", "?reason=gone"), NULL, 200, "");
    signalr_client_open(&world.ann, "reconnect");
    signalr_client_run(&world.ann);
    expect_eviction(&world.ann, "{\"E\":\"gone\"}");
    world_deinit(&world);
}

static void
nobody_answers_for_a_connection(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    expect_silence(&world, "PUT", "/groups/g/connections/nobody", 404,
                   "Error.Connection.NotExisted");
    expect_silence(&world, "DELETE", "/groups/g/connections/nobody", 200, "");
    /* It is known, but away: the change waits for it for half a minute, and is there when it comes.
     */
    signalr_client_drop(&world.bob);
    scenario_run(&world.scenario);
    struct fake_client *caller =
        ask(&world, "PUT", PATH(world.bob, "/groups/g/connections/", ""), NULL);
    scenario_advance(&world.scenario, 29 * 1000);
    expect_answer(caller, 0, "");
    scenario_advance(&world.scenario, 6 * 1000);
    expect_answer(caller, 404, "Error.Connection.NotExisted");
    fake_client_free(caller);
    world_deinit(&world);
}

static void
callers_go_away(void **state)
{
    static const char *const requests[][2] = {
        {"POST", "/:send"},
        {"PUT", "/users/ann/groups/g"},
        {"HEAD", "/users/bob"},
        {"HEAD", "/users/ann/groups/g"},
        {"PUT", "/groups/g/connections/nobody"},
        {"DELETE", "/connections/nobody"},
        {"POST", "/:closeConnections"},
    };
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    world.scenario.hosts[0].port->holds_commands = true;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct fake_client *caller =
            ask(&world, requests[i][0], requests[i][1], "{\"target\":\"say\",\"arguments\":[1]}");
        scenario_run(&world.scenario);
        fake_client_free(caller);
    }
    world.scenario.hosts[0].port->holds_commands = false;
    scenario_run(&world.scenario);
    assert_int_equal(scenario_metric(&world.scenario, SCENARIO_CONNECTIONS), 0);
    world_deinit(&world);
}

static void
a_node_that_stops(void **state)
{
    struct world world;

    (void)state;
    world_init(&world, WEB_SOCKETS);
    world.scenario.hosts[0].port->holds_commands = true;
    struct fake_client *caller = ask(&world, "POST", "/:send", "{\"target\":\"say\"}");
    expect_answer(caller, 0, "");
    rest_api_drain(world.api);
    expect(&world, "POST", "/:send", "{\"target\":\"say\"}", 503, "Error.Node.Stopping");
    /* What is under way at the very end is forgotten. */
    fake_client_free(caller);
    world_deinit(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_means_published),
        cmocka_unit_test(what_the_farm_says_instead),
        cmocka_unit_test(groups_of_a_connection),
        cmocka_unit_test(groups_of_a_user_are_complete_from_the_command_on),
        cmocka_unit_test(requests_about_groups_take_their_turn),
        cmocka_unit_test(a_connection_takes_its_turn_after_its_user),
        cmocka_unit_test(a_late_leave_undoes_no_later_join),
        cmocka_unit_test(a_user_leaves_what_it_has_just_joined),
        cmocka_unit_test(a_user_leaves_what_it_joined_between_two_polls),
        cmocka_unit_test(a_user_that_is_opening_a_transport_is_found),
        cmocka_unit_test(a_user_that_is_opening_a_transport_leaves_all),
        cmocka_unit_test(leaving_all_over_and_over),
        cmocka_unit_test(a_user_is_in_a_group_for_a_time),
        cmocka_unit_test(a_user_without_transport_finds_the_group),
        cmocka_unit_test(is_a_user_in_a_group),
        cmocka_unit_test(is_anybody_there),
        cmocka_unit_test(a_slow_farm_is_no_silence),
        cmocka_unit_test(closed_and_told_why),
        cmocka_unit_test(closed_between_two_transports),
        cmocka_unit_test(nobody_answers_for_a_connection),
        cmocka_unit_test(callers_go_away),
        cmocka_unit_test(a_node_that_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
