/* SPDX-License-Identifier: MIT */
/* Goal of this test: who asks, and from which page. T9-T11, T18, T22, CORS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/signalr_client.h"

static int
status_of(struct scenario *scenario, const char *address, const char *target, const char *headers)
{
    struct fake_client *client = fake_client_open(scenario, 0, address);
    struct fake_response response;

    fake_client_request(client, "GET", target, headers, NULL);
    scenario_run(scenario);
    fake_client_response(client, &response);
    int status = response.status;
    fake_response_deinit(&response);
    fake_client_free(client);
    return status;
}

/* T18 */
static void
user_from_the_query(void **state)
{
    (void)state;
    struct scenario scenario;
    struct signalr_client client;

    scenario_init(&scenario);
    scenario.app.user_source = APP_USER_QUERY;
    scenario.app.user_name = "user";
    scenario_start(&scenario, 1);
    signalr_client_init(&client, &scenario, 0, LONG_POLLING);
    client.more = "&user=dom%3Aann";
    signalr_client_negotiate(&client);
    assert_int_equal(status_of(&scenario, NULL, signalr_client_target(&client, "start", false),
                               NULL),
                     200);
    client.more = "&user=DOM%3AAnn";
    assert_int_equal(status_of(&scenario, NULL, signalr_client_target(&client, "start", false),
                               NULL),
                     200);
    client.more = "&user=bob";
    assert_int_equal(status_of(&scenario, NULL, signalr_client_target(&client, "start", false),
                               NULL),
                     403);
    assert_int_equal(status_of(&scenario, NULL, signalr_client_target(&client, "abort", false),
                               NULL),
                     403);
    client.more = NULL;
    struct buffer body;
    buffer_init(&body, 4096);
    assert_int_equal(fake_client_fetch(&scenario, 0, "GET",
                                       signalr_client_target(&client, "connect", false), NULL,
                                       &body),
                     403);
    assert_text(buffer_bytes(&body), "Unrecognized user identity.  The user identity cannot "
                                     "change during an active SignalR connection.");
    buffer_deinit(&body);
    signalr_client_deinit(&client);
    scenario_deinit(&scenario);
}

/* A header counts only when a trusted proxy says it. */
static void
user_from_a_header(void **state)
{
    (void)state;
    struct scenario scenario;
    struct signalr_client client;

    scenario_init(&scenario);
    scenario.app.user_source = APP_USER_HEADER;
    scenario.app.user_name = "X-User";
    scenario_start(&scenario, 1);
    signalr_client_init(&client, &scenario, 0, LONG_POLLING);
    signalr_client_negotiate(&client); /* anonymous */
    const char *target = signalr_client_target(&client, "start", false);
    assert_int_equal(status_of(&scenario, NULL, target, "X-User: ann\r\n"), 200);
    assert_int_equal(status_of(&scenario, "198.51.100.7:1234", target, "X-User: ann\r\n"), 403);
    assert_int_equal(status_of(&scenario, "198.51.100.7:1234", target, NULL), 200);
    signalr_client_deinit(&client);
    scenario_deinit(&scenario);
}

static void
expect_member(struct scenario *scenario, const char *target, const char *text, bool is_there)
{
    struct buffer body;

    buffer_init(&body, 64 * 1024);
    assert_int_equal(fake_client_fetch(scenario, 0, "GET", target, NULL, &body), 200);
    buffer_append_byte(&body, '\0');
    if ((strstr((const char *)body.data, text) != NULL) != is_there) {
        fail_msg("%s %s %s", body.data, is_there ? "lacks" : "has", text);
    }
    buffer_deinit(&body);
}

/* T9, T10, T11 */
static void
negotiate_answers_what_clients_need(void **state)
{
    (void)state;
    static const char *const members[] = {"\"Url\":\"/signalr\"",
                                          "\"ConnectionToken\":\"",
                                          "\"ConnectionId\":\"",
                                          "\"KeepAliveTimeout\":20.0",
                                          "\"DisconnectTimeout\":30.0",
                                          "\"ConnectionTimeout\":110.0",
                                          "\"TryWebSockets\":true",
                                          "\"ProtocolVersion\":\"1.2\"",
                                          "\"TransportConnectTimeout\":5.0",
                                          "\"LongPollDelay\":0.0"};
    static const char *const versions[][2] = {{"1.2", "1.2"}, {"1.3", "1.3"}, {"1.4", "1.4"},
                                              {"1.5", "1.5"}, {"2.0", "2.0"}, {"2.1", "2.0"},
                                              {"0.9", "1.2"}, {"9.9", "2.0"}, {"abc", "1.2"},
                                              {"1337", "1.2"}};
    struct scenario scenario;
    char target[128], expected[64];

    scenario_init(&scenario);
    scenario_start(&scenario, 1);
    for (size_t i = 0; i < 10; i++) {
        expect_member(&scenario, "/signalr/negotiate", members[i], true);
        snprintf(target, sizeof(target), "/signalr/negotiate?clientProtocol=%s", versions[i][0]);
        snprintf(expected, sizeof(expected), "\"ProtocolVersion\":\"%s\"", versions[i][1]);
        expect_member(&scenario, target, expected, true);
    }
    expect_member(&scenario, "/signalr/negotiate", "availableTransports", false);
    scenario.app.timeouts.keep_alive_ms = 0;
    expect_member(&scenario, "/signalr/negotiate", "\"KeepAliveTimeout\":null", true);
    scenario_deinit(&scenario);
}

