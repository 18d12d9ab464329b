/* SPDX-License-Identifier: MIT */
/* Goal of this test: server frames have the shortest header, no mask, and are shared. */
#include "service/websocket/websocket.h"
#include "service/websocket/websocket_codec.h"
#include "tests/support/hex.h"
#include "tests/support/test.h"

struct header_case {
    enum websocket_opcode opcode;
    size_t payload_length;
    const char *expected; /* hex */
};

static const struct header_case cases[] = {
    {WEBSOCKET_TEXT, 0, "8100"},
    {WEBSOCKET_TEXT, 5, "8105"},
    {WEBSOCKET_TEXT, 125, "817d"},
    {WEBSOCKET_TEXT, 126, "817e007e"},
    {WEBSOCKET_BINARY, 256, "827e0100"},
    {WEBSOCKET_TEXT, 65535, "817effff"},
    {WEBSOCKET_BINARY, 65536, "827f0000000000010000"},
    {WEBSOCKET_CLOSE, 2, "8802"},
    {WEBSOCKET_PING, 5, "8905"},
    {WEBSOCKET_PONG, 5, "8a05"},
};

static void
headers_are_as_short_as_can_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t header[WEBSOCKET_HEADER_MAX_BYTES];
        struct buffer expected;
        buffer_init(&expected, 64);
        size_t length = websocket_encode_header(cases[i].opcode, cases[i].payload_length, header);
        assert_bytes(bytes_from(header, length), hex_decode(cases[i].expected, &expected));
        buffer_deinit(&expected);
    }
}

/* RFC 6455 section 5.7. */
static void
a_frame_is_one_payload(void **state)
{
    (void)state;
    struct payload *hello = websocket_frame_from(BYTES("Hello"));
    struct payload *empty = websocket_frame_from(BYTES(""));
    assert_non_null(hello);
    assert_non_null(empty);
    assert_text(payload_bytes(hello), "\x81\x05Hello");
    assert_text(payload_bytes(empty), "\x81\x00");
    payload_unref(hello);
    payload_unref(empty);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_as_short_as_can_be),
        cmocka_unit_test(a_frame_is_one_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
