/* SPDX-License-Identifier: MIT */
/* Goal of this test: exactly the well-formed UTF-8 of RFC 3629 is accepted, wherever it stands. */
#include "tests/support/test.h"

#include <string.h>

/* The textbook encoder; the decoder must accept what it makes of every code point, and nothing
 * else. */
static size_t
encode(uint32_t code, uint8_t out[4])
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xC0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xE0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (code & 0x3F));
    return 4;
}

static void
every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x120000; code++) {
        uint8_t text[4];
        size_t length = encode(code, text);
        bool is_character = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);

        if (bytes_is_utf8(bytes_from(text, length)) != is_character ||
            bytes_utf8_character(bytes_from(text, length)) != (is_character ? length : 0)) {
            fail_msg("U+%04X", (unsigned)code);
        }
    }
}

/* Of all three-byte strings, just as many are well-formed as the code points allow. */
static void
every_three_bytes(void **state)
{
    const size_t one = 128, two = 0x800 - 0x80, three = 0x10000 - 0x800 - 0x800;
    size_t count = 0;

    (void)state;
    for (uint32_t i = 0; i < 0x1000000; i++) {
        uint8_t text[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

        count += bytes_is_utf8(bytes_from(text, 3)) ? 1 : 0;
    }
    assert_int_equal(count, one * one * one + 2 * one * two + three);
}

static void
malformed_text(void **state)
{
    static const char *const texts[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x41",
        "\xC2\xC2",
        "\xE0\x9F\xBF",
        "\xE1\x80",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xEF\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xF0\x90\x80",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(bytes_is_utf8(bytes_from_string(texts[i])));
    }
}

/* The fast path reads whole words, so what matters may lie at any place of any word. */
static void
any_place_in_long_text(void **state)
{
    char text[64];

    (void)state;
    for (size_t length = 3; length <= sizeof(text); length++) {
        for (size_t place = 0; place + 3 <= length; place++) {
            memset(text, 'a', sizeof(text));
            memcpy(text + place, "\xE2\x82\xAC", 3);
            assert_true(bytes_is_utf8(bytes_from(text, length)));
            text[place + 1] = 'a';
            assert_false(bytes_is_utf8(bytes_from(text, length)));
        }
    }
    assert_true(bytes_is_utf8(BYTES_NONE));
    assert_true(bytes_is_utf8(BYTES("")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(every_three_bytes),
        cmocka_unit_test(malformed_text),
        cmocka_unit_test(any_place_in_long_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
