/* SPDX-License-Identifier: MIT */
/* Goal of this test: what is particular to each transport. T24, T31-T36. */
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
    *state = world;
    return 0;
}

static void
start(struct world *world, enum signalr_transport transport)
{
    scenario_start(&world->scenario, 1);
    signalr_client_init(&world->client, &world->scenario, 0, transport);
    signalr_client_start(&world->client);
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

/* T31 */
static void
websocket_speaks_no_subprotocol(void **state)
{
    struct world *world = *state;
    struct fake_response response;

    start(world, WEB_SOCKETS);
    fake_client_response(world->client.stream, &response);
    assert_int_equal(response.status, 101);
    assert_null(fake_response_header(&response, "Sec-WebSocket-Protocol").data);
    assert_text(fake_response_header(&response, "Sec-WebSocket-Accept"),
                "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    fake_response_deinit(&response);
}

/* T24 */
static void
garbage_on_a_websocket_is_ignored(void **state)
{
    static const char *const texts[] = {"",
                                        "nonsense",
                                        "{",
                                        "[]",
                                        "{\"M\":\"Send\",\"A\":[]}",
                                        "{\"H\":\"nohub\",\"M\":\"Send\",\"A\":[],\"I\":0}"};
    struct world *world = *state;

    start(world, WEB_SOCKETS);
    size_t before = world->client.texts.length;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        signalr_client_invoke(&world->client, texts[i]);
    }
    assert_int_equal(world->client.texts.length, before);
    signalr_client_call(&world->client, "Echo", "[1]");
    signalr_client_expect_results(&world->client, "{\"R\":1,\"I\":\"0\"}\n");
}

/* T31 */
static void
binary_message_ends_the_websocket(void **state)
{
    struct world *world = *state;

    start(world, WEB_SOCKETS);
    fake_client_frame(world->client.stream, 2, BYTES("binary"));
    scenario_advance(&world->scenario, 300);
    assert_false(signalr_client_is_receiving(&world->client));
    scenario_expect_events(&world->scenario, "connected ChatHub\n");
}

static void
send_text_of(struct world *world, size_t length)
{
    struct buffer text;

    buffer_init(&text, 1024 * 1024);
    buffer_append_string(&text, "{\"H\":\"chathub\",\"M\":\"Echo\",\"A\":[\"");
    while (text.length + strlen("\"],\"I\":7}") < length) {
        buffer_append_byte(&text, 'x');
    }
    buffer_append_string(&text, "\"],\"I\":7}");
    fake_client_frame(world->client.stream, 1, buffer_bytes(&text));
    signalr_client_run(&world->client);
    buffer_deinit(&text);
}

/* T31: 64 KiB in, and as much out; one byte more ends the socket. */
static void
websocket_message_limit(void **state)
{
    struct world *world = *state;

    start(world, WEB_SOCKETS);
    send_text_of(world, 65536);
    assert_in_range(world->client.results.length, 65000, 70000);
    buffer_clear(&world->client.results);
    send_text_of(world, 65537);
    scenario_advance(&world->scenario, 300);
    assert_int_equal(world->client.results.length, 0);
    assert_false(signalr_client_is_receiving(&world->client));
}

/* T31: larger messages go out. */
static void
large_messages_go_out(void **state)
{
    struct world *world = *state;
    static char text[200 * 1024];
    struct buffer value;

    memset(text, 'y', sizeof(text) - 1);
    buffer_init(&value, 1024 * 1024);
    buffer_append_format(&value, "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[1,\"%s\"]}", text);
    buffer_append_byte(&value, '\0');
    start(world, WEB_SOCKETS);
    scenario_publish(&world->scenario, "h-ChatHub", (const char *)value.data);
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:-");
    buffer_deinit(&value);
}

/* T32 */
static void
event_stream_begins_with_initialized(void **state)
{
    struct world *world = *state;
    struct fake_response response;

    start(world, EVENT_STREAM);
    for (int i = 0; i < 2; i++) {
        fake_client_response(world->client.stream, &response);
        assert_text(bytes_slice(buffer_bytes(&response.body), 0, 19), "data: initialized\n\n");
        fake_response_deinit(&response);
        /* The head and "initialized" come before anything the farm has to say. */
        world->scenario.hosts[0].port->holds_commands = true;
        signalr_client_open(&world->client, "reconnect");
    }
    world->scenario.hosts[0].port->holds_commands = false;
    signalr_client_run(&world->client);
    scenario_publish(&world->scenario, "h-ChatHub",
                     "{\"H\":\"ChatHub\",\n\"M\":\"say\",\r\n\"A\":[\"lines\"]}");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:lines");
}

/* T33 */
static void
forever_frame_checks_its_id(void **state)
{
    static const char *const ids[] = {"", "x", "-1", "4294967296", "1;alert(1)", "3'"};
    struct world *world = *state;
    char target[8192];

    start(world, FOREVER_FRAME);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        snprintf(target, sizeof(target),
                 "/signalr/connect?transport=foreverFrame&connectionToken=%s&frameId=%s",
                 world->client.token, ids[i]);
        assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET", target, NULL, NULL), 500);
    }
    snprintf(target, sizeof(target), "/signalr/connect?transport=foreverFrame&connectionToken=%s",
             world->client.token);
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET", target, NULL, NULL), 500);
}

