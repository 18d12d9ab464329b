/* SPDX-License-Identifier: MIT */
#include "service/platform/service_host.h"

#include <signal.h>
#include <stdlib.h>
#include <windows.h>

enum { CONTROL_COUNT = SERVICE_CONTROL_REQUEST_RELOAD + 1 };

/* A control on its way to the loop's thread. */
struct posted_control {
    struct service_host *host;
    enum service_control control;
};

struct service_host {
    const char *name;
    service_main_fn main;
    void *owner;
    int exit_code;
    SERVICE_STATUS_HANDLE status; /* NULL in the console */
    SERVICE_STATUS reported;
    struct posted_control controls[CONTROL_COUNT];
    struct loop_signal *interrupt; /* in the console */
    struct {
        SRWLOCK lock; /* the handler runs on a thread of the service control manager */
        struct loop *loop;
        service_control_fn fn;
        void *owner;
        bool is_stop_wanted; /* before anybody listened */
    } shared;
};

/* ServiceMain has no argument of ours, and one process hosts one service. */
static struct service_host *the_host;

static void
run_control(void *context)
{
    struct posted_control *posted = context;
    struct service_host *host = posted->host;

    /* Only this thread changes fn, so it may be read without the lock. */
    if (host->shared.fn != NULL) {
        host->shared.fn(host->shared.owner, posted->control);
    }
}

static void
post_control(struct service_host *host, enum service_control control)
{
    AcquireSRWLockExclusive(&host->shared.lock);
    if (host->shared.loop != NULL) {
        /* Fails only while the loop ends, and then there is nothing left to control. */
        if (loop_post(host->shared.loop, run_control, &host->controls[control]) != STATUS_OK) {
            host->shared.is_stop_wanted = true;
        }
    } else if (control == SERVICE_CONTROL_REQUEST_STOP) {
        host->shared.is_stop_wanted = true;
    }
    ReleaseSRWLockExclusive(&host->shared.lock);
}

static DWORD WINAPI
handle_control(DWORD control, DWORD type, void *data, void *context)
{
    struct service_host *host = context;

    (void)type;
    (void)data;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        post_control(host, SERVICE_CONTROL_REQUEST_STOP);
        return NO_ERROR;
    case SERVICE_CONTROL_PAUSE:
        post_control(host, SERVICE_CONTROL_REQUEST_PAUSE);
        return NO_ERROR;
    case SERVICE_CONTROL_CONTINUE:
        post_control(host, SERVICE_CONTROL_REQUEST_CONTINUE);
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
        post_control(host, SERVICE_CONTROL_REQUEST_RELOAD);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void
set_status(struct service_host *host, DWORD state, DWORD hint_ms)
{
    bool is_pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;

    host->reported.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    host->reported.dwCurrentState = state;
    host->reported.dwWaitHint = hint_ms;
    host->reported.dwCheckPoint = is_pending ? host->reported.dwCheckPoint + 1 : 0;
    host->reported.dwControlsAccepted =
        state == SERVICE_RUNNING || state == SERVICE_PAUSED
            ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PAUSE_CONTINUE |
                  SERVICE_ACCEPT_PARAMCHANGE
            : 0;
    if (state == SERVICE_STOPPED && host->exit_code != 0) {
        host->reported.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        host->reported.dwServiceSpecificExitCode = (DWORD)host->exit_code;
    }
    SetServiceStatus(host->status, &host->reported);
}

static void WINAPI
service_main(DWORD count, wchar_t **arguments)
{
    struct service_host *host = the_host;

    (void)count;
    host->status = RegisterServiceCtrlHandlerExW(arguments[0], handle_control, host);
    if (host->status == NULL) {
        host->exit_code = 1;
        return;
    }
    set_status(host, SERVICE_START_PENDING, 3000);
    host->exit_code = host->main(host->owner, host);
    set_status(host, SERVICE_STOPPED, 0);
}

int
service_host_run(const char *service_name, service_main_fn main, void *owner)
{
    struct service_host host = {.name = service_name, .main = main, .owner = owner};
    wchar_t name[256];

    InitializeSRWLock(&host.shared.lock);
    for (int i = 0; i < CONTROL_COUNT; i++) {
        host.controls[i] = (struct posted_control){&host, (enum service_control)i};
    }
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, service_name, -1, name, 256) == 0) {
        return 2;
    }
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    the_host = &host;
    if (StartServiceCtrlDispatcherW(table)) {
        return host.exit_code;
    }
    /* ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: a person started us. */
    return main(owner, &host);
}

static void
on_console_stop(void *context)
{
    struct service_host *host = context;
    host->shared.fn(host->shared.owner, SERVICE_CONTROL_REQUEST_STOP);
}

enum status
service_host_listen(struct service_host *host, struct loop *loop, service_control_fn fn, void *owner)
{
    bool is_stop_wanted;

    AcquireSRWLockExclusive(&host->shared.lock);
    host->shared.loop = loop;
    host->shared.fn = fn;
    host->shared.owner = owner;
    is_stop_wanted = host->shared.is_stop_wanted;
    ReleaseSRWLockExclusive(&host->shared.lock);
    if (is_stop_wanted) {
        post_control(host, SERVICE_CONTROL_REQUEST_STOP);
    }
    if (host->status != NULL) {
        return STATUS_OK;
    }
    return loop_signal_open(loop, SIGINT, on_console_stop, host, &host->interrupt);
}

void
service_host_unlisten(struct service_host *host)
{
    AcquireSRWLockExclusive(&host->shared.lock);
    host->shared.loop = NULL;
    ReleaseSRWLockExclusive(&host->shared.lock);
    if (host->interrupt != NULL) {
        loop_signal_close(host->interrupt);
        host->interrupt = NULL;
    }
}

void
service_host_report(struct service_host *host, enum service_phase phase, uint32_t hint_ms)
{
    static const DWORD states[] = {SERVICE_START_PENDING, SERVICE_RUNNING, SERVICE_PAUSED, SERVICE_STOP_PENDING};

    if (host->status != NULL) {
        set_status(host, states[phase], hint_ms);
    }
}

bool
service_host_is_service(const struct service_host *host)
{
    return host->status != NULL;
}
