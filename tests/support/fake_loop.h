/* SPDX-License-Identifier: MIT */
/* fake_loop: a poster for tests in virtual time: what is posted runs, in order, when the timers run
 * next. */
#ifndef HUBPLANE_TESTS_FAKE_LOOP_H
#define HUBPLANE_TESTS_FAKE_LOOP_H

#include "common/base/list.h"
#include "common/base/poster.h"
#include "common/base/timer.h"

struct fake_loop {
    struct timers *timers;
    struct timer timer;
    struct list posted;
};

void fake_loop_init(struct fake_loop *loop, struct timers *timers);
/** Runs what is left. */
void fake_loop_deinit(struct fake_loop *loop);
struct poster fake_loop_poster(struct fake_loop *loop);

#endif