/* T33 */
static void
forever_frame_escapes_html(void **state)
{
    struct world *world = *state;
    struct fake_response response;

    start(world, FOREVER_FRAME);
    scenario_say(&world->scenario, "<script>");
    signalr_client_run(&world->client);
    fake_client_response(world->client.stream, &response);
    buffer_append_byte(&response.body, '\0');
    assert_non_null(strstr((const char *)response.body.data, "getConnection(\"3\")"));
    assert_non_null(strstr((const char *)response.body.data, "\\u003cscript\\u003e"));
    assert_false(response.is_complete);
    fake_response_deinit(&response);
    signalr_client_expect(&world->client, "say:<script>");
    signalr_client_call(&world->client, "Echo", "[\"<b>\"]");
    signalr_client_expect_results(&world->client, "{\"R\":\"\\u003cb\\u003e\",\"I\":\"0\"}\n");
}

/* T34 */
static void
poll_is_held_until_there_is_something(void **state)
{
    struct world *world = *state;
    struct fake_response response;

    start(world, LONG_POLLING);
    size_t envelopes = world->client.envelope_count;
    scenario_advance(&world->scenario, 25 * 1000);
    fake_client_response(world->client.stream, &response);
    assert_int_equal(response.status, 200);
    assert_false(response.is_complete);
    assert_text(buffer_bytes(&response.body), "  ");
    fake_response_deinit(&response);

    /* Several messages of one moment come in one envelope. */
    scenario_say(&world->scenario, "a");
    scenario_say(&world->scenario, "b");
    signalr_client_run(&world->client);
    signalr_client_expect(&world->client, "say:a say:b");
    assert_int_equal(world->client.envelope_count, envelopes + 1);

    /* 110 s of silence end in an envelope with the cursor. */
    scenario_advance(&world->scenario, 116 * 1000);
    signalr_client_run(&world->client);
    assert_int_equal(world->client.envelope_count, envelopes + 2);
    assert_true(signalr_client_is_receiving(&world->client));
    scenario_expect_events(&world->scenario, "connected ChatHub\n");
}

/* T34 */
static void
only_reconnect_raises_the_event_on_polls(void **state)
{
    struct world *world = *state;

    start(world, LONG_POLLING);
    scenario_expect_events(&world->scenario, "connected ChatHub\n");
    signalr_client_open(&world->client, "poll");
    signalr_client_run(&world->client);
    scenario_expect_events(&world->scenario, "");
    size_t envelopes = world->client.envelope_count;
    signalr_client_open(&world->client, "reconnect");
    signalr_client_run(&world->client);
    scenario_expect_events(&world->scenario, "reconnected ChatHub\n");
    /* It is held, not answered. */
    assert_int_equal(world->client.envelope_count, envelopes);
    assert_true(signalr_client_is_receiving(&world->client));
}

/* T36 */
static void
poll_delay_is_told_in_milliseconds(void **state)
{
    struct world *world = *state;

    world->scenario.app.timeouts.long_poll_delay_ms = 1500;
    start(world, LONG_POLLING);
    assert_int_equal(world->client.delay_ms, 1500);
    world->client.delay_ms = 0;
    scenario_say(&world->scenario, "a");
    signalr_client_run(&world->client);
    assert_int_equal(world->client.delay_ms, 1500);
}

static void
fetch(struct world *world, const char *method, const char *target, const char *expected)
{
    struct buffer body;

    buffer_init(&body, 1024 * 1024);
    assert_int_equal(fake_client_fetch(&world->scenario, 0, method, target, NULL, &body), 200);
    if (!bytes_starts_with(buffer_bytes(&body), bytes_from_string(expected))) {
        fail_msg("%.*s does not start with %s", BYTES_PRINTF(buffer_bytes(&body)), expected);
    }
    buffer_deinit(&body);
}

