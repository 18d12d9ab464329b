/* SPDX-License-Identifier: MIT */
/* Goal of this test: every cursor a client may present is one of resume, start at now, or malformed
 * (T44, T45, T67). */
#include "service/signalr/cursor.h"
#include "tests/support/test.h"

#include <string.h>

static void
assert_cursor(const char *text, enum cursor_kind kind, uint64_t id)
{
    struct cursor cursor = cursor_parse(bytes_from_string(text));

    if (cursor.kind != kind || cursor.id != id) {
        fail_msg("%s is kind %d, id %llu", text, cursor.kind, (unsigned long long)cursor.id);
    }
}

static void
ids_are_hexadecimal(void **state)
{
    (void)state;
    assert_cursor("s-0,29F77", CURSOR_RESUME, 171895);
    assert_cursor("s-0,29f77", CURSOR_RESUME, 171895);
    assert_cursor("s-0,0000000000000000000029F77", CURSOR_RESUME, 171895);
    assert_cursor("s-0,0", CURSOR_RESUME, 0);
    assert_cursor("s-0,FFFFFFFFFFFFFFFE", CURSOR_RESUME, UINT64_MAX - 1);
    assert_cursor("s-0,FFFFFFFFFFFFFFFF", CURSOR_EVERYTHING, UINT64_MAX);
}

static void
key_text_is_ignored(void **state)
{
    (void)state;
    assert_cursor("s-0.e7f3,1", CURSOR_RESUME, 1);
    assert_cursor("s-7,1", CURSOR_RESUME, 1);
    assert_cursor("s-,1", CURSOR_RESUME, 1);
    assert_cursor("s-a\\,b\\|c\\\\,1", CURSOR_RESUME, 1);
}

static void
what_is_not_ours_starts_at_now(void **state)
{
    (void)state;
    assert_cursor(NULL, CURSOR_ABSENT, 0);
    assert_cursor("", CURSOR_ABSENT, 0);
    assert_cursor("s", CURSOR_ABSENT, 0);
    assert_cursor("S-0,1", CURSOR_ABSENT, 0);
    assert_cursor("d-1A2B3C4D-A,0|B,0|C,1", CURSOR_ABSENT, 0);
    assert_cursor("d-broken", CURSOR_ABSENT, 0);
    assert_cursor("junk", CURSOR_ABSENT, 0);
    assert_cursor("s-0,1|1,2", CURSOR_ABSENT, 0);
}

static void
the_rest_is_malformed(void **state)
{
    static const char *const texts[] = {
        "s-",       "s-0",      "s-0,",
        "s-0,G",    "s-0,1|",   "s-0,1|0,2",
        "s-0,1|1",  "s-0,1|1,", "s-0,1||1,2",
        "s-|0,1",   "s-0|1,2",  "s-0,1,2",
        "s-0\\a,1", "s-0\\",    "s-0,\\1",
        "s-0, 1",   "s-0,1 ",   "s-0,+1",
        "s-0,-1",   "s-0,0x1",  "s-0,10000000000000000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_cursor(texts[i], CURSOR_MALFORMED, 0);
    }
}

static void
long_cursors_cost_nothing(void **state)
{
    char text[CURSOR_INPUT_BYTES_MAX + 2];

    (void)state;
    memset(text, '0', sizeof(text));
    memcpy(text, "s-0,", 4);
    text[CURSOR_INPUT_BYTES_MAX] = '\0';
    assert_cursor(text, CURSOR_RESUME, 0);
    text[CURSOR_INPUT_BYTES_MAX] = '0';
    text[CURSOR_INPUT_BYTES_MAX + 1] = '\0';
    assert_cursor(text, CURSOR_MALFORMED, 0);
}

static void
what_is_written_is_read(void **state)
{
    static const struct {
        uint64_t id;
        const char *text;
    } cases[] = {
        {0, "s-0,0"},
        {171895, "s-0,29F77"},
        {UINT64_MAX - 1, "s-0,FFFFFFFFFFFFFFFE"},
        {UINT64_MAX, "s-0,FFFFFFFFFFFFFFFF"},
    };
    char text[CURSOR_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cursor_format(cases[i].id, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
        assert_true(cursor_parse(bytes_from_string(text)).id == cases[i].id);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_hexadecimal),
        cmocka_unit_test(key_text_is_ignored),
        cmocka_unit_test(what_is_not_ours_starts_at_now),
        cmocka_unit_test(the_rest_is_malformed),
        cmocka_unit_test(long_cursors_cost_nothing),
        cmocka_unit_test(what_is_written_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
