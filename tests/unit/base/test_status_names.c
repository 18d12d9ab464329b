/* SPDX-License-Identifier: MIT */
/* Goal of this test: every status has its own name, and unknown numbers have a harmless one. */
#include "tests/support/test.h"

static void
names_come_from_the_table(void **state)
{
    (void)state;
    assert_string_equal(status_name(STATUS_OK), "OK");
    assert_string_equal(status_name(STATUS_QUEUE_FULL), "QUEUE_FULL");
    assert_string_equal(status_sentence(STATUS_NO_MEMORY), "out of memory");
    assert_string_equal(status_name((enum status)(-1000)), "UNKNOWN");
    assert_non_null(status_sentence((enum status)(-1000)));
}

static void
values_are_unique(void **state)
{
    static const int values[] = {
#define STATUS(name, value, sentence) (value),
#include "common/base/status.def"
#undef STATUS
    };

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(values[i], values[j]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_from_the_table),
        cmocka_unit_test(values_are_unique),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
