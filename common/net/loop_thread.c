/* SPDX-License-Identifier: MIT */
#include "common/net/loop_thread.h"

#include <uv.h>

#include <stdlib.h>

struct loop_thread {
    uv_thread_t thread;
};

static void
run(void *argument)
{
    loop_run(argument);
}

enum status
loop_thread_start(struct loop *loop, struct loop_thread **out)
{
    struct loop_thread *thread = malloc(sizeof(*thread));

    if (thread == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (uv_thread_create(&thread->thread, run, loop) != 0) {
        free(thread);
        return STATUS_IO;
    }
    *out = thread;
    return STATUS_OK;
}

void
loop_thread_join(struct loop_thread *thread)
{
    if (thread != NULL) {
        (void)uv_thread_join(&thread->thread);
        free(thread);
    }
}
