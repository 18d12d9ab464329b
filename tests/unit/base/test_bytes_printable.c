/* SPDX-License-Identifier: MIT */
/* Goal of this test: no text of a stranger can start a line of its own or steer a terminal. */
#include "tests/support/test.h"

static void
assert_printed(struct bytes text, const char *expected)
{
    char out[256];
    size_t length = bytes_printable(&text, out, sizeof(out));

    assert_int_equal(text.length, 0);
    assert_string_equal(out, expected);
    assert_int_equal(length, bytes_from_string(expected).length);
}

static void
controls_are_escaped(void **state)
{
    (void)state;
    assert_printed(BYTES("plain text"), "plain text");
    assert_printed(BYTES("a\r\nb\tc"), "a\\x0D\\x0Ab\\x09c");
    assert_printed(BYTES("\x1B[2J\x7F"), "\\x1B[2J\\x7F");
    assert_printed(BYTES("\0"), "\\x00");
    assert_printed(BYTES("\xC2\x85"), "\\xC2\\x85");
    assert_printed(BYTES("\xE2\x80\xA8\xE2\x80\xA9"), "\\xE2\\x80\\xA8\\xE2\\x80\\xA9");
    assert_printed(BYTES_NONE, "");
}

static void
only_utf8_passes(void **state)
{
    (void)state;
    assert_printed(BYTES("J\xC3\xBCrgen \xF0\x9F\x98\x80"), "J\xC3\xBCrgen \xF0\x9F\x98\x80");
    assert_printed(BYTES("a\xFFz"), "a\\xFFz");
    assert_printed(BYTES("\xE2\x82"), "\\xE2\\x82");
}

static void
what_does_not_fit_stays(void **state)
{
    struct bytes text = BYTES("ab\nc");
    char out[6];

    (void)state;
    assert_int_equal(bytes_printable(&text, out, sizeof(out)), 2);
    assert_string_equal(out, "ab");
    assert_text(text, "\nc");
    assert_int_equal(bytes_printable(&text, out, sizeof(out)), 5);
    assert_string_equal(out, "\\x0Ac");
    text = BYTES("a");
    assert_int_equal(bytes_printable(&text, out, 1), 0);
    assert_string_equal(out, "");
    assert_text(text, "a");
}

static void
characters_are_not_cut(void **state)
{
    struct bytes text = BYTES("a\xE2\x82\xAC");
    char out[4];

    (void)state;
    assert_int_equal(bytes_printable(&text, out, sizeof(out)), 1);
    assert_int_equal(text.length, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(only_utf8_passes),
        cmocka_unit_test(what_does_not_fit_stays),
        cmocka_unit_test(characters_are_not_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