/* T22 */
static void
bad_groups_tokens_mean_no_groups(void **state)
{
    (void)state;
    static const char *const tokens[] = {"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                         "%"};
    struct scenario scenario;
    struct signalr_client client;

    scenario_init(&scenario);
    scenario_start(&scenario, 1);
    signalr_client_init(&client, &scenario, 0, WEB_SOCKETS);
    signalr_client_start(&client);
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        free(client.groups_token);
        client.groups_token = bytes_duplicate(bytes_from_string(tokens[i]));
        signalr_client_open(&client, "reconnect");
        signalr_client_run(&client);
        assert_true(signalr_client_is_receiving(&client));
    }
    signalr_client_deinit(&client);
    scenario_deinit(&scenario);
}

static void
expect_cors(struct scenario *scenario, const char *origin, const char *allowed)
{
    struct fake_client *client = fake_client_open(scenario, 0, NULL);
    struct fake_response response;
    char headers[128];

    snprintf(headers, sizeof(headers), "Origin: %s\r\n", origin);
    fake_client_request(client, "GET", "/signalr/negotiate", headers, NULL);
    scenario_run(scenario);
    fake_client_response(client, &response);
    assert_int_equal(response.status, 200);
    struct bytes actual = fake_response_header(&response, "Access-Control-Allow-Origin");
    if (allowed == NULL) {
        assert_null(actual.data);
    } else {
        assert_bytes(actual, bytes_from_string(allowed));
        assert_text(fake_response_header(&response, "Access-Control-Allow-Credentials"), "true");
        assert_text(fake_response_header(&response, "Vary"), "Origin");
    }
    fake_response_deinit(&response);
    fake_client_free(client);
}

static void
cross_origin_requests(void **state)
{
    (void)state;
    static const char *const origins[] = {"https://good.example"};
    struct scenario scenario;
    struct fake_response response;

    scenario_init(&scenario);
    scenario_start(&scenario, 1);
    expect_cors(&scenario, "https://good.example", NULL);
    scenario.app.origins = origins;
    scenario.app.origin_count = 1;
    expect_cors(&scenario, "https://good.example", "https://good.example");
    expect_cors(&scenario, "https://bad.example", NULL);

    struct fake_client *client = fake_client_open(&scenario, 0, NULL);
    fake_client_request(client, "OPTIONS", "/signalr/negotiate",
                        "Origin: https://good.example\r\n"
                        "Access-Control-Request-Method: POST\r\n"
                        "Access-Control-Request-Headers: content-type, authorization\r\n",
                        NULL);
    scenario_run(&scenario);
    fake_client_response(client, &response);
    assert_int_equal(response.status, 204);
    assert_text(fake_response_header(&response, "Access-Control-Allow-Headers"),
                "content-type, authorization");
    assert_text(fake_response_header(&response, "Access-Control-Allow-Methods"),
                "GET, POST, OPTIONS");
    fake_response_deinit(&response);
    fake_client_free(client);
    scenario_deinit(&scenario);
}

/* A browser would let any page open a WebSocket. */
static void
websocket_origins(void **state)
{
    (void)state;
    static const char *const origins[] = {"https://good.example"};
    static const char upgrade[] = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ";
    static const struct {
        const char *origin;
        int status;
    } cases[] = {{"https://good.example", 101},
                 {"https://bad.example", 403},
                 {"http://web01", 101},
                 {"http://web01.bad.example", 403},
                 {"null", 403}};
    struct scenario scenario;
    struct signalr_client client;
    char headers[512];

    scenario_init(&scenario);
    scenario.app.origins = origins;
    scenario.app.origin_count = 1;
    scenario_start(&scenario, 1);
    signalr_client_init(&client, &scenario, 0, WEB_SOCKETS);
    signalr_client_negotiate(&client);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(headers, sizeof(headers), "%s%s\r\n", upgrade, cases[i].origin);
        assert_int_equal(status_of(&scenario, NULL,
                                   signalr_client_target(&client, "connect", false), headers),
                         cases[i].status);
    }
    signalr_client_deinit(&client);
    scenario_deinit(&scenario);
}

