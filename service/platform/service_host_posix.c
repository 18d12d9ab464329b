/* SPDX-License-Identifier: MIT */
#include "service/platform/service_host.h"

#include <signal.h>
#include <stdlib.h>

struct service_host {
    struct loop_signal *interrupt;
    struct loop_signal *terminate;
    struct loop_signal *hang_up;
    service_control_fn fn;
    void *owner;
};

static void
on_stop_signal(void *context)
{
    struct service_host *host = context;
    host->fn(host->owner, SERVICE_CONTROL_REQUEST_STOP);
}

static void
on_reload_signal(void *context)
{
    struct service_host *host = context;
    host->fn(host->owner, SERVICE_CONTROL_REQUEST_RELOAD);
}

int
service_host_run(const char *service_name, service_main_fn main, void *owner)
{
    struct service_host host = {0};

    (void)service_name;
    return main(owner, &host);
}

enum status
service_host_listen(struct service_host *host, struct loop *loop, service_control_fn fn,
                    void *owner)
{
    host->fn = fn;
    host->owner = owner;
    enum status status = loop_signal_open(loop, SIGINT, on_stop_signal, host, &host->interrupt);
    if (status == STATUS_OK) {
        status = loop_signal_open(loop, SIGTERM, on_stop_signal, host, &host->terminate);
    }
    if (status == STATUS_OK) {
        status = loop_signal_open(loop, SIGHUP, on_reload_signal, host, &host->hang_up);
    }
    return status;
}

static void
close_signal(struct loop_signal **signal)
{
    if (*signal != NULL) {
        loop_signal_close(*signal);
        *signal = NULL;
    }
}

void
service_host_unlisten(struct service_host *host)
{
    close_signal(&host->interrupt);
    close_signal(&host->terminate);
    close_signal(&host->hang_up);
}

void
service_host_report(struct service_host *host, enum service_phase phase, uint32_t hint_ms)
{
    (void)host;
    (void)phase;
    (void)hint_ms;
}

bool
service_host_is_service(const struct service_host *host)
{
    (void)host;
    return false;
}

void
service_host_write_event(struct service_host *host, enum service_event event, const char *detail)
{
    /* The journal has the log's lines, with their priorities. */
    (void)host;
    (void)event;
    (void)detail;
}
