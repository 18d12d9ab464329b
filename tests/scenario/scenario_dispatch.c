/* SPDX-License-Identifier: MIT */
/* Goal of this test: every request finds its endpoint, and every bad one its exact error. T1-T8,
 * T13, T15-T20, T23, T41. */
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
    scenario_start(&world->scenario, 1);
    signalr_client_init(&world->client, &world->scenario, 0, LONG_POLLING);
    signalr_client_negotiate(&world->client);
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

/* One request and what must come back; ${text} is found in the body unless NULL. */
static void
expect(struct world *world, const char *method, const char *target, const char *form, int status,
       const char *text)
{
    struct buffer body;

    buffer_init(&body, 1024 * 1024);
    int actual = fake_client_fetch(&world->scenario, 0, method, target, form, &body);
    buffer_append_byte(&body, '\0');
    if (actual != status) {
        fail_msg("%s %s: %d instead of %d: %s", method, target, actual, status, body.data);
    }
    if (text != NULL && strstr((const char *)body.data, text) == NULL) {
        fail_msg("%s %s: \"%s\" instead of \"%s\"", method, target, body.data, text);
    }
    buffer_deinit(&body);
}

/* T1 */
static void
suffixes_are_found_in_any_case(void **state)
{
    struct world *world = *state;

    expect(world, "GET", "/signalr/negotiate", NULL, 200, "ConnectionToken");
    expect(world, "GET", "/SignalR/NEGOTIATE", NULL, 200, "ConnectionToken");
    expect(world, "GET", "/signalr/js/negotiate", NULL, 200, "ConnectionToken");
    expect(world, "GET", "/signalr/js/", NULL, 200, "createHubProxies");
    expect(world, "GET", "/signalr/hubs", NULL, 200, "chatHub");
    expect(world, "GET", "/signalr/Hubs/", NULL, 200, "chatHub");
    expect(world, "GET", "/echo2/negotiate", NULL, 404, NULL);
    expect(world, "GET", "/signalrr/negotiate", NULL, 404, NULL);
    expect(world, "GET", "/echo/negotiate", NULL, 200, "\"Url\":\"/echo\"");
    /* Only the script forgives a trailing slash. */
    expect(world, "GET", "/signalr/negotiate/", NULL, 400, "Protocol error: Unknown transport.");
    expect(world, "GET", "/signalr", NULL, 400, "Protocol error: Unknown transport.");
}

/* T2 */
static void
get_and_post_are_the_same(void **state)
{
    struct world *world = *state;

    expect(world, "POST", "/signalr/negotiate", NULL, 200, "ConnectionToken");
    expect(world, "POST", "/signalr/ping", NULL, 200, "pong");
    expect(world, "POST", signalr_client_target(&world->client, "start", false), NULL, 200,
           "started");
    expect(world, "GET", signalr_client_target(&world->client, "connect", false), NULL, 200,
           "\"S\":1");
    expect(world, "GET", signalr_client_target(&world->client, "abort", false), NULL, 200, NULL);
}

/* T3 */
static void
parameter_names_have_any_case(void **state)
{
    struct world *world = *state;
    char target[8192];

    snprintf(target, sizeof(target),
             "/signalr/connect?TRANSPORT=LONGpolling&ConnectionTOKEN=%s&unknown=1&tid=3",
             world->client.token);
    expect(world, "GET", target, NULL, 200, "\"S\":1");
}

/* T3, T4: '+' is a blank, %2B is '+', in the form as in the query, whatever the Content-Type. */
static void
send_decodes_whatever_the_type(void **state)
{
    struct world *world = *state;
    static const char body[] = "data=%7B%22H%22%3A%22chathub%22%2C%22M%22%3A%22Echo%22%2C"
                               "%22A%22%3A%5B%22a+b%2Bc%22%5D%2C%22I%22%3A1%7D";
    char headers[128];
    struct fake_client *client = fake_client_open(&world->scenario, 0, NULL);
    struct fake_response response;

    snprintf(headers, sizeof(headers), "Content-Length: %zu\r\n", strlen(body));
    fake_client_request(client, "GET", signalr_client_target(&world->client, "send", false),
                        headers, NULL);
    fake_client_write(client, bytes_from_string(body));
    scenario_run(&world->scenario);
    fake_client_response(client, &response);
    assert_text(buffer_bytes(&response.body), "{\"R\":\"a b+c\",\"I\":\"1\"}");
    assert_text(fake_response_header(&response, "Content-Type"), "application/json; charset=UTF-8");
    fake_response_deinit(&response);
    fake_client_free(client);
}

