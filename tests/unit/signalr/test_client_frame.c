/* SPDX-License-Identifier: MIT */
/* Goal of this test: each transport's bytes are what its client reads (T25, T31, T32, T33, T34,
 * T36, T47). */
#include "service/signalr/client_frame.h"
#include "tests/support/test.h"

#include <string.h>

static void
assert_frame(enum client_frame_kind kind, const struct client_frame *frame, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 10000);
    assert_status(client_frame_append(&out, kind, frame), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));
    buffer_deinit(&out);
}

static void
members_come_in_order(void **state)
{
    const struct bytes values[] = {BYTES("{\"H\":\"ChatHub\"}"), BYTES("\"text\""), BYTES("1.0")};
    struct client_frame frame = {
        .cursor = 171895,
        .is_init = true,
        .is_reconnect = true,
        .groups_token = BYTES("GTOK"),
        .long_poll_delay_ms = 250,
        .values = values,
        .value_count = 3,
    };

    (void)state;
    assert_frame(CLIENT_FRAME_LONG_POLL, &frame,
                 "{\"C\":\"s-0,29F77\",\"S\":1,\"T\":1,\"G\":\"GTOK\",\"L\":250,"
                 "\"M\":[{\"H\":\"ChatHub\"},\"text\",1.0]}");
    frame = (struct client_frame){.cursor = 0};
    assert_frame(CLIENT_FRAME_LONG_POLL, &frame, "{\"C\":\"s-0,0\",\"M\":[]}");
}

static void
every_transport_wraps_it(void **state)
{
    const struct bytes value = BYTES("\"</script>\xE2\x80\xA8\"");
    struct client_frame frame = {.cursor = 1, .is_init = true};

    (void)state;
    assert_frame(CLIENT_FRAME_WEBSOCKET, &frame, "{\"C\":\"s-0,1\",\"S\":1,\"M\":[]}");
    assert_frame(CLIENT_FRAME_EVENT_STREAM, &frame, "data: {\"C\":\"s-0,1\",\"S\":1,\"M\":[]}\n\n");
    assert_frame(CLIENT_FRAME_FOREVER_FRAME, &frame,
                 "<script>r(c, {\"C\":\"s-0,1\",\"S\":1,\"M\":[]});</script>\r\n");
    frame = (struct client_frame){.cursor = 1, .values = &value, .value_count = 1};
    assert_frame(CLIENT_FRAME_EVENT_STREAM, &frame,
                 "data: {\"C\":\"s-0,1\",\"M\":[\"</script>\xE2\x80\xA8\"]}\n\n");
    assert_frame(
        CLIENT_FRAME_FOREVER_FRAME, &frame,
        "<script>r(c, {\"C\":\"s-0,1\",\"M\":[\"\\u003c/script\\u003e\\u2028\"]});</script>\r\n");
}

static void
foreign_values_stay_on_one_line(void **state)
{
    const struct bytes value = BYTES("{\r\n  \"H\": \"ChatHub\"\n}");
    struct client_frame frame = {.cursor = 1, .values = &value, .value_count = 1};

    (void)state;
    assert_frame(CLIENT_FRAME_EVENT_STREAM, &frame,
                 "data: {\"C\":\"s-0,1\",\"M\":[{    \"H\": \"ChatHub\" }]}\n\n");
    assert_frame(CLIENT_FRAME_FOREVER_FRAME, &frame,
                 "<script>r(c, {\"C\":\"s-0,1\",\"M\":[{    \"H\": \"ChatHub\" }]});</script>\r\n");
}

static void
assert_keep_alive(enum client_frame_kind kind, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 100);
    assert_status(client_frame_append_keep_alive(&out, kind), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));
    buffer_deinit(&out);
}

static void
keep_alives_differ(void **state)
{
    (void)state;
    assert_keep_alive(CLIENT_FRAME_WEBSOCKET, "{}");
    assert_keep_alive(CLIENT_FRAME_EVENT_STREAM, "data: {}\n\n");
    assert_keep_alive(CLIENT_FRAME_FOREVER_FRAME, "<script>r(c, {});</script>\n\n");
    assert_keep_alive(CLIENT_FRAME_LONG_POLL, " ");
}

static void
streams_open_with_a_word(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 10000);
    assert_status(client_frame_append_opening(&out, CLIENT_FRAME_WEBSOCKET, 0), STATUS_OK);
    assert_status(client_frame_append_opening(&out, CLIENT_FRAME_LONG_POLL, 0), STATUS_OK);
    assert_int_equal(out.length, 0);
    assert_status(client_frame_append_opening(&out, CLIENT_FRAME_EVENT_STREAM, 0), STATUS_OK);
    assert_text(buffer_bytes(&out), "data: initialized\n\n");
    buffer_clear(&out);
    assert_status(client_frame_append_opening(&out, CLIENT_FRAME_FOREVER_FRAME, 4294967295),
                  STATUS_OK);
    assert_true(bytes_starts_with(buffer_bytes(&out), BYTES("<!DOCTYPE html><html><head>")));
    assert_true(
        bytes_ends_with_ignore_case(buffer_bytes(&out), BYTES("</script></head><body>\r\n")));
    buffer_append_byte(&out, '\0');
    assert_non_null(strstr((const char *)out.data, "t.getConnection(\"4294967295\")"));
    assert_non_null(strstr((const char *)out.data, "t.started(c)"));
    buffer_deinit(&out);
}

static void
other_json_is_wrapped_too(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    client_frame_append_json(&out, CLIENT_FRAME_WEBSOCKET, BYTES("{\"R\":\"<b>\",\"I\":\"0\"}"));
    assert_text(buffer_bytes(&out), "{\"R\":\"<b>\",\"I\":\"0\"}");
    buffer_clear(&out);
    client_frame_append_escaped(&out,
                                BYTES("{\"R\":\"<b>\xE2\x80\xA9\xE2\x80\xAA\",\n\"I\":\"0\"}"));
    assert_text(buffer_bytes(&out), "{\"R\":\"\\u003cb\\u003e\\u2029\xE2\x80\xAA\", \"I\":\"0\"}");
    buffer_clear(&out);
    client_frame_append_error(&out, CLIENT_FRAME_EVENT_STREAM, BYTES("go \"away\""));
    assert_text(buffer_bytes(&out), "data: {\"E\":\"go \\\"away\\\"\"}\n\n");
    buffer_deinit(&out);
}

static void
frame_ids_are_numbers(void **state)
{
    static const char *const invalid[] = {"",
                                          "-1",
                                          "+1",
                                          "1.0",
                                          " 1",
                                          "1 ",
                                          "0x1",
                                          "4294967296",
                                          "1\");alert(1);//",
                                          "99999999999999999999"};
    uint32_t id;

    (void)state;
    assert_status(client_frame_parse_id(BYTES("3"), &id), STATUS_OK);
    assert_int_equal(id, 3);
    assert_status(client_frame_parse_id(BYTES("0004294967295"), &id), STATUS_OK);
    assert_int_equal(id, UINT32_MAX);
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        assert_status(client_frame_parse_id(bytes_from_string(invalid[i]), &id), STATUS_INVALID);
    }
    assert_status(client_frame_parse_id(BYTES_NONE, &id), STATUS_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_in_order),
        cmocka_unit_test(every_transport_wraps_it),
        cmocka_unit_test(foreign_values_stay_on_one_line),
        cmocka_unit_test(keep_alives_differ),
        cmocka_unit_test(streams_open_with_a_word),
        cmocka_unit_test(other_json_is_wrapped_too),
        cmocka_unit_test(frame_ids_are_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
