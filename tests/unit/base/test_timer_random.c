/* SPDX-License-Identifier: MIT */
/* Goal of this test: after any mixture of starts and stops the heap agrees with a plain list. */
#include "common/base/timer.h"
#include "tests/support/test.h"

enum { TIMER_COUNT = 300, STEP_COUNT = 60000 };

struct fixture {
    struct clock clock;
    struct timers timers;
    struct timer timer[TIMER_COUNT];
    struct {
        bool is_running;
        uint64_t due_ms;
        uint64_t order;
    } expected[TIMER_COUNT];
    uint64_t next_order;
    uint64_t random;
};

static struct fixture f;

static uint32_t
dice(uint32_t sides)
{
    f.random = f.random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(f.random >> 33) % sides;
}

/* The timer that must run next, or TIMER_COUNT. */
static size_t
first_expected(void)
{
    size_t first = TIMER_COUNT;

    for (size_t i = 0; i < TIMER_COUNT; i++) {
        if (f.expected[i].is_running &&
            (first == TIMER_COUNT || f.expected[i].due_ms < f.expected[first].due_ms ||
             (f.expected[i].due_ms == f.expected[first].due_ms &&
              f.expected[i].order < f.expected[first].order))) {
            first = i;
        }
    }
    return first;
}

static void
check_run(struct timer *timer)
{
    size_t index = (size_t)(timer - f.timer);

    assert_int_equal(index, first_expected());
    assert_true(f.expected[index].due_ms <= f.clock.now_ms);
    f.expected[index].is_running = false;
}

static void
step(void)
{
    size_t index = dice(TIMER_COUNT);
    uint32_t kind = dice(10);

    if (kind < 6) {
        uint64_t delay_ms = dice(50);

        timer_start(&f.timers, &f.timer[index], delay_ms, check_run);
        f.expected[index].is_running = true;
        f.expected[index].due_ms = f.clock.now_ms + delay_ms;
        f.expected[index].order = f.next_order++;
    } else if (kind < 9) {
        timer_stop(&f.timers, &f.timer[index]);
        f.expected[index].is_running = false;
    } else {
        clock_advance(&f.clock, dice(3));
        timers_run(&f.timers);
        index = first_expected();
        assert_true(index == TIMER_COUNT || f.expected[index].due_ms > f.clock.now_ms);
    }
}

static void
the_heap_agrees_with_a_list(void **state)
{
    (void)state;
    clock_init_virtual(&f.clock, 0, 0);
    timers_init(&f.timers, &f.clock);
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        step();
    }
    clock_advance(&f.clock, 1000);
    timers_run(&f.timers);
    assert_int_equal(f.timers.count, 0);
    assert_int_equal(first_expected(), TIMER_COUNT);
    timers_deinit(&f.timers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_heap_agrees_with_a_list)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