/* T6 */
static void
connection_data_is_read_leniently(void **state)
{
    struct world *world = *state;

    expect(world, "GET", "/signalr/negotiate?connectionData=[{\"name\":\"chathub\"}]", NULL, 200,
           "ConnectionToken");
    expect(world, "GET", "/signalr/negotiate?connectionData=[{\"Name\":\"ChatHub\"}]", NULL, 200,
           "ConnectionToken");
    expect(world, "GET", "/signalr/negotiate?connectionData=[]", NULL, 200, "ConnectionToken");
}

/* T7 */
static void
long_request_line(void **state)
{
    struct world *world = *state;
    static char target[16 * 1024 - 100];
    size_t used = (size_t)snprintf(target, sizeof(target), "/signalr/negotiate?filler=");

    memset(target + used, 'x', sizeof(target) - used - 1);
    expect(world, "GET", target, NULL, 200, "ConnectionToken");
}

static void
expect_header(struct world *world, const char *target, const char *name, const char *value)
{
    struct fake_client *client = fake_client_open(&world->scenario, 0, NULL);
    struct fake_response response;

    fake_client_request(client, "GET", target, NULL, NULL);
    scenario_run(&world->scenario);
    fake_client_response(client, &response);
    struct bytes actual = fake_response_header(&response, name);
    if (value == NULL) {
        assert_null(actual.data);
    } else {
        assert_bytes(actual, bytes_from_string(value));
    }
    fake_response_deinit(&response);
    fake_client_free(client);
}

/* T8 */
static void
headers_of_every_response(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;
    static const char json[] = "application/json; charset=UTF-8";

    expect_header(world, "/signalr/negotiate", "X-Content-Type-Options", "nosniff");
    expect_header(world, "/signalr/nothing", "X-Content-Type-Options", "nosniff");
    expect_header(world, "/signalr/negotiate", "Content-Type", json);
    expect_header(world, "/signalr/ping", "Content-Type", json);
    expect_header(world, "/signalr/hubs", "Content-Type", "application/javascript; charset=UTF-8");
    expect_header(world, "/signalr/negotiate", "Cache-Control", "no-cache");
    expect_header(world, signalr_client_target(client, "start", false), "Content-Type", json);
    expect_header(world, signalr_client_target(client, "connect", false), "Content-Type", json);
    expect_header(world, signalr_client_target(client, "abort", false), "Content-Type",
                  "text/plain");
    client->transport = EVENT_STREAM;
    expect_header(world, signalr_client_target(client, "connect", false), "Content-Type",
                  "text/event-stream");
    client->transport = FOREVER_FRAME;
    expect_header(world, signalr_client_target(client, "connect", false), "Content-Type",
                  "text/html; charset=UTF-8");
}

/* T13 */
static void
url_is_the_mount_path(void **state)
{
    struct world *world = *state;

    expect(world, "GET", "/signalr/negotiate", NULL, 200, "\"Url\":\"/signalr\"");
    expect(world, "GET", "/SignalR/negotiate", NULL, 200, "\"Url\":\"/SignalR\"");
}

/* T15, T16 */
static void
transport_and_token_are_needed(void **state)
{
    struct world *world = *state;

    expect(world, "GET", "/signalr/connect?connectionToken=x", NULL, 400,
           "Protocol error: Unknown transport.");
    expect(world, "GET", "/signalr/connect?transport=pigeon&connectionToken=x", NULL, 400,
           "Protocol error: Unknown transport.");
    expect(world, "GET", "/signalr/connect?transport=longPolling", NULL, 400,
           "Protocol error: Missing connection token.");
    expect(world, "GET", "/signalr/connect?transport=longPolling&connectionToken=", NULL, 400,
           "Protocol error: Missing connection token.");
}

/* T17 */
static void
bad_tokens_are_refused(void **state)
{
    static const char text[] = "The ConnectionId is in the incorrect format.";
    struct world *world = *state;
    char target[8192];

    expect(world, "GET", "/signalr/connect?transport=longPolling&connectionToken=junk", NULL, 400,
           text);
    snprintf(target, sizeof(target), "/signalr/send?transport=longPolling&connectionToken=%.*s",
             (int)strlen(world->client.token) - 2, world->client.token);
    expect(world, "POST", target, "data=1", 400, text);
    /* After the farm has changed its secret twice the token is worth nothing. */
    fake_port_set_secrets(world->scenario.hosts[0].port, 77);
    scenario_run(&world->scenario);
    snprintf(target, sizeof(target), "/signalr/connect?transport=longPolling&connectionToken=%s",
             world->client.token);
    expect(world, "GET", target, NULL, 400, text);
}

