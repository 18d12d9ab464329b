/* SPDX-License-Identifier: MIT */
/* Goal of this test: invocations of both clients are read, their arguments byte for byte; bad ones
 * are refused (T23, T24, T53, T55, T56, T59). */
#include "service/signalr/hub_message.h"
#include "tests/support/test.h"

static void
parse(struct bytes text, struct hub_message *message)
{
    assert_status(hub_message_parse(text, message), STATUS_OK);
}

static void
the_javascript_client_is_understood(void **state)
{
    struct hub_message message;

    (void)state;
    parse(BYTES("{\"H\":\"chathub\",\"M\":\"Send\",\"A\":[\"bob\",{\"x\":1}],\"I\":0,\"S\":{"
                "\"nick\":\"bob\"}}"),
          &message);
    assert_text(message.hub, "chathub");
    assert_text(message.method, "Send");
    assert_text(message.id, "0");
    assert_text(message.arguments, "[\"bob\",{\"x\":1}]");
    assert_int_equal(message.argument_count, 2);
    assert_text(message.state, "{\"nick\":\"bob\"}");
    assert_false(message.is_too_deep);
    hub_message_deinit(&message);
}

static void
names_and_ids_are_flexible(void **state)
{
    struct hub_message message;

    (void)state;
    parse(BYTES(" { \"i\" : \"7|a\" , \"m\":\"S\\u0065nd\", \"x\":{\"H\":1}, \"hub\":2, "
                "\"h\":\"Chat\" } "),
          &message);
    assert_text(message.hub, "Chat");
    assert_text(message.method, "Send");
    assert_text(message.id, "7|a");
    assert_text(message.arguments, "[]");
    assert_int_equal(message.argument_count, 0);
    assert_int_equal(message.state.length, 0);
    hub_message_deinit(&message);
}

static void
null_is_absent_and_the_last_wins(void **state)
{
    struct hub_message message;

    (void)state;
    parse(BYTES("{\"H\":\"a\",\"A\":[1],\"A\":[2,3],\"H\":\"b\",\"M\":null,\"I\":null,\"S\":null}"),
          &message);
    assert_text(message.hub, "b");
    assert_int_equal(message.method.length, 0);
    assert_null(message.id.data);
    assert_text(message.arguments, "[2,3]");
    assert_int_equal(message.argument_count, 2);
    assert_int_equal(message.state.length, 0);
    hub_message_deinit(&message);
    parse(BYTES("{\"H\":\"a\",\"I\":\"\"}"), &message);
    assert_non_null(message.id.data);
    assert_int_equal(message.id.length, 0);
    hub_message_deinit(&message);
}

static void
values_survive_byte_for_byte(void **state)
{
    struct hub_message message;

    (void)state;
    parse(BYTES("{\"H\":\"h\",\"M\":\"m\",\"A\":[12345678901234567890,1.0,20.0,1E+2,\"\\/"
                "\\u00e9\xC3\xA9\", 1e999 ],\"I\":1.50}"),
          &message);
    assert_text(message.arguments,
                "[12345678901234567890,1.0,20.0,1E+2,\"\\/\\u00e9\xC3\xA9\", 1e999 ]");
    assert_int_equal(message.argument_count, 6);
    assert_text(message.id, "1.50");
    hub_message_deinit(&message);
}

static void
bad_invocations_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "garbage",
        "{}",
        "[]",
        "null",
        "1",
        "{\"M\":\"Send\"}",
        "{\"H\":1,\"M\":\"Send\"}",
        "{\"H\":null,\"M\":\"Send\"}",
        "{\"H\":\"h\",\"M\":1}",
        "{\"H\":\"h\",\"M\":\"m\",\"A\":{}}",
        "{\"H\":\"h\",\"M\":\"m\",\"A\":\"x\"}",
        "{\"H\":\"h\",\"M\":\"m\",\"I\":true}",
        "{\"H\":\"h\",\"M\":\"m\",\"I\":[]}",
        "{\"H\":\"h\",\"M\":\"m\",\"S\":[]}",
        "{\"H\":\"h\",\"M\":\"m\",\"S\":\"x\"}",
        "{\"H\":\"h\",\"M\":\"m\"",
        "{\"H\":\"h\xFF\",\"M\":\"m\"}",
        "{\"H\":\"\\ud800\",\"M\":\"m\"}",
        "{\"H\":\"h\"} {\"H\":\"h\"}",
    };
    struct hub_message message;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_status(hub_message_parse(bytes_from_string(texts[i]), &message), STATUS_INVALID);
    }
    assert_status(hub_message_parse(BYTES_NONE, &message), STATUS_INVALID);
}

