/* SPDX-License-Identifier: MIT */
/* Goal of this test: the request that carries a call or event is byte by byte what UPSTREAM.md
 * says, and nothing a client chose can become more than a value in it. */
#include "service/upstream/upstream_request.h"
#include "tests/support/test.h"

static const struct upstream_settings plain = {.url = "http://localhost/hubs/{hub}/{event}"};

static void
assert_request(const struct upstream_settings *settings, const struct hub_call_info *info,
               const char *expected)
{
    struct buffer out;

    buffer_init(&out, 64 * 1024);
    assert_status(upstream_request_append(settings, info, &out), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));
    buffer_deinit(&out);
}

static void
invocation(void **state)
{
    struct hub_call_info info = {
        .event = HUB_INVOCATION,
        .hub = BYTES("ChatHub"),
        .method = BYTES("Send"),
        .arguments = BYTES("[\"hi\",1.0]"),
        .state = BYTES("{\"nick\":\"ann\"}"),
        .connection_id = BYTES("c1"),
        .user = BYTES("ann"),
        .query = BYTES("lang=de"),
        .claims = BYTES("role: admin, team: a"),
        .headers = BYTES("Cookie: a=1\r\n"),
        .token = BYTES("T0ken"),
        .id = BYTES("7"),
    };

    (void)state;
    assert_request(
        &plain, &info,
        "POST /hubs/ChatHub/Send HTTP/1.1\r\n"
        "Host: localhost\r\n"
        "Accept-Encoding: identity\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 91\r\n"
        "X-ASRS-Connection-Id: c1\r\n"
        "X-ASRS-Hub: ChatHub\r\n"
        "X-ASRS-Category: messages\r\n"
        "X-ASRS-Event: Send\r\n"
        "X-ASRS-User-Id: ann\r\n"
        "X-ASRS-User-Claims: role: admin, team: a\r\n"
        "X-ASRS-Client-Query: ?lang=de\r\n"
        "X-Hubplane-Connection-Token: T0ken\r\n"
        "Cookie: a=1\r\n"
        "\r\n"
        "{\"type\":1,\"invocationId\":\"7\",\"target\":\"Send\",\"arguments\":[\"hi\",1.0],"
        "\"state\":{\"nick\":\"ann\"}}");
    info.id = BYTES_NONE;
    info.user = info.query = info.claims = info.headers = info.token = info.state = BYTES("");
    assert_request(&plain, &info,
                   "POST /hubs/ChatHub/Send HTTP/1.1\r\n"
                   "Host: localhost\r\n"
                   "Accept-Encoding: identity\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: 49\r\n"
                   "X-ASRS-Connection-Id: c1\r\n"
                   "X-ASRS-Hub: ChatHub\r\n"
                   "X-ASRS-Category: messages\r\n"
                   "X-ASRS-Event: Send\r\n"
                   "\r\n"
                   "{\"type\":1,\"target\":\"Send\",\"arguments\":[\"hi\",1.0]}");
}

/* The worked example of the reference, with a primary and a secondary key. */
static void
events_and_their_signature(void **state)
{
    const struct upstream_settings settings = {
        .url = "https://web01:8443?c={category}&e={event}",
        .keys = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH", "x"}};
    struct hub_call_info info = {.event = HUB_CONNECTED,
                                 .hub = BYTES("ChatHub"),
                                 .connection_id = BYTES("dGVzdENvbm5lY3Rpb24")};

    (void)state;
    assert_request(&settings, &info,
                   "POST /?c=connections&e=connected HTTP/1.1\r\n"
                   "Host: web01:8443\r\n"
                   "Accept-Encoding: identity\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: 11\r\n"
                   "X-ASRS-Connection-Id: dGVzdENvbm5lY3Rpb24\r\n"
                   "X-ASRS-Hub: ChatHub\r\n"
                   "X-ASRS-Category: connections\r\n"
                   "X-ASRS-Event: connected\r\n"
                   "X-ASRS-Signature: "
                   "sha256=8c805150d80f418ff37fc98db59c537c219827afe4a1743e83d396ce4e4fc3b6,"
                   "sha256=180079bd9a6750972d3716ee67de7d8371b8bd8c7ec2bf961e1976b33d9c7eb2\r\n"
                   "\r\n"
                   "{\"type\":10}");
}

static void
nothing_a_client_chose_ends_a_line(void **state)
{
    const struct upstream_settings settings = {.url = "http://a/{event}"};
    struct hub_call_info info = {.event = HUB_INVOCATION,
                                 .hub = BYTES("H"),
                                 .method = BYTES("a/b?c\r\nX: \xC3\xA9"),
                                 .arguments = BYTES("[]"),
                                 .connection_id = BYTES("c"),
                                 .user = BYTES("a\r\nX-ASRS-Hub: x\x7F")};

    (void)state;
    assert_request(&settings, &info,
                   "POST /a%2Fb%3Fc%0D%0AX%3A%20%C3%A9 HTTP/1.1\r\n"
                   "Host: a\r\n"
                   "Accept-Encoding: identity\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: 51\r\n"
                   "X-ASRS-Connection-Id: c\r\n"
                   "X-ASRS-Hub: H\r\n"
                   "X-ASRS-Category: messages\r\n"
                   "X-ASRS-Event: a/b?c%0D%0AX: \xC3\xA9\r\n"
                   "X-ASRS-User-Id: a%0D%0AX-ASRS-Hub: x%7F\r\n"
                   "\r\n"
                   "{\"type\":1,\"target\":\"a/b?c\\r\\nX: \xC3\xA9\",\"arguments\":[]}");
}

static void
methods_that_are_not_asked_for(void **state)
{
    struct buffer longest;

    (void)state;
    assert_true(upstream_request_allows_method(BYTES("Send")));
    assert_true(upstream_request_allows_method(BYTES(".a")));
    assert_true(upstream_request_allows_method(BYTES("connected2")));
    assert_false(upstream_request_allows_method(BYTES("")));
    assert_false(upstream_request_allows_method(BYTES("..")));
    assert_false(upstream_request_allows_method(BYTES("Connected")));
    assert_false(upstream_request_allows_method(BYTES("DISCONNECTED")));
    buffer_init(&longest, 300);
    for (int i = 0; i < 256; i++) {
        buffer_append_byte(&longest, 'm');
    }
    assert_true(upstream_request_allows_method(buffer_bytes(&longest)));
    buffer_append_byte(&longest, 'm');
    assert_false(upstream_request_allows_method(buffer_bytes(&longest)));
    buffer_deinit(&longest);
}

static void
urls_that_may_be_configured(void **state)
{
    static const char *const good[] = {"http://localhost", "HTTPS://web01:8443/a?b={event}",
                                       "http://[::1]:80/{hub}/{category}/{Event}"};
    static const char *const bad[] = {"localhost/hubs", "ftp://a/b",       "http:///a",
                                      "http://a:0/",    "http://a:x/",     "http://a:65536/",
                                      "http://{hub}/a", "http://a/{name}", "http://a/{event",
                                      "http://a/b c",   "http://a/#b",     "http://me@a/",
                                      "http://[::1/",   "http://a/}"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(upstream_settings_url_is_valid(bytes_from_string(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(upstream_settings_url_is_valid(bytes_from_string(bad[i])));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invocation),
        cmocka_unit_test(events_and_their_signature),
        cmocka_unit_test(nothing_a_client_chose_ends_a_line),
        cmocka_unit_test(methods_that_are_not_asked_for),
        cmocka_unit_test(urls_that_may_be_configured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
