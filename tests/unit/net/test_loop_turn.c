/* SPDX-License-Identifier: MIT */
/* Goal of this test: timers keep their time, and turn tasks run once a turn, before the loop waits.
 */
#include "tests/unit/net/net_fixture.h"

struct job {
    struct loop_turn_task task;
    struct loop *loop;
    struct loop_turn_task *other;
    int runs;
    int again;
};

static void
run_job(struct loop_turn_task *task)
{
    struct job *job = CONTAINER_OF(task, struct job, task);
    job->runs++;
    if (job->again > 0) {
        job->again--;
        loop_at_turn_end(job->loop, task);
    }
    if (job->other != NULL) {
        loop_at_turn_end(job->loop, job->other);
    }
}

static void
scheduled_twice_runs_once(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    struct job job = {.task.run = run_job, .loop = fixture.loop};
    loop_at_turn_end(fixture.loop, &job.task);
    loop_at_turn_end(fixture.loop, &job.task);
    assert_int_equal(job.runs, 0);
    net_step(&fixture);
    assert_int_equal(job.runs, 1);
    assert_null(job.task.next);
    net_step(&fixture);
    assert_int_equal(job.runs, 1);
    loop_at_turn_end(fixture.loop, &job.task);
    net_step(&fixture);
    assert_int_equal(job.runs, 2);
    net_fixture_close(&fixture);
}

static void
cancelled_does_not_run(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    struct job first = {.task.run = run_job, .loop = fixture.loop};
    struct job second = {.task.run = run_job, .loop = fixture.loop};
    loop_turn_task_cancel(&first.task);
    loop_at_turn_end(fixture.loop, &first.task);
    loop_at_turn_end(fixture.loop, &second.task);
    loop_turn_task_cancel(&first.task);
    net_step(&fixture);
    assert_int_equal(first.runs, 0);
    assert_int_equal(second.runs, 1);
    net_fixture_close(&fixture);
}

struct wake {
    struct timer timer;
    struct job *job;
    struct loop *loop;
    uint64_t due_ms;
};

static void
schedule_job(struct timer *timer)
{
    struct wake *wake = CONTAINER_OF(timer, struct wake, timer);
    loop_at_turn_end(wake->loop, &wake->job->task);
}

/* Goal: the loop, with nothing else to do for half a minute, does not sleep over them. */
static void
tasks_of_tasks_run_before_the_wait(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    struct job last = {.task.run = run_job, .loop = fixture.loop, .again = 100};
    struct job first = {.task.run = run_job, .loop = fixture.loop, .other = &last.task};
    struct wake wake = {.job = &first, .loop = fixture.loop};
    timer_start(loop_timers(fixture.loop), &wake.timer, 1, schedule_job);
    uint64_t begin_ms = net_now_ms();
    net_run_ms(&fixture, 50);
    assert_true(net_now_ms() - begin_ms < 5000);
    assert_int_equal(first.runs, 1);
    assert_int_equal(last.runs, 101);
    net_fixture_close(&fixture);
}

static void
count_post(void *context)
{
    int *count = context;
    (*count)++;
}

struct posting {
    struct loop_turn_task task;
    struct loop *loop;
    int *count;
};

static void
post_it(struct loop_turn_task *task)
{
    struct posting *posting = CONTAINER_OF(task, struct posting, task);
    assert_status(loop_post(posting->loop, count_post, posting->count), STATUS_OK);
}

static void
posts_of_tasks_do_not_wait(void **state)
{
    struct net_fixture fixture;
    int count = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    struct posting posting = {{.run = post_it}, fixture.loop, &count};
    loop_at_turn_end(fixture.loop, &posting.task);
    net_run_ms(&fixture, 20);
    assert_int_equal(count, 1);
    net_fixture_close(&fixture);
}

static void
check_time(struct timer *timer)
{
    struct wake *wake = CONTAINER_OF(timer, struct wake, timer);
    wake->due_ms = loop_clock(wake->loop)->now_ms;
}

static void
timers_keep_time(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    struct wake late = {.loop = fixture.loop};
    struct wake soon = {.loop = fixture.loop};
    struct wake never = {.loop = fixture.loop};
    net_step(&fixture);
    uint64_t begin_ms = loop_clock(fixture.loop)->now_ms;
    timer_start(loop_timers(fixture.loop), &late.timer, 80, check_time);
    timer_start(loop_timers(fixture.loop), &soon.timer, 20, check_time);
    timer_start(loop_timers(fixture.loop), &never.timer, 40, check_time);
    timer_stop(loop_timers(fixture.loop), &never.timer);
    net_wait(&fixture, soon.due_ms != 0 && late.due_ms != 0);
    assert_in_range(soon.due_ms - begin_ms, 20, 79);
    assert_in_range(late.due_ms - begin_ms, 80, 5000);
    assert_int_equal(never.due_ms, 0);
    net_fixture_close(&fixture);
}

/* Goal: a callback after a long wait sees the time of its turn, not that of the turn before. */
static void
clock_is_fresh_after_a_wait(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    struct wake wake = {.loop = fixture.loop};
    uint64_t before_ms = net_now_ms();
    timer_start(loop_timers(fixture.loop), &wake.timer, 60, check_time);
    net_run_ms(&fixture, 100);
    assert_in_range(wake.due_ms - before_ms, 58, 5000);
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scheduled_twice_runs_once),
        cmocka_unit_test(cancelled_does_not_run),
        cmocka_unit_test(tasks_of_tasks_run_before_the_wait),
        cmocka_unit_test(posts_of_tasks_do_not_wait),
        cmocka_unit_test(timers_keep_time),
        cmocka_unit_test(clock_is_fresh_after_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
