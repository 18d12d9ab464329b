/* SPDX-License-Identifier: MIT */
/*
 * service_host: what the operating system does with a long-running program: start it, tell it to
 * stop, pause or reload, and hear how it is doing. Twins: service_host_posix.c (signals, systemd)
 * and service_host_windows.c (service control manager, or a console).
 */
#ifndef HUBPLANE_SERVICE_SERVICE_HOST_H
#define HUBPLANE_SERVICE_SERVICE_HOST_H

#include "common/net/loop.h"
#include "service/platform/service_event.h"

struct service_host;

enum service_control {
    SERVICE_CONTROL_REQUEST_STOP,
    SERVICE_CONTROL_REQUEST_PAUSE, /* no new clients; the present ones stay */
    SERVICE_CONTROL_REQUEST_CONTINUE,
    SERVICE_CONTROL_REQUEST_RELOAD, /* SIGHUP, paramchange */
};

enum service_phase {
    SERVICE_PHASE_STARTING, /* say so again before each long step */
    SERVICE_PHASE_RUNNING,  /* listening */
    SERVICE_PHASE_PAUSED,
    SERVICE_PHASE_STOPPING,
};

typedef void (*service_control_fn)(void *owner, enum service_control control);
/* The program between start and end; its return value is the exit code. STOPPED is reported after
 * it has returned. */
typedef int (*service_main_fn)(void *owner, struct service_host *host);

/** service_host_run(service_name, main, owner): Run ${main}: as a Windows service when the service
 * control manager started this process, else in the console. Returns the exit code. */
int service_host_run(const char *service_name, service_main_fn main, void *owner);
/** From now on controls are told on ${loop}'s thread. OK or NO_MEMORY / IO. */
MUST_CHECK enum status service_host_listen(struct service_host *host, struct loop *loop,
                                           service_control_fn fn, void *owner);
/** Before the loop is freed. */
void service_host_unlisten(struct service_host *host);
/** ${hint_ms}: at most this long until the next report; 0 for RUNNING and PAUSED. */
void service_host_report(struct service_host *host, enum service_phase phase, uint32_t hint_ms);
/** Write an entry to the Windows Event Log, if a service control manager started us; nothing
 * elsewhere. ${detail} goes into the event's sentence. Use service_event(), which also writes the
 * log. Any thread. */
void service_host_write_event(struct service_host *host, enum service_event event,
                              const char *detail);
/** Whether the service control manager started us: then nobody reads standard error. */
bool service_host_is_service(const struct service_host *host);

#endif
