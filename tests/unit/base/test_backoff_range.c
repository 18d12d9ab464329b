/* SPDX-License-Identifier: MIT */
/* Goal of this test: delays double up to the limit, each drawn from its upper half. */
#include "common/base/backoff.h"
#include "tests/support/test.h"

static void
delays_grow_to_the_limit(void **state)
{
    static const uint32_t spans_ms[] = {100, 200, 400, 800, 1000, 1000, 1000};

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct backoff backoff;

        backoff_init(&backoff, 100, 1000);
        for (size_t i = 0; i < sizeof(spans_ms) / sizeof(spans_ms[0]); i++) {
            assert_in_range(backoff_next_ms(&backoff), spans_ms[i] / 2, spans_ms[i]);
        }
        backoff_reset(&backoff);
        assert_in_range(backoff_next_ms(&backoff), 50, 100);
    }
}

static void
delays_vary(void **state)
{
    struct backoff backoff;
    uint32_t lowest_ms = UINT32_MAX, highest_ms = 0;

    (void)state;
    backoff_init(&backoff, 10000, 10000);
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t delay_ms = backoff_next_ms(&backoff);

        lowest_ms = delay_ms < lowest_ms ? delay_ms : lowest_ms;
        highest_ms = delay_ms > highest_ms ? delay_ms : highest_ms;
    }
    assert_in_range(lowest_ms, 5000, 5500);
    assert_in_range(highest_ms, 9500, 10000);
}

static void
extremes(void **state)
{
    struct backoff backoff;

    (void)state;
    backoff_init(&backoff, UINT32_MAX, UINT32_MAX);
    assert_true(backoff_next_ms(&backoff) >= UINT32_MAX / 2);
    assert_true(backoff_next_ms(&backoff) >= UINT32_MAX / 2);
    backoff_init(&backoff, 500, 100);
    assert_in_range(backoff_next_ms(&backoff), 50, 100);
    backoff_init(&backoff, 1, 0);
    assert_int_equal(backoff_next_ms(&backoff), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_grow_to_the_limit),
        cmocka_unit_test(delays_vary),
        cmocka_unit_test(extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
