/* SPDX-License-Identifier: MIT */
/* Goal of this test: parts of a view never reach outside of it. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static void
absent_and_empty_differ(void **state)
{
    (void)state;
    assert_null(bytes_from_string(NULL).data);
    assert_non_null(bytes_from_string("").data);
    assert_null(bytes_after(BYTES_NONE, 7).data);
    assert_non_null(bytes_after(BYTES("abc"), 7).data);
}

static void
slices_are_clamped(void **state)
{
    (void)state;
    assert_text(bytes_slice(BYTES("abcdef"), 2, 3), "cde");
    assert_text(bytes_slice(BYTES("abcdef"), 4, 9), "ef");
    assert_text(bytes_slice(BYTES("abcdef"), 4, SIZE_MAX), "ef");
    assert_text(bytes_slice(BYTES("abcdef"), SIZE_MAX, SIZE_MAX), "");
    assert_text(bytes_after(BYTES("abcdef"), 5), "f");
    assert_text(bytes_after(BYTES("abcdef"), 6), "");
}

static void
find_gives_the_first(void **state)
{
    (void)state;
    assert_int_equal(bytes_find(BYTES("a.b.c"), '.'), 1);
    assert_true(bytes_find(BYTES("abc"), '.') == SIZE_MAX);
    assert_true(bytes_find(BYTES_NONE, '.') == SIZE_MAX);
    assert_int_equal(bytes_find(BYTES("ab\0c"), '\0'), 2);
}

/* Joins the parts with '|', so that a split can be written as one expectation. */
static void
assert_split(const char *text, const char *expected)
{
    struct bytes rest = bytes_from_string(text);
    struct bytes part;
    struct buffer joined;
    size_t count = 0;

    buffer_init(&joined, 1000);
    while (bytes_split(&rest, ',', &part)) {
        if (count++ > 0) {
            buffer_append_byte(&joined, '|');
        }
        buffer_append(&joined, part);
    }
    assert_bytes(buffer_bytes(&joined), bytes_from_string(expected));
    assert_null(rest.data);
    buffer_deinit(&joined);
}

static void
split_keeps_empty_parts(void **state)
{
    struct bytes rest = BYTES_NONE;
    struct bytes part;

    (void)state;
    assert_split("a,,b", "a||b");
    assert_split("a,b,", "a|b|");
    assert_split(",", "|");
    assert_split("alone", "alone");
    assert_split("", "");
    assert_false(bytes_split(&rest, ',', &part));
    rest = BYTES("");
    assert_true(bytes_split(&rest, ',', &part));
    assert_int_equal(part.length, 0);
    assert_false(bytes_split(&rest, ',', &part));
}

static void
trim_takes_blanks_and_tabs(void **state)
{
    (void)state;
    assert_text(bytes_trim(BYTES(" \t a b\t ")), "a b");
    assert_text(bytes_trim(BYTES(" \t ")), "");
    assert_text(bytes_trim(BYTES("")), "");
    assert_text(bytes_trim(BYTES("\na\n")), "\na\n");
    assert_null(bytes_trim(BYTES_NONE).data);
}

static void
a_duplicate_is_terminated(void **state)
{
    char *copy = bytes_duplicate(bytes_from("abcdef", 3));
    char *empty = bytes_duplicate(BYTES_NONE);

    (void)state;
    assert_string_equal(copy, "abc");
    assert_string_equal(empty, "");
    free(copy);
    free(empty);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_and_empty_differ),    cmocka_unit_test(slices_are_clamped),
        cmocka_unit_test(find_gives_the_first),       cmocka_unit_test(split_keeps_empty_parts),
        cmocka_unit_test(trim_takes_blanks_and_tabs), cmocka_unit_test(a_duplicate_is_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
