/* SPDX-License-Identifier: MIT */
/* Goal of this test: a number is written with the unit a person would choose. */
#include "common/base/readable.h"

#include "tests/support/test.h"

static void
durations(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {{0, "0s"},
                {59999, "59s"},
                {60000, "1m"},
                {3599999, "59m"},
                {3600000, "1h 0m"},
                {172799999, "47h 59m"},
                {172800000, "2d 0h"},
                {UINT64_MAX, "213503982334d 14h"}};
    char out[READABLE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(readable_duration(rows[i].ms, out), rows[i].text);
    }
}

static void
sizes(void **state)
{
    char out[READABLE_BYTES];

    (void)state;
    assert_string_equal(readable_size(0, out), "0 B");
    assert_string_equal(readable_size(1023, out), "1023 B");
    assert_string_equal(readable_size(1024, out), "1 KB");
    assert_string_equal(readable_size(1048575, out), "1023 KB");
    assert_string_equal(readable_size(1048576, out), "1 MB");
}

static void
dates(void **state)
{
    char out[READABLE_BYTES];

    (void)state;
    assert_string_equal(readable_date(0, out), "1970-01-01");
    assert_string_equal(readable_date(1859155199, out), "2028-11-29");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