/* T17 */
static void
groups_token_is_no_connection_token(void **state)
{
    struct world *world = *state;
    struct signalr_client socket;
    char target[8192];

    signalr_client_init(&socket, &world->scenario, 0, WEB_SOCKETS);
    signalr_client_start(&socket);
    signalr_client_call(&socket, "Join", "[\"r1\"]");
    assert_non_null(socket.groups_token);
    snprintf(target, sizeof(target), "/signalr/connect?transport=longPolling&connectionToken=%s",
             socket.groups_token);
    expect(world, "GET", target, NULL, 400, "The ConnectionId is in the incorrect format.");
    signalr_client_deinit(&socket);
}

/* T19 */
static void
plain_request_is_no_websocket(void **state)
{
    struct world *world = *state;
    static const char text[] = "Not a valid web socket request.";

    world->client.transport = WEB_SOCKETS;
    expect(world, "GET", signalr_client_target(&world->client, "connect", false), NULL, 400, text);
    expect(world, "GET", signalr_client_target(&world->client, "send", false), NULL, 400, text);
    expect(world, "GET", signalr_client_target(&world->client, "start", false), NULL, 200,
           "started");
    expect(world, "POST", signalr_client_target(&world->client, "abort", false), NULL, 200, NULL);
}

/* T20 */
static void
unknown_hubs_are_errors(void **state)
{
    struct world *world = *state;

    expect(world, "GET", "/signalr/negotiate?connectionData=[{\"name\":\"nohub\"}]", NULL, 500,
           "'nohub' Hub could not be resolved.");
    expect(world, "GET",
           "/signalr/negotiate?connectionData=[{\"name\":\"chathub\"},{\"name\":\"ChatHub\"}]",
           NULL, 500, "Duplicate Hub names found.");
    expect(world, "GET", "/signalr/negotiate?connectionData=[{", NULL, 500, NULL);
    expect(world, "GET", "/signalr/negotiate?connectionData=[{}]", NULL, 500, NULL);
    expect(world, "GET", "/signalr/negotiate", NULL, 200, "ConnectionToken");
}

/* T23 */
static void
send_needs_an_invocation(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;

    expect(world, "POST", signalr_client_target(client, "send", false), "data={nonsense", 500,
           NULL);
    expect(world, "POST", signalr_client_target(client, "send", false), "other=1", 500, NULL);
    expect(world, "POST", signalr_client_target(client, "send", false),
           "data={\"H\":\"nohub\",\"M\":\"x\",\"I\":0}", 500, NULL);
    expect(world, "POST", signalr_client_target(client, "send", false),
           "data={\"H\":\"chathub\",\"M\":\"nomethod\",\"I\":0}", 200,
           "{\"I\":\"0\",\"E\":\"There was an error invoking Hub method 'chathub.nomethod'.\"}");
}

/* T41 */
static void
ping_needs_nothing(void **state)
{
    expect(*state, "GET", "/signalr/ping", NULL, 200, "{ \"Response\": \"pong\" }");
    expect(*state, "GET", "/echo/ping", NULL, 200, "{ \"Response\": \"pong\" }");
}

static void
bad_encoding_is_an_error(void **state)
{
    expect(*state, "GET", "/signalr/ping?a=%zz", NULL, 400, NULL);
}

/* As long as the HTTP limits allow, which are the operator's. */
static void
long_query_is_answered(void **state)
{
    enum { QUERY_BYTES = 100 * 1000 };
    struct world *world = *state;
    struct buffer target;

    world->scenario.hosts[0].server.limits.line_max_bytes = 2 * QUERY_BYTES;
    buffer_init(&target, 2 * QUERY_BYTES);
    buffer_append_string(&target, signalr_client_target(&world->client, "connect", false));
    buffer_append_string(&target, "&mine=");
    for (int i = 0; i < QUERY_BYTES; i++) {
        buffer_append_byte(&target, 'x');
    }
    buffer_append_byte(&target, '\0');
    expect(world, "GET", (const char *)target.data, NULL, 200, "\"S\":1");
    buffer_deinit(&target);
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(suffixes_are_found_in_any_case),
        ROW(get_and_post_are_the_same),
        ROW(parameter_names_have_any_case),
        ROW(send_decodes_whatever_the_type),
        ROW(connection_data_is_read_leniently),
        ROW(long_request_line),
        ROW(headers_of_every_response),
        ROW(url_is_the_mount_path),
        ROW(transport_and_token_are_needed),
        ROW(bad_tokens_are_refused),
        ROW(groups_token_is_no_connection_token),
        ROW(plain_request_is_no_websocket),
        ROW(unknown_hubs_are_errors),
        ROW(send_needs_an_invocation),
        ROW(ping_needs_nothing),
        ROW(bad_encoding_is_an_error),
        ROW(long_query_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
