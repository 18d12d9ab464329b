/* SPDX-License-Identifier: MIT */
/* Goal of this test: views compare by content; only ASCII letters lose their case. */
#include "tests/support/test.h"

static void
equality_is_by_content(void **state)
{
    (void)state;
    assert_true(bytes_equal(BYTES("abc"), bytes_from("abcd", 3)));
    assert_false(bytes_equal(BYTES("abc"), BYTES("abd")));
    assert_false(bytes_equal(BYTES("abc"), BYTES("ab")));
    assert_true(bytes_equal(BYTES_NONE, BYTES("")));
    assert_true(bytes_equal(BYTES("a\0b"), BYTES("a\0b")));
    assert_false(bytes_equal(BYTES("a\0b"), BYTES("a\0c")));
}

static void
case_is_ignored_in_ascii_only(void **state)
{
    (void)state;
    assert_true(bytes_equal_ignore_case(BYTES("Content-LENGTH"), BYTES("content-length")));
    assert_false(bytes_equal_ignore_case(BYTES("["), BYTES("{")));
    assert_false(bytes_equal_ignore_case(BYTES("@"), BYTES("`")));
    assert_false(bytes_equal_ignore_case(BYTES("\xC3\x84"), BYTES("\xC3\xA4")));
    assert_false(bytes_equal_ignore_case(BYTES("a"), BYTES("aa")));
}

static void
prefix_and_suffix(void **state)
{
    (void)state;
    assert_true(bytes_starts_with(BYTES("/signalr/hubs"), BYTES("/signalr")));
    assert_false(bytes_starts_with(BYTES("/sig"), BYTES("/signalr")));
    assert_false(bytes_starts_with(BYTES("/SIGNALR"), BYTES("/signalr")));
    assert_true(bytes_starts_with_ignore_case(BYTES("/SIGNALR/x"), BYTES("/signalr")));
    assert_true(bytes_starts_with(BYTES_NONE, BYTES("")));
    assert_false(bytes_starts_with(BYTES_NONE, BYTES("a")));
    assert_true(bytes_ends_with_ignore_case(BYTES("/x/HUBS"), BYTES("/hubs")));
    assert_false(bytes_ends_with_ignore_case(BYTES("hubs"), BYTES("/hubs")));
    assert_true(bytes_ends_with_ignore_case(BYTES_NONE, BYTES("")));
}

static void
order_is_ordinal(void **state)
{
    (void)state;
    assert_int_equal(bytes_compare(BYTES("a"), BYTES("a")), 0);
    assert_true(bytes_compare(BYTES("a"), BYTES("b")) < 0);
    assert_true(bytes_compare(BYTES("b"), BYTES("a")) > 0);
    assert_true(bytes_compare(BYTES("a"), BYTES("ab")) < 0);
    assert_true(bytes_compare(BYTES("ab"), BYTES("a")) > 0);
    assert_true(bytes_compare(BYTES("\x7F"), BYTES("\x80")) < 0);
    assert_true(bytes_compare(BYTES_NONE, BYTES("a")) < 0);
    assert_int_equal(bytes_compare(BYTES_NONE, BYTES("")), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_by_content),
        cmocka_unit_test(case_is_ignored_in_ascii_only),
        cmocka_unit_test(prefix_and_suffix),
        cmocka_unit_test(order_is_ordinal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
