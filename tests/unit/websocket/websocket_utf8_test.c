/* SPDX-License-Identifier: MIT */
/* Goal of this test: the incremental check agrees with RFC 3629, wherever the text is cut. */
#include "service/websocket/websocket_utf8.h"

#include "tests/support/test.h"

/* Feed in pieces of ${chunk} bytes. */
static bool
is_valid(struct bytes text, size_t chunk)
{
    struct websocket_utf8 checker = {0};
    while (text.length > 0) {
        if (!websocket_utf8_feed(&checker, bytes_slice(text, 0, chunk))) {
            return false;
        }
        text = bytes_after(text, chunk);
    }
    return websocket_utf8_is_complete(&checker);
}

/* Also behind some ASCII, at every alignment. */
static void
check(struct bytes text, bool expected)
{
    uint8_t padded[64];
    assert_true(text.length + 20 <= sizeof(padded));
    for (size_t padding = 0; padding < 20; padding++) {
        for (size_t i = 0; i < padding; i++) {
            padded[i] = 'a';
        }
        for (size_t i = 0; i < text.length; i++) {
            padded[padding + i] = text.data[i];
        }
        for (size_t chunk = 1; chunk <= padding + text.length; chunk++) {
            assert_int_equal(is_valid(bytes_from(padded, padding + text.length), chunk), expected);
        }
    }
}

/* Every sequence of two bytes, and every character by its code point: the whole-text check of base
 * is the other opinion. */
static void
it_agrees_with_the_whole_text_check(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const uint8_t text[] = {(uint8_t)first, (uint8_t)second, 0x80, 0x80};
            for (size_t length = 1; length <= sizeof(text); length++) {
                struct bytes view = bytes_from(text, length);
                bool expected = bytes_is_utf8(view);
                assert_int_equal(is_valid(view, length), expected);
                assert_int_equal(is_valid(view, 1), expected);
            }
        }
    }
}

static void
characters_at_the_edges(void **state)
{
    (void)state;
    check(BYTES(""), true);
    check(BYTES("plain"), true);
    check(BYTES("\0\x7F"), true);
    check(BYTES("\xC2\x80\xDF\xBF"), true);
    check(BYTES("\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"), true);
    check(BYTES("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true);
    check(BYTES("\x80"), false);
    check(BYTES("\xC1\xBF"), false);         /* overlong */
    check(BYTES("\xE0\x9F\xBF"), false);     /* overlong */
    check(BYTES("\xF0\x8F\xBF\xBF"), false); /* overlong */
    check(BYTES("\xED\xA0\x80"), false);     /* surrogate */
    check(BYTES("\xF4\x90\x80\x80"), false); /* above U+10FFFF */
    check(BYTES("\xF5\x80\x80\x80"), false);
    check(BYTES("\xFF"), false);
    check(BYTES("\xC3"), false); /* cut off */
    check(BYTES("\xE2\x82"), false);
    check(BYTES("\xF0\x9F\x98"), false);
    check(BYTES("\xE2\x82\x41"), false);
    check(BYTES("\xE2\x82\xE2\x82\xAC"), false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_the_whole_text_check),
        cmocka_unit_test(characters_at_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