/* {"H":"h",<member>:[[[...1...]]]} with that many brackets of each kind. */
static struct bytes
nested(struct buffer *out, const char *head, int depth, char open, char close)
{
    buffer_init(out, 10000);
    buffer_append_string(out, head);
    for (int i = 0; i < depth; i++) {
        buffer_append_byte(out, (uint8_t)open);
        if (open == '{') {
            buffer_append_string(out, "\"a\":");
        }
    }
    buffer_append_string(out, "1");
    for (int i = 0; i < depth; i++) {
        buffer_append_byte(out, (uint8_t)close);
    }
    return buffer_bytes(out);
}

static void
depth_is_limited(void **state)
{
    struct hub_message message;
    struct buffer text;

    (void)state;
    nested(&text, "{\"H\":\"h\",\"I\":5,\"A\":[", HUB_MESSAGE_DEPTH_MAX, '[', ']');
    buffer_append_string(&text, "]}");
    parse(buffer_bytes(&text), &message);
    assert_false(message.is_too_deep);
    hub_message_deinit(&message);
    buffer_deinit(&text);

    nested(&text, "{\"H\":\"h\",\"I\":5,\"A\":[", HUB_MESSAGE_DEPTH_MAX + 1, '[', ']');
    buffer_append_string(&text, "]}");
    parse(buffer_bytes(&text), &message);
    assert_true(message.is_too_deep);
    assert_text(message.id, "5");
    hub_message_deinit(&message);
    buffer_deinit(&text);

    nested(&text, "{\"H\":\"h\",\"S\":", HUB_MESSAGE_DEPTH_MAX, '{', '}');
    buffer_append_string(&text, "}");
    parse(buffer_bytes(&text), &message);
    hub_message_deinit(&message);
    buffer_deinit(&text);

    nested(&text, "{\"H\":\"h\",\"S\":", HUB_MESSAGE_DEPTH_MAX + 1, '{', '}');
    buffer_append_string(&text, "}");
    assert_status(hub_message_parse(buffer_bytes(&text), &message), STATUS_LIMIT);
    buffer_deinit(&text);
}

/* An invocation whose state is ${chars} characters of JSON text, most of them ${filler}. */
static enum status
parse_state(size_t chars, const char *filler)
{
    struct hub_message message;
    struct buffer text;
    enum status status;

    buffer_init(&text, 100000);
    buffer_append_string(&text, "{\"H\":\"h\",\"S\":{\"a\":\"");
    for (size_t i = 8; i < chars; i++) {
        buffer_append_string(&text, filler);
    }
    buffer_append_string(&text, "\"}}");
    status = hub_message_parse(buffer_bytes(&text), &message);
    if (status == STATUS_OK) {
        hub_message_deinit(&message);
    }
    buffer_deinit(&text);
    return status;
}

static void
state_is_limited_in_characters(void **state)
{
    (void)state;
    assert_status(parse_state(4096, "x"), STATUS_OK);
    assert_status(parse_state(4097, "x"), STATUS_LIMIT);
    assert_status(parse_state(4096, "\xE2\x82\xAC"), STATUS_OK);
    assert_status(parse_state(4097, "\xE2\x82\xAC"), STATUS_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_javascript_client_is_understood),
        cmocka_unit_test(names_and_ids_are_flexible),
        cmocka_unit_test(null_is_absent_and_the_last_wins),
        cmocka_unit_test(values_survive_byte_for_byte),
        cmocka_unit_test(bad_invocations_are_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(state_is_limited_in_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
