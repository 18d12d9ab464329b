/* SPDX-License-Identifier: MIT */
/* loop: one event loop of one thread: its timers, its clock, and the only door into it from other
 * threads. */
#ifndef HUBPLANE_NET_LOOP_H
#define HUBPLANE_NET_LOOP_H

#include "common/base/log.h"
#include "common/base/timer.h"

struct loop;
typedef void (*loop_fn)(void *context);

/* Work to be done once at the end of the present turn, before the loop waits: flush coalesced
 * writes, hand batches to other loops. Embedded in its owner; scheduling it twice in a turn runs it
 * once. Zero-initialised = idle. An owner that may go while its task is scheduled calls
 * loop_turn_task_cancel() first. */
struct loop_turn_task {
    void (*run)(struct loop_turn_task *task);
    struct loop_turn_task *next; /* NULL while not scheduled */
    struct loop_turn_task *previous;
};

/* What the loop and its streams have done since loop_new; for metrics and tests. Loop thread only.
 */
struct loop_counters {
    uint64_t turns;
    uint64_t reads;      /* reads that brought bytes */
    uint64_t read_bytes; /* off the sockets: with TLS, ciphertext */
    uint64_t writes;     /* system calls that wrote (or requests for them) */
    uint64_t write_bytes;
    uint64_t posts; /* functions run for loop_post() */
};

/** ${log} must outlive the loop. OK or NO_MEMORY / IO. */
MUST_CHECK enum status loop_new(struct log *log, struct loop **out);
/** Everything opened on it must be closed (or closing); runs posted work and the loop until the
 * last handle's close callback. Something left open is named in the log and aborts the program
 * after a minute. NULL does nothing. */
void loop_free(struct loop *loop);
/** Run until loop_stop() (then one last pass over posted work). Its thread becomes "the loop
 * thread". */
void loop_run(struct loop *loop);
/** Makes loop_run() return; called before it, the next loop_run() returns at once. Loop thread
 * only; from elsewhere post it. */
void loop_stop(struct loop *loop);
/** loop_post(loop, fn, context): Run ${fn} on the loop thread, later, in the order posted. Any
 * thread, also before loop_run. Returns NO_MEMORY, or CLOSED when the loop is being freed (then
 * ${fn} never runs). */
MUST_CHECK enum status loop_post(struct loop *loop, loop_fn fn, void *context);
struct timers *loop_timers(struct loop *loop);
struct clock *loop_clock(struct loop *loop);
struct log *loop_log(struct loop *loop);
const struct loop_counters *loop_counters(const struct loop *loop);
/** Tasks scheduled by tasks, and work they post, also run before the loop waits. */
void loop_at_turn_end(struct loop *loop, struct loop_turn_task *task);
/** Idempotent; harmless for an idle task. */
void loop_turn_task_cancel(struct loop_turn_task *task);

/* Signals (SIGINT, SIGTERM, SIGHUP; on Windows the console control events as SIGINT/SIGHUP). */
struct loop_signal;
MUST_CHECK enum status loop_signal_open(struct loop *loop, int signal_number, loop_fn fn,
                                        void *context, struct loop_signal **out);
/** ${fn} is not called again; the memory goes later. NULL does nothing. */
void loop_signal_close(struct loop_signal *signal);

#endif
