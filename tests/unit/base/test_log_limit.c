/* SPDX-License-Identifier: MIT */
/* Goal of this test: a line that strangers can provoke comes once a minute, and counts the others.
 */
#include "common/base/log.h"
#include "tests/support/test.h"

static void
once_a_minute(void **state)
{
    struct log_limit limit = {0, 0};
    uint64_t suppressed = 99;

    (void)state;
    assert_true(log_allows(&limit, 0, &suppressed));
    assert_true(suppressed == 0);
    for (uint64_t now_ms = 0; now_ms < 60000; now_ms += 1000) {
        assert_false(log_allows(&limit, now_ms, &suppressed));
    }
    assert_true(log_allows(&limit, 60000, &suppressed));
    assert_true(suppressed == 60);
    assert_false(log_allows(&limit, 60001, &suppressed));
    assert_true(log_allows(&limit, 500000, &suppressed));
    assert_true(suppressed == 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(once_a_minute)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