/* T12, T35 */
static void
jsonp_wraps_everything(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;
    struct fake_response response;

    world->scenario.paths[0].allows_jsonp = true;
    start(world, LONG_POLLING);
    client->more = "&callback=my.cb";
    fetch(world, "GET", signalr_client_target(client, "negotiate", false), "my.cb({\"Url\"");
    fetch(world, "GET", signalr_client_target(client, "start", false),
          "my.cb({ \"Response\": \"started\" });");
    fetch(world, "GET", "/signalr/ping?callback=cb", "cb({ \"Response\": \"pong\" });");
    client->more = "&callback=cb&data=%7B%22H%22%3A%22chathub%22%2C%22M%22%3A%22Echo%22%2C"
                   "%22A%22%3A%5B1%5D%2C%22I%22%3A0%7D";
    fetch(world, "GET", signalr_client_target(client, "send", false), "cb({\"R\":1,\"I\":\"0\"});");

    /* A poll: no blanks while it is held, one call at its end. */
    client->more = "&callback=cb";
    struct fake_client *poll = fake_client_open(&world->scenario, 0, NULL);
    fake_client_request(poll, "GET", signalr_client_target(client, "poll", true), NULL, NULL);
    scenario_advance(&world->scenario, 50 * 1000);
    fake_client_response(poll, &response);
    assert_int_equal(response.body.length, 0);
    assert_text(fake_response_header(&response, "Content-Type"),
                "application/javascript; charset=UTF-8");
    fake_response_deinit(&response);
    scenario_say(&world->scenario, "jsonp");
    scenario_run(&world->scenario);
    fake_client_response(poll, &response);
    assert_true(response.is_complete);
    assert_true(bytes_starts_with(buffer_bytes(&response.body), BYTES("cb({\"C\":\"s-0,")));
    fake_response_deinit(&response);
    fake_client_free(poll);
    client->more = NULL;
}

/* T12 */
static void
jsonp_is_off_by_default_and_checked(void **state)
{
    struct world *world = *state;
    struct fake_response response;

    world->scenario.paths[1].allows_jsonp = true;
    start(world, LONG_POLLING);
    struct fake_client *client = fake_client_open(&world->scenario, 0, NULL);
    fake_client_request(client, "GET", "/signalr/negotiate?callback=cb", NULL, NULL);
    scenario_run(&world->scenario);
    fake_client_response(client, &response);
    assert_int_equal(response.status, 403);
    assert_text(response.reason, "Forbidden: JSONP is disabled.");
    assert_int_equal(response.body.length, 0);
    fake_response_deinit(&response);
    fake_client_free(client);
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET",
                                       "/echo/negotiate?callback=alert(1)", NULL, NULL),
                     500);
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET",
                                       "/echo/negotiate?callback=", NULL, NULL),
                     200);
}

/* T34 and issue's bad input: a stopping host answers polls with T:1, closes the others, refuses
 * newcomers. */
static void
draining_host_sends_everyone_on(void **state)
{
    struct world *world = *state;
    struct signalr_client *client = &world->client;
    struct signalr_client others[3];

    start(world, LONG_POLLING);
    for (int i = 0; i < 3; i++) {
        signalr_client_init(&others[i], &world->scenario, 0, (enum signalr_transport)i);
        signalr_client_start(&others[i]);
    }
    signalr_host_drain(world->scenario.hosts[0].host);
    scenario_advance(&world->scenario, 300);
    signalr_client_read(client);
    assert_int_equal(client->reconnect_count, 1);
    for (int i = 0; i < 3; i++) {
        assert_false(signalr_client_is_receiving(&others[i]));
        signalr_client_deinit(&others[i]);
    }
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET", "/signalr/negotiate", NULL,
                                       NULL),
                     503);
    assert_true(signalr_host_is_idle(world->scenario.hosts[0].host));
    scenario_advance(&world->scenario, 60 * 1000);
    scenario_expect_events(&world->scenario, "connected ChatHub\nconnected ChatHub\n"
                                             "connected ChatHub\nconnected ChatHub\n");
}

/* A paused host refuses newcomers, and them only. */
static void
paused_host_keeps_its_clients(void **state)
{
    struct world *world = *state;
    struct scenario_host *host = &world->scenario.hosts[0];

    start(world, WEB_SOCKETS);
    atomic_store(&host->is_paused, true);
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET", "/signalr/negotiate", NULL,
                                       NULL),
                     503);
    signalr_client_drop(&world->client);
    signalr_client_open(&world->client, "/reconnect");
    assert_true(signalr_client_is_receiving(&world->client));
    signalr_client_call(&world->client, "Send", "[\"still here\"]");
    signalr_client_expect(&world->client, "say:still here");
    atomic_store(&host->is_paused, false);
    assert_int_equal(fake_client_fetch(&world->scenario, 0, "GET", "/signalr/negotiate", NULL,
                                       NULL),
                     200);
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(websocket_speaks_no_subprotocol),
        ROW(garbage_on_a_websocket_is_ignored),
        ROW(binary_message_ends_the_websocket),
        ROW(websocket_message_limit),
        ROW(large_messages_go_out),
        ROW(event_stream_begins_with_initialized),
        ROW(forever_frame_checks_its_id),
        ROW(forever_frame_escapes_html),
        ROW(poll_is_held_until_there_is_something),
        ROW(only_reconnect_raises_the_event_on_polls),
        ROW(poll_delay_is_told_in_milliseconds),
        ROW(jsonp_wraps_everything),
        ROW(jsonp_is_off_by_default_and_checked),
        ROW(draining_host_sends_everyone_on),
        ROW(paused_host_keeps_its_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
