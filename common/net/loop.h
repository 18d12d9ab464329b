/* SPDX-License-Identifier: MIT */
/* loop: one event loop of one thread: its timers, its clock, and the only door into it from other threads. */
#ifndef HUBPLANE_NET_LOOP_H
#define HUBPLANE_NET_LOOP_H

#include "common/base/log.h"
#include "common/base/timer.h"

struct loop;
typedef void (*loop_fn)(void *context);

/* Work to be done once at the end of the present turn, before the loop waits: flush coalesced writes, hand batches to
 * other loops. Embedded in its owner; scheduling it twice in a turn runs it once. Zero-initialised = idle. */
struct loop_turn_task {
    void (*run)(struct loop_turn_task *task);
    struct loop_turn_task *next;
    bool is_scheduled;
};

/** ${log} must outlive the loop. OK or NO_MEMORY / IO. */
MUST_CHECK enum status loop_new(struct log *log, struct loop **out);
/** Everything opened on it must be closed; runs the loop until the last handle's close callback. NULL does nothing. */
void loop_free(struct loop *loop);
/** Run until loop_stop() (then one last pass over posted work). Its thread becomes "the loop thread". */
void loop_run(struct loop *loop);
/** Loop thread only; from elsewhere post it. */
void loop_stop(struct loop *loop);
/** loop_post(loop, fn, context): Run ${fn} on the loop thread, later, in the order posted. Any thread, also before
 *  loop_run. Returns NO_MEMORY, or CLOSED when the loop is being freed (then ${fn} never runs). */
MUST_CHECK enum status loop_post(struct loop *loop, loop_fn fn, void *context);
struct timers *loop_timers(struct loop *loop);
struct clock *loop_clock(struct loop *loop);
struct log *loop_log(struct loop *loop);
void loop_at_turn_end(struct loop *loop, struct loop_turn_task *task);

/* Signals (SIGINT, SIGTERM, SIGHUP; on Windows the console control events as SIGINT/SIGHUP). */
struct loop_signal;
MUST_CHECK enum status loop_signal_open(struct loop *loop, int signal_number, loop_fn fn, void *context,
                                        struct loop_signal **out);
void loop_signal_close(struct loop_signal *signal);

#endif
