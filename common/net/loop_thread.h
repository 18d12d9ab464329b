/* SPDX-License-Identifier: MIT */
/* loop_thread: a thread that runs one loop. */
#ifndef HUBPLANE_NET_LOOP_THREAD_H
#define HUBPLANE_NET_LOOP_THREAD_H

#include "common/net/loop.h"

struct loop_thread;

/** Start a thread in loop_run(${loop}). OK, NO_MEMORY, IO. */
MUST_CHECK enum status loop_thread_start(struct loop *loop, struct loop_thread **out);
/** Wait for it to end (somebody posts loop_stop) and free it. NULL does nothing. */
void loop_thread_join(struct loop_thread *thread);

#endif
