/* SPDX-License-Identifier: MIT */
/* Goal of this test: what other threads post runs on the loop's thread, all of it, each thread's in
 * order. */
#include "tests/unit/net/net_fixture.h"

#include <uv.h>

#include <stdlib.h>

enum { THREADS = 4, POSTS = 50000 };

struct poster {
    struct loop *loop;
    uv_thread_t thread;
    int next; /* as seen on the loop */
    int *done;
};

struct item {
    struct poster *poster;
    int number;
};

static void
take_item(void *context)
{
    struct item *item = context;
    assert_int_equal(item->number, item->poster->next);
    item->poster->next++;
    if (item->poster->next == POSTS) {
        (*item->poster->done)++;
    }
    free(item);
}

static void
post_items(void *context)
{
    struct poster *poster = context;
    for (int i = 0; i < POSTS; i++) {
        struct item *item = malloc(sizeof *item);
        if (item == NULL) {
            abort();
        }
        *item = (struct item){poster, i};
        if (loop_post(poster->loop, take_item, item) != STATUS_OK) {
            abort();
        }
    }
}

static void
order_is_kept(void **state)
{
    struct net_fixture fixture;
    struct poster posters[THREADS];
    int done = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.loop = fixture.loop, .done = &done};
        assert_int_equal(uv_thread_create(&posters[i].thread, post_items, &posters[i]), 0);
    }
    net_wait(&fixture, done == THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(uv_thread_join(&posters[i].thread), 0);
    }
    assert_int_equal(loop_counters(fixture.loop)->posts, THREADS * POSTS);
    net_fixture_close(&fixture);
}

static void
count_up(void *context)
{
    int *count = context;
    (*count)++;
}

static void
posted_before_run(void **state)
{
    struct net_fixture fixture;
    int count = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    assert_status(loop_post(fixture.loop, count_up, &count), STATUS_OK);
    assert_int_equal(count, 0);
    net_wait(&fixture, count == 1);
    net_fixture_close(&fixture);
}

struct chain {
    struct loop *loop;
    int left;
};

static void
post_next(void *context)
{
    struct chain *chain = context;
    if (--chain->left > 0) {
        assert_status(loop_post(chain->loop, post_next, chain), STATUS_OK);
    }
}

static void
free_runs_what_was_posted(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open_loop(&fixture);
    struct chain chain = {fixture.loop, 10};
    int count = 0;
    assert_status(loop_post(fixture.loop, post_next, &chain), STATUS_OK);
    assert_status(loop_post(fixture.loop, count_up, &count), STATUS_OK);
    loop_free(fixture.loop);
    assert_int_equal(chain.left, 0);
    assert_int_equal(count, 1);
    buffer_deinit(&fixture.logged);
}

static void
stop(void *context)
{
    loop_stop(context);
}

static void
stop_comes_after_what_was_posted(void **state)
{
    struct net_fixture fixture;
    int count = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    assert_status(loop_post(fixture.loop, stop, fixture.loop), STATUS_OK);
    assert_status(loop_post(fixture.loop, count_up, &count), STATUS_OK);
    loop_run(fixture.loop);
    assert_int_equal(count, 1);
    loop_stop(fixture.loop);
    loop_run(fixture.loop); /* returns at once */
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(posted_before_run),
        cmocka_unit_test(free_runs_what_was_posted),
        cmocka_unit_test(stop_comes_after_what_was_posted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
