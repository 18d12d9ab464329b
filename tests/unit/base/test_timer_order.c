/* SPDX-License-Identifier: MIT */
/* Goal of this test: timers run in the order they are due, each once, and never inside
 * timer_start(). */
#include "common/base/timer.h"
#include "tests/support/test.h"

struct job {
    struct timer timer;
    struct fixture *fixture;
    char name;
};

struct fixture {
    struct clock clock;
    struct timers timers;
    struct job jobs[4];
    char ran[64];
    size_t ran_count;
};

static void
note_run(struct timer *timer)
{
    struct job *job = CONTAINER_OF(timer, struct job, timer);

    job->fixture->ran[job->fixture->ran_count++] = job->name;
}

static int
set_up(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.ran_count = 0};
    clock_init_virtual(&fixture.clock, 1000, 0);
    timers_init(&fixture.timers, &fixture.clock);
    for (size_t i = 0; i < 4; i++) {
        fixture.jobs[i].fixture = &fixture;
        fixture.jobs[i].name = (char)('a' + i);
    }
    *state = &fixture;
    return 0;
}

static int
tear_down(void **state)
{
    timers_deinit(&((struct fixture *)*state)->timers);
    return 0;
}

static void
start(struct fixture *fixture, size_t index, uint64_t delay_ms, timer_fn on_due)
{
    timer_start(&fixture->timers, &fixture->jobs[index].timer, delay_ms, on_due);
}

static void
assert_ran(const struct fixture *fixture, const char *expected)
{
    assert_bytes(bytes_from(fixture->ran, fixture->ran_count), bytes_from_string(expected));
}

static void
due_times_decide(void **state)
{
    struct fixture *f = *state;

    start(f, 0, 30, note_run);
    start(f, 1, 10, note_run);
    start(f, 2, 20, note_run);
    assert_true(timers_next_delay_ms(&f->timers) == 10);
    timers_run(&f->timers);
    assert_ran(f, "");
    clock_advance(&f->clock, 10);
    assert_true(timers_next_delay_ms(&f->timers) == 0);
    timers_run(&f->timers);
    assert_ran(f, "b");
    assert_false(timer_is_running(&f->jobs[1].timer));
    clock_advance(&f->clock, 100);
    timers_run(&f->timers);
    assert_ran(f, "bca");
    assert_true(timers_next_delay_ms(&f->timers) == UINT64_MAX);
}

static void
equal_times_run_as_started(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 4; i++) {
        start(f, 3 - i, 5, note_run);
    }
    start(f, 2, 5, note_run); /* started again: now the last */
    clock_advance(&f->clock, 5);
    timers_run(&f->timers);
    assert_ran(f, "dbac");
}

static void
stopping(void **state)
{
    struct fixture *f = *state;

    start(f, 0, 5, note_run);
    start(f, 1, 5, note_run);
    timer_stop(&f->timers, &f->jobs[0].timer);
    timer_stop(&f->timers, &f->jobs[0].timer);
    timer_stop(&f->timers, &f->jobs[2].timer);
    assert_false(timer_is_running(&f->jobs[0].timer));
    assert_true(timer_is_running(&f->jobs[1].timer));
    clock_advance(&f->clock, 5);
    timers_run(&f->timers);
    assert_ran(f, "b");
}

static void
restart_at_once(struct timer *timer)
{
    struct job *job = CONTAINER_OF(timer, struct job, timer);

    note_run(timer);
    timer_start(&job->fixture->timers, timer, 0, restart_at_once);
}

static void
a_timer_without_delay_waits_for_the_next_run(void **state)
{
    struct fixture *f = *state;

    start(f, 0, 0, restart_at_once);
    start(f, 1, 0, note_run);
    assert_ran(f, "");
    timers_run(&f->timers);
    assert_ran(f, "ab");
    timers_run(&f->timers);
    assert_ran(f, "aba");
    timer_stop(&f->timers, &f->jobs[0].timer);
}

static void
stop_the_others(struct timer *timer)
{
    struct fixture *f = CONTAINER_OF(timer, struct job, timer)->fixture;

    note_run(timer);
    for (size_t i = 0; i < 4; i++) {
        timer_stop(&f->timers, &f->jobs[i].timer);
    }
}

static void
a_callback_may_stop_what_is_due(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 4; i++) {
        start(f, i, i, stop_the_others);
    }
    clock_advance(&f->clock, 10);
    timers_run(&f->timers);
    assert_ran(f, "a");
}

static void
advance_the_clock(struct timer *timer)
{
    struct fixture *f = CONTAINER_OF(timer, struct job, timer)->fixture;

    note_run(timer);
    clock_advance(&f->clock, 1000);
}

static void
time_passing_in_a_callback_counts_next_time(void **state)
{
    struct fixture *f = *state;

    start(f, 0, 1, advance_the_clock);
    start(f, 1, 500, note_run);
    clock_advance(&f->clock, 1);
    timers_run(&f->timers);
    assert_ran(f, "a");
    timers_run(&f->timers);
    assert_ran(f, "ab");
}

static void
endless_delays_do_not_wrap(void **state)
{
    struct fixture *f = *state;

    start(f, 0, UINT64_MAX, note_run);
    clock_advance(&f->clock, 1000000);
    timers_run(&f->timers);
    assert_ran(f, "");
    timer_stop(&f->timers, &f->jobs[0].timer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(due_times_decide),
        TEST(equal_times_run_as_started),
        TEST(stopping),
        TEST(a_timer_without_delay_waits_for_the_next_run),
        TEST(a_callback_may_stop_what_is_due),
        TEST(time_passing_in_a_callback_counts_next_time),
        TEST(endless_delays_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
