/* SPDX-License-Identifier: MIT */
/* timer: many timers over one clock, without an event loop: a loop or a test asks what is due and
 * runs it. */
#ifndef HUBPLANE_BASE_TIMER_H
#define HUBPLANE_BASE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/annotate.h"
#include "common/base/clock.h"
#include "common/base/status.h"

struct timer;
typedef void (*timer_fn)(struct timer *timer);

/* Embedded in its owner (CONTAINER_OF gets back); zero-initialised means stopped. */
struct timer {
    timer_fn on_due;
    uint64_t due_ms;   /* in clock->now_ms terms */
    uint64_t order;    /* equal due times run in the order they were started */
    uint32_t position; /* index in the heap plus one; 0 = not running */
};

struct timers {
    struct clock *clock;
    struct timer **heap;
    uint32_t count;
    uint32_t capacity;
    uint64_t next_order;
};

/** No timers, over ${clock}, which must outlive them. */
void timers_init(struct timers *timers, struct clock *clock);
/** Every timer must be stopped or forgotten by then. */
void timers_deinit(struct timers *timers);
/** timer_start(timers, timer, delay_ms, on_due): (Re)start; fires once, from timers_run(), never
 * inside this call. Running out of memory here aborts the program: timers are few and small. */
void timer_start(struct timers *timers, struct timer *timer, uint64_t delay_ms, timer_fn on_due);
/** Idempotent. */
void timer_stop(struct timers *timers, struct timer *timer);
/** False from just before its on_due is called. */
bool timer_is_running(const struct timer *timer);
/** Milliseconds until the next timer is due: 0 = now, UINT64_MAX = none. */
uint64_t timers_next_delay_ms(const struct timers *timers);
/** Run everything due at clock->now_ms; timers started meanwhile with delay 0 wait for the next
 * call. */
void timers_run(struct timers *timers);

#endif
