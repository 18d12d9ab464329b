/* SPDX-License-Identifier: MIT */
/* Goal of this test: numbers, JSON strings and URL parts are written as others read them. */
#include "tests/support/test.h"

#include <string.h>

struct fixture {
    struct buffer buffer;
};

static int
set_up(void **state)
{
    static struct fixture fixture;

    buffer_init(&fixture.buffer, 2000);
    *state = &fixture;
    return 0;
}

static int
tear_down(void **state)
{
    buffer_deinit(&((struct fixture *)*state)->buffer);
    return 0;
}

static struct buffer *
fresh(void **state)
{
    struct buffer *buffer = &((struct fixture *)*state)->buffer;

    buffer_clear(buffer);
    return buffer;
}

static void
numbers(void **state)
{
    struct buffer *buffer = fresh(state);

    buffer_append_uint64(buffer, 0);
    buffer_append_byte(buffer, ' ');
    buffer_append_uint64(buffer, 1234567890);
    buffer_append_byte(buffer, ' ');
    buffer_append_uint64(buffer, UINT64_MAX);
    assert_text(buffer_bytes(buffer), "0 1234567890 18446744073709551615");
    buffer_clear(buffer);
    buffer_append_hex(buffer, 0);
    buffer_append_byte(buffer, ' ');
    buffer_append_hex(buffer, 0xAB);
    buffer_append_byte(buffer, ' ');
    buffer_append_hex(buffer, UINT64_MAX);
    assert_text(buffer_bytes(buffer), "0 AB FFFFFFFFFFFFFFFF");
}

static void
formats_of_any_length(void **state)
{
    struct buffer *buffer = fresh(state);
    char text[1000];

    for (size_t length = 250; length < sizeof(text); length += 7) {
        memset(text, 'x', length);
        text[length] = '\0';
        buffer_clear(buffer);
        assert_status(buffer_append_format(buffer, "%s%d", text, 5), STATUS_OK);
        assert_int_equal(buffer->length, length + 1);
        assert_int_equal(buffer->data[length], '5');
    }
    buffer_clear(buffer);
    buffer_append_format(buffer, "%s", "");
    assert_int_equal(buffer->length, 0);
    buffer->limit_bytes = 700;
    assert_status(buffer_append_format(buffer, "%s", text), STATUS_LIMIT);
    assert_int_equal(buffer->length, 0);
}

static void
assert_json(struct buffer *buffer, struct bytes text, const char *expected)
{
    buffer_clear(buffer);
    assert_status(buffer_append_json_string(buffer, text), STATUS_OK);
    assert_bytes(buffer_bytes(buffer), bytes_from_string(expected));
}

static void
json_strings(void **state)
{
    struct buffer *buffer = fresh(state);

    assert_json(buffer, BYTES_NONE, "\"\"");
    assert_json(buffer, BYTES("plain"), "\"plain\"");
    assert_json(buffer, BYTES("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    assert_json(buffer, BYTES("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    assert_json(buffer, BYTES("\0\x01\x1F\x7F"), "\"\\u0000\\u0001\\u001f\x7F\"");
    assert_json(buffer, BYTES("<b>"), "\"\\u003cb\\u003e\"");
    assert_json(buffer, BYTES("\xC3\xBC\xF0\x9F\x98\x80"), "\"\xC3\xBC\xF0\x9F\x98\x80\"");
    assert_json(buffer, BYTES("\xE2\x80\xA8|\xE2\x80\xA9|\xC2\x85"), "\"\\u2028|\\u2029|\\u0085\"");
    assert_json(buffer, BYTES("\xE2\x80\xAA\xC2\x86"), "\"\xE2\x80\xAA\xC2\x86\"");
}

static void
url_parts(void **state)
{
    struct buffer *buffer = fresh(state);

    buffer_append_url_encoded(buffer, BYTES("AZaz09-._~"));
    assert_text(buffer_bytes(buffer), "AZaz09-._~");
    buffer_clear(buffer);
    buffer_append_url_encoded(buffer, BYTES("a b&c=d+e/\xC3\xBC%\0"));
    assert_text(buffer_bytes(buffer), "a%20b%26c%3Dd%2Be%2F%C3%BC%25%00");
}

/* A JSON string is many small appends; when one of them hits the limit, all are taken back. */
static void
composed_appends_take_all_or_nothing(void **state)
{
    struct buffer *buffer = fresh(state);

    for (size_t limit = 4; limit < 12; limit++) {
        buffer_clear(buffer);
        buffer->limit_bytes = limit;
        buffer_append_string(buffer, "1234");
        assert_status(buffer_append_json_string(buffer, BYTES("a\n<")), STATUS_LIMIT);
        assert_text(buffer_bytes(buffer), "1234");
        assert_status(buffer->status, STATUS_LIMIT);
        assert_status(buffer_append_url_encoded(buffer, BYTES("a  ++")), STATUS_LIMIT);
        assert_text(buffer_bytes(buffer), "1234");
        assert_status(buffer_append_text16(buffer, BYTES("123456789")), STATUS_LIMIT);
        assert_text(buffer_bytes(buffer), "1234");
    }
    buffer_clear(buffer);
    buffer->limit_bytes = 2000;
    buffer->status = STATUS_NO_MEMORY;
    assert_status(buffer_append_json_string(buffer, BYTES("a")), STATUS_OK);
    assert_status(buffer->status, STATUS_NO_MEMORY);
}

static void
text16_has_a_limit(void **state)
{
    static uint8_t text[65536];
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 100000);
    assert_status(buffer_append_text16(&buffer, bytes_from(text, 65536)), STATUS_LIMIT);
    assert_int_equal(buffer.length, 0);
    assert_status(buffer_append_text16(&buffer, bytes_from(text, 65535)), STATUS_OK);
    assert_int_equal(buffer.length, 65537);
    buffer_deinit(&buffer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(formats_of_any_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_strings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(url_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(composed_appends_take_all_or_nothing, set_up, tear_down),
        cmocka_unit_test(text16_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
