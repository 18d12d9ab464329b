/* SPDX-License-Identifier: MIT */
/* Goal of this test: the negotiate body has the ten fields that clients read, as they read them
 * (T9, T10, T13, T14, T41). */
#include "service/signalr/negotiate.h"
#include "tests/support/test.h"

static void
assert_body(const struct negotiate *negotiate, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 1000);
    assert_status(negotiate_append(&out, negotiate), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));
    buffer_deinit(&out);
}

static void
all_ten_fields_are_there(void **state)
{
    struct protocol_version version = protocol_version_resolve(BYTES("2.1"));
    struct negotiate negotiate = {
        .url = BYTES("/signalr"),
        .connection_token = BYTES("TkN-1_2"),
        .connection_id = BYTES("d1f3a3a0-7a3e-4c55-9d1e-2f8c0b6c9e11"),
        .keepalive_ms = 10000,
        .disconnect_ms = 30000,
        .connection_timeout_ms = 110000,
        .try_websockets = true,
        .version = &version,
        .transport_connect_timeout_ms = 5000,
        .long_poll_delay_ms = 0,
    };

    (void)state;
    assert_body(
        &negotiate,
        "{\"Url\":\"/signalr\",\"ConnectionToken\":\"TkN-1_2\","
        "\"ConnectionId\":\"d1f3a3a0-7a3e-4c55-9d1e-2f8c0b6c9e11\",\"KeepAliveTimeout\":20.0,"
        "\"DisconnectTimeout\":30.0,\"ConnectionTimeout\":110.0,\"TryWebSockets\":true,"
        "\"ProtocolVersion\":\"2.0\",\"TransportConnectTimeout\":5.0,\"LongPollDelay\":0.0}");
}

static void
times_are_seconds_and_may_be_off(void **state)
{
    struct protocol_version version = protocol_version_resolve(BYTES("1.3"));
    struct negotiate negotiate = {
        .url = BYTES("/a\"b\xC3\xBC"),
        .connection_token = BYTES("t"),
        .connection_id = BYTES("i"),
        .keepalive_ms = 0,
        .disconnect_ms = 6500,
        .connection_timeout_ms = 1001,
        .version = &version,
        .transport_connect_timeout_ms = 50,
        .long_poll_delay_ms = 120,
    };

    (void)state;
    assert_body(
        &negotiate,
        "{\"Url\":\"/a\\\"b\xC3\xBC\",\"ConnectionToken\":\"t\",\"ConnectionId\":\"i\","
        "\"KeepAliveTimeout\":null,\"DisconnectTimeout\":6.5,\"ConnectionTimeout\":1.001,"
        "\"TryWebSockets\":false,\"ProtocolVersion\":\"1.3\",\"TransportConnectTimeout\":0.05,"
        "\"LongPollDelay\":0.12}");
}

static void
assert_url(const char *path, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 100);
    assert_status(negotiate_append_url(&out, bytes_from_string(path)), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));
    buffer_deinit(&out);
}

static void
the_url_is_the_path_without_negotiate(void **state)
{
    (void)state;
    assert_url("/signalr/negotiate", "/signalr");
    assert_url("/signalr/js/negotiate", "/signalr/js");
    assert_url("/negotiate/x/negotiate", "/x");
    assert_url("/signalr/Negotiate", "/signalr/Negotiate");
    assert_url("/negotiate", "");
}

static void
other_answers_are_short(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    negotiate_append_redirect(&out, BYTES("https://edge.example.com/client?hub=chat"),
                              BYTES("eyJ"));
    assert_text(buffer_bytes(&out),
                "{\"ProtocolVersion\":\"2.0\",\"RedirectUrl\":"
                "\"https://edge.example.com/client?hub=chat\",\"AccessToken\":\"eyJ\"}");
    buffer_clear(&out);
    negotiate_append_redirect(&out, BYTES("/x"), BYTES(""));
    assert_text(buffer_bytes(&out), "{\"ProtocolVersion\":\"2.0\",\"RedirectUrl\":\"/x\"}");
    buffer_clear(&out);
    negotiate_append_error(&out, BYTES("Tenant is disabled"));
    assert_text(buffer_bytes(&out),
                "{\"ProtocolVersion\":\"2.0\",\"Error\":\"Tenant is disabled\"}");
    buffer_deinit(&out);
    assert_string_equal(NEGOTIATE_STARTED_BODY, "{ \"Response\": \"started\" }");
    assert_string_equal(NEGOTIATE_PONG_BODY, "{ \"Response\": \"pong\" }");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ten_fields_are_there),
        cmocka_unit_test(times_are_seconds_and_may_be_off),
        cmocka_unit_test(the_url_is_the_path_without_negotiate),
        cmocka_unit_test(other_answers_are_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