/* Raw connections: their own path, topics, groups and values. */
static void
raw_connections(void **state)
{
    (void)state;
    struct scenario scenario;
    struct signalr_client ann, bob;

    scenario_init(&scenario);
    probe_hub_rule(&scenario.raw_probe, "@connected", "join(\"room\")");
    scenario_start(&scenario, 2);
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        signalr_client_init(&ann, &scenario, 0, (enum signalr_transport)transport);
        signalr_client_init(&bob, &scenario, 1, (enum signalr_transport)transport);
        ann.path = bob.path = "/echo";
        ann.hubs = bob.hubs = NULL;
        signalr_client_start(&ann);
        signalr_client_start(&bob);
        assert_int_equal(ann.groups_count, 1);
        assert_int_equal(signalr_client_invoke(&ann, "hello {raw}"), 200);
        signalr_client_run(&bob);
        assert_text(buffer_bytes(&ann.messages), "\"hello {raw}\"\n");
        assert_text(buffer_bytes(&bob.messages), "\"hello {raw}\"\n");
        buffer_clear(&ann.messages);
        scenario_publish(&scenario, "pcg-My.Echo.room", "{\"x\":1}");
        signalr_client_run(&ann);
        assert_text(buffer_bytes(&ann.messages), "{\"x\":1}\n");
        /* Groups come back with the token. */
        signalr_client_drop(&ann);
        scenario_publish(&scenario, "pcg-My.Echo.room", "2");
        buffer_clear(&ann.messages);
        ann.host = 1;
        signalr_client_open(&ann, "reconnect");
        signalr_client_run(&ann);
        assert_text(buffer_bytes(&ann.messages), "2\n");
        signalr_client_expect_results(&ann, "");
        signalr_client_abort(&ann);
        signalr_client_abort(&bob);
        signalr_client_deinit(&ann);
        signalr_client_deinit(&bob);
    }
    scenario_deinit(&scenario);
}

static int
negotiate_from(struct scenario *scenario, const char *address, const char *headers)
{
    return status_of(scenario, address, "/signalr/negotiate", headers);
}

/* Who asks too often waits, and nobody else does; behind a proxy of ours the client counts. */
static void
an_address_that_asks_too_often(void **state)
{
    (void)state;
    struct scenario scenario;
    struct fake_response response;

    scenario_init(&scenario);
    scenario.limits.negotiates_max = 2;
    scenario_start(&scenario, 1);
    assert_int_equal(negotiate_from(&scenario, "192.0.2.1:1000", NULL), 200);
    assert_int_equal(negotiate_from(&scenario, "192.0.2.1:1001", NULL), 200);
    struct fake_client *client = fake_client_open(&scenario, 0, "192.0.2.1:1002");
    fake_client_request(client, "GET", "/signalr/negotiate", NULL, NULL);
    scenario_run(&scenario);
    fake_client_response(client, &response);
    assert_int_equal(response.status, 429);
    assert_text(fake_response_header(&response, "Retry-After"), "30");
    fake_response_deinit(&response);
    fake_client_free(client);
    assert_int_equal(scenario_metric(&scenario, SCENARIO_LIMITED_RATE), 1);

    assert_int_equal(status_of(&scenario, "192.0.2.1:1003", "/signalr/ping", NULL), 200);
    assert_int_equal(negotiate_from(&scenario, "192.0.2.2:1000", NULL), 200);
    /* Only a trusted proxy may say for whom it asks. */
    assert_int_equal(negotiate_from(&scenario, "192.0.2.1:1004", "X-Forwarded-For: 192.0.2.77\r\n"),
                     429);
    for (int i = 0; i < 3; i++) {
        char header[64];
        snprintf(header, sizeof(header), "X-Forwarded-For: 192.0.2.%d\r\n", 10 + i);
        assert_int_equal(negotiate_from(&scenario, "198.51.100.7:1000", header), 200);
    }
    assert_int_equal(negotiate_from(&scenario, "198.51.100.7:1000",
                                    "X-Forwarded-For: 192.0.2.1\r\n"),
                     429);
    scenario_advance(&scenario, 30000);
    assert_int_equal(negotiate_from(&scenario, "192.0.2.1:1005", NULL), 200);
    scenario_deinit(&scenario);
}

