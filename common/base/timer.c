/* SPDX-License-Identifier: MIT */
#include "common/base/timer.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * A binary heap: heap[0] is due first, the children of heap[i] are heap[2i+1] and heap[2i+2]. Every
 * timer knows its place, so that stopping one costs no search.
 */

enum { TIMERS_FIRST_CAPACITY = 16 };

void
timers_init(struct timers *timers, struct clock *clock)
{
    *timers = (struct timers){.clock = clock};
}

void
timers_deinit(struct timers *timers)
{
    free(timers->heap);
    timers_init(timers, timers->clock);
}

static bool
is_before(const struct timer *left, const struct timer *right)
{
    return left->due_ms != right->due_ms ? left->due_ms < right->due_ms
                                         : left->order < right->order;
}

static void
put(struct timers *timers, uint32_t index, struct timer *timer)
{
    timers->heap[index] = timer;
    timer->position = index + 1;
}

static void
sift_up(struct timers *timers, uint32_t index, struct timer *timer)
{
    while (index > 0) {
        uint32_t parent = (index - 1) / 2;

        if (!is_before(timer, timers->heap[parent])) {
            break;
        }
        put(timers, index, timers->heap[parent]);
        index = parent;
    }
    put(timers, index, timer);
}

static void
sift_down(struct timers *timers, uint32_t index, struct timer *timer)
{
    for (;;) {
        uint64_t child = 2 * (uint64_t)index + 1;

        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count && is_before(timers->heap[child + 1], timers->heap[child])) {
            child++;
        }
        if (!is_before(timers->heap[child], timer)) {
            break;
        }
        put(timers, index, timers->heap[child]);
        index = (uint32_t)child;
    }
    put(timers, index, timer);
}

static void
grow(struct timers *timers)
{
    uint32_t capacity = timers->capacity == 0 ? TIMERS_FIRST_CAPACITY : timers->capacity * 2;
    struct timer **heap = NULL;

    if (capacity > timers->capacity) {
        heap = realloc(timers->heap, (size_t)capacity * sizeof(struct timer *));
    }
    if (heap == NULL) {
        abort();
    }
    timers->heap = heap;
    timers->capacity = capacity;
}

void
timer_start(struct timers *timers, struct timer *timer, uint64_t delay_ms, timer_fn on_due)
{
    uint64_t now_ms = timers->clock->now_ms;

    timer_stop(timers, timer);
    if (timers->count == timers->capacity) {
        grow(timers);
    }
    timer->on_due = on_due;
    timer->due_ms = delay_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + delay_ms;
    timer->order = timers->next_order++;
    timers->count++;
    sift_up(timers, timers->count - 1, timer);
}

void
timer_stop(struct timers *timers, struct timer *timer)
{
    uint32_t index = timer->position - 1;
    struct timer *last;

    if (timer->position == 0) {
        return;
    }
    assert(index < timers->count && timers->heap[index] == timer);
    timer->position = 0;
    timers->count--;
    last = timers->heap[timers->count];
    if (last == timer) {
        return;
    }
    /* The last one takes the empty place, and may belong above or below it. */
    if (index > 0 && is_before(last, timers->heap[(index - 1) / 2])) {
        sift_up(timers, index, last);
    } else {
        sift_down(timers, index, last);
    }
}

bool
timer_is_running(const struct timer *timer)
{
    return timer->position != 0;
}

uint64_t
timers_next_delay_ms(const struct timers *timers)
{
    uint64_t now_ms = timers->clock->now_ms;

    if (timers->count == 0) {
        return UINT64_MAX;
    }
    return timers->heap[0]->due_ms <= now_ms ? 0 : timers->heap[0]->due_ms - now_ms;
}

void
timers_run(struct timers *timers)
{
    /* Both are fixed here, so that a callback which restarts its timer or moves a virtual clock
     * cannot keep us in this loop. A timer started meanwhile is due no earlier than any that we
     * still owe. */
    uint64_t now_ms = timers->clock->now_ms;
    uint64_t first_new_order = timers->next_order;

    while (timers->count > 0) {
        struct timer *timer = timers->heap[0];

        if (timer->due_ms > now_ms || timer->order >= first_new_order) {
            break;
        }
        timer_stop(timers, timer);
        timer->on_due(timer);
    }
}
