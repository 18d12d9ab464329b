/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_loop.h"

#include <assert.h>
#include <stdlib.h>

struct posted {
    struct list_node node;
    void (*fn)(void *argument);
    void *argument;
};

static void
run_posted(struct fake_loop *loop)
{
    while (!list_is_empty(&loop->posted)) {
        struct posted *posted = CONTAINER_OF(list_first(&loop->posted), struct posted, node);
        struct posted now = *posted;
        list_remove(&posted->node);
        assert(loop->posted.head.next != &posted->node); /* the analyzer cannot see it */
        free(posted);
        now.fn(now.argument);
    }
}

static void
on_due(struct timer *timer)
{
    run_posted(CONTAINER_OF(timer, struct fake_loop, timer));
}

static enum status
post(void *context, void (*fn)(void *argument), void *argument)
{
    struct fake_loop *loop = context;
    struct posted *posted = malloc(sizeof(*posted));

    assert(posted != NULL);
    *posted = (struct posted){.fn = fn, .argument = argument};
    list_append(&loop->posted, &posted->node);
    timer_start(loop->timers, &loop->timer, 0, on_due);
    return STATUS_OK;
}

void
fake_loop_init(struct fake_loop *loop, struct timers *timers)
{
    *loop = (struct fake_loop){.timers = timers};
    list_init(&loop->posted);
}

void
fake_loop_deinit(struct fake_loop *loop)
{
    run_posted(loop);
    timer_stop(loop->timers, &loop->timer);
}

struct poster
fake_loop_poster(struct fake_loop *loop)
{
    return (struct poster){post, loop};
}