/* Open a transport of ${client}, from the address that a proxy of ours names. */
static int
connect_for(struct scenario *scenario, size_t host, const char *address, const char *suffix,
            struct signalr_client *client)
{
    char header[80];

    snprintf(header, sizeof(header), "X-Forwarded-For: %s\r\n", address);
    client->stream = fake_client_open(scenario, host, "198.51.100.7:1000");
    fake_client_request(client->stream, "GET", signalr_client_target(client, suffix, false), header,
                        NULL);
    scenario_run(scenario);
    struct fake_response response;
    fake_client_response(client->stream, &response);
    int status = response.status;
    if (status == 429) {
        assert_text(fake_response_header(&response, "Retry-After"), "5");
    }
    fake_response_deinit(&response);
    return status;
}

/* An address holds so many connections on a node, whatever the worker; a proxy of ours is no
 * client, a network of IPv6 is one; who moves to another worker is not one too many. */
static void
an_address_with_too_many_connections(void **state)
{
    (void)state;
    static const char *const addresses[] = {"192.0.2.1", "192.0.2.1", "2001:db8::1", "192.0.2.1"};
    struct signalr_client clients[4];
    struct scenario scenario;

    scenario_init(&scenario);
    scenario.shares_node = true;
    scenario.limits.address_connections_max = 2;
    scenario_start(&scenario, 2);
    for (size_t i = 0; i < 4; i++) {
        signalr_client_init(&clients[i], &scenario, 0, EVENT_STREAM);
        signalr_client_negotiate(&clients[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(connect_for(&scenario, i % 2, addresses[i], "connect", &clients[i]),
                         i < 3 ? 200 : 429);
    }
    assert_int_equal(scenario_metric(&scenario, SCENARIO_LIMITED_CONNECTIONS), 1);
    assert_int_equal(negotiate_from(&scenario, "198.51.100.7:1", "X-Forwarded-For: 192.0.2.1\r\n"),
                     429);
    assert_int_equal(negotiate_from(&scenario, "198.51.100.7:1", "X-Forwarded-For: ::2\r\n"), 200);

    signalr_client_drop(&clients[0]);
    assert_int_equal(connect_for(&scenario, 1, "192.0.2.1", "reconnect", &clients[0]), 200);
    scenario_run(&scenario);
    signalr_client_drop(&clients[3]);
    assert_int_equal(connect_for(&scenario, 0, "192.0.2.1", "connect", &clients[3]), 429);
    /* Who has gone for good makes room. */
    signalr_client_abort(&clients[1]);
    signalr_client_drop(&clients[3]);
    assert_int_equal(connect_for(&scenario, 0, "192.0.2.1", "connect", &clients[3]), 200);
    for (size_t i = 0; i < 4; i++) {
        signalr_client_deinit(&clients[i]);
    }
    scenario_deinit(&scenario);
}

/* A node that is full still serves those it has, whichever worker their requests reach. */
static void
a_full_node_serves_whom_it_has(void **state)
{
    (void)state;
    struct signalr_client client, other;
    struct scenario scenario;

    scenario_init(&scenario);
    scenario.shares_node = true;
    scenario.limits.connections_max = 1;
    scenario_start(&scenario, 2);
    signalr_client_init(&client, &scenario, 0, LONG_POLLING);
    signalr_client_start(&client);
    signalr_client_init(&other, &scenario, 0, LONG_POLLING);
    signalr_client_negotiate(&other);
    for (size_t i = 1; i <= 4; i++) {
        signalr_client_drop(&client);
        client.host = i % 2;
        signalr_client_open(&client, "poll");
        assert_int_equal(connect_for(&scenario, i % 2, "192.0.2.1", "connect", &other), 503);
        signalr_client_drop(&other);
        scenario_say(&scenario, "still here");
        signalr_client_run(&client);
        signalr_client_expect(&client, "say:still here");
    }
    assert_int_equal(scenario_metric(&scenario, SCENARIO_REFUSED), 4);
    signalr_client_deinit(&client);
    signalr_client_deinit(&other);
    scenario_deinit(&scenario);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_from_the_query),
        cmocka_unit_test(user_from_a_header),
        cmocka_unit_test(negotiate_answers_what_clients_need),
        cmocka_unit_test(bad_groups_tokens_mean_no_groups),
        cmocka_unit_test(cross_origin_requests),
        cmocka_unit_test(an_address_that_asks_too_often),
        cmocka_unit_test(an_address_with_too_many_connections),
        cmocka_unit_test(a_full_node_serves_whom_it_has),
        cmocka_unit_test(websocket_origins),
        cmocka_unit_test(raw_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
