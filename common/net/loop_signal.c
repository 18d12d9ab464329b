/* SPDX-License-Identifier: MIT */
#include "common/net/loop.h"
#include "common/net/loop_uv.h"
#include "common/net/net_error.h"

#include <uv.h>

#include <stdlib.h>

struct loop_signal {
    uv_signal_t uv;
    struct loop *loop;
    loop_fn fn;
    void *context;
};

static void
free_signal(uv_handle_t *handle)
{
    free(handle->data);
}

static void
on_signal(uv_signal_t *handle, int number)
{
    struct loop_signal *signal = handle->data;
    (void)number;
    loop_entered(signal->loop);
    signal->fn(signal->context);
}

enum status
loop_signal_open(struct loop *loop, int signal_number, loop_fn fn, void *context,
                 struct loop_signal **out)
{
    struct loop_signal *signal = calloc(1, sizeof *signal);
    if (signal == NULL) {
        return STATUS_NO_MEMORY;
    }
    int code = uv_signal_init(loop_uv(loop), &signal->uv);
    if (code != 0) {
        free(signal);
        return net_error_status(code);
    }
    signal->uv.data = signal;
    signal->loop = loop;
    signal->fn = fn;
    signal->context = context;
    code = uv_signal_start(&signal->uv, on_signal, signal_number);
    if (code != 0) {
        uv_close((uv_handle_t *)&signal->uv, free_signal);
        return net_error_status(code);
    }
    *out = signal;
    return STATUS_OK;
}

void
loop_signal_close(struct loop_signal *signal)
{
    if (signal != NULL) {
        uv_close((uv_handle_t *)&signal->uv, free_signal);
    }
}
