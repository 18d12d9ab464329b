/* SPDX-License-Identifier: MIT */
#include "service/platform/service_host.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "service/platform/service_control_windows.h"
#include "service/platform/service_text_windows.h"

#include <windows.h>

enum {
    CONTROL_COUNT = SERVICE_CONTROL_REQUEST_RELOAD + 1,
    PENDING_HINT_MS = 3000, /* until the program says how long it takes */
    EVENT_TEXT_CHARACTERS = 2048
};

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
    struct posted_control controls[CONTROL_COUNT];
    struct loop_signal *interrupt; /* in the console */
    struct {
        SRWLOCK lock; /* the handler runs on a thread of the service control manager */
        struct loop *loop;
        service_control_fn fn;
        void *owner;
        SERVICE_STATUS reported;
        bool is_stop_wanted; /* for ever: whoever listens next is told again */
        struct service_event_limit limit;
    } shared;
    HANDLE event_source; /* NULL in the console */
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
    if (host->shared.loop != NULL &&
        loop_post(host->shared.loop, run_control, &host->controls[control]) != STATUS_OK) {
        /* The loop is ending: of all controls only a stop still means something, and it is kept. */
    }
    ReleaseSRWLockExclusive(&host->shared.lock);
}

static void
want_stop(struct service_host *host)
{
    AcquireSRWLockExclusive(&host->shared.lock);
    host->shared.is_stop_wanted = true;
    ReleaseSRWLockExclusive(&host->shared.lock);
}

static void
fill_status(const struct service_host *host, SERVICE_STATUS *status, DWORD state, DWORD hint_ms)
{
    bool is_pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    bool is_serving = state == SERVICE_RUNNING || state == SERVICE_PAUSED;

    status->dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status->dwCurrentState = state;
    status->dwWaitHint = hint_ms;
    status->dwCheckPoint = is_pending ? status->dwCheckPoint + 1 : 0;
    status->dwControlsAccepted = is_serving ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN |
                                                  SERVICE_ACCEPT_PAUSE_CONTINUE |
                                                  SERVICE_ACCEPT_PARAMCHANGE
                                            : 0;
    if (state == SERVICE_STOPPED && host->exit_code != 0) {
        status->dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        status->dwServiceSpecificExitCode = (DWORD)host->exit_code;
    }
}

/* Any thread. */
static void
set_status(struct service_host *host, DWORD state, DWORD hint_ms)
{
    bool is_ending = state == SERVICE_STOP_PENDING || state == SERVICE_STOPPED;

    if (host->status == NULL) {
        return;
    }
    AcquireSRWLockExclusive(&host->shared.lock);
    /* A stop may arrive just before the loop's thread says that we run: that is out of date. */
    if (is_ending || !host->shared.is_stop_wanted) {
        fill_status(host, &host->shared.reported, state, hint_ms);
        SetServiceStatus(host->status, &host->shared.reported);
    }
    ReleaseSRWLockExclusive(&host->shared.lock);
}

uint32_t
service_control_take(struct service_host *host, uint32_t control)
{
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        want_stop(host);
        /* Before this returns: who stopped us (an installer) looks at once, and takes anything but
         * pending for done. And before the loop is told: once STOPPED is reported nobody need wait
         * for the answer to this control. */
        set_status(host, SERVICE_STOP_PENDING, PENDING_HINT_MS);
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

static DWORD WINAPI
handle_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    return service_control_take(context, control);
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
    set_status(host, SERVICE_START_PENDING, PENDING_HINT_MS);
    host->event_source = RegisterEventSourceW(NULL, arguments[0]);
    host->exit_code = host->main(host->owner, host);
    if (host->event_source != NULL) {
        DeregisterEventSource(host->event_source);
    }
    /* Last of all: the process may be ended as soon as this is known. */
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
    if (!service_text_widen(service_name, name, 256)) {
        fprintf(stderr, "hubplane-service: the name of a service has at most 255 characters\n");
        return 2;
    }
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    the_host = &host;
    if (StartServiceCtrlDispatcherW(table)) {
        return host.exit_code;
    }
    /* ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: a person started us. */
    SetConsoleOutputCP(CP_UTF8);
    return main(owner, &host);
}

static void
on_console_stop(void *context)
{
    struct service_host *host = context;
    host->shared.fn(host->shared.owner, SERVICE_CONTROL_REQUEST_STOP);
}

enum status
service_host_listen(struct service_host *host, struct loop *loop, service_control_fn fn,
                    void *owner)
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
    static const DWORD states[] = {SERVICE_START_PENDING, SERVICE_RUNNING, SERVICE_PAUSED,
                                   SERVICE_STOP_PENDING};

    set_status(host, states[phase], hint_ms);
}

bool
service_host_is_service(const struct service_host *host)
{
    return host->status != NULL;
}

static bool
allows_event(struct service_host *host, enum service_event event, unsigned *suppressed)
{
    AcquireSRWLockExclusive(&host->shared.lock);
    bool is_allowed =
        service_event_allows(&host->shared.limit, event, clock_read_monotonic_ms(), suppressed);
    ReleaseSRWLockExclusive(&host->shared.lock);
    return is_allowed;
}

void
service_host_write_event(struct service_host *host, enum service_event event, const char *detail)
{
    char text[EVENT_TEXT_CHARACTERS];
    wchar_t wide[EVENT_TEXT_CHARACTERS];
    const wchar_t *texts[] = {wide};
    unsigned suppressed;

    if (host->event_source == NULL || !allows_event(host, event, &suppressed)) {
        return;
    }
    if (suppressed > 0) {
        (void)snprintf(text, sizeof(text), "%s (%u more of these were left out)", detail,
                       suppressed);
    } else {
        (void)snprintf(text, sizeof(text), "%s", detail);
    }
    if (service_text_widen(text, wide, EVENT_TEXT_CHARACTERS)) {
        ReportEventW(host->event_source, service_control_event_type(event), 0,
                     service_control_event_id(event), NULL, 1, 0, texts, NULL);
    }
}

uint16_t
service_control_event_type(enum service_event event)
{
    static const WORD types[] = {EVENTLOG_ERROR_TYPE, EVENTLOG_WARNING_TYPE,
                                 EVENTLOG_INFORMATION_TYPE, EVENTLOG_INFORMATION_TYPE};

    return types[service_event_level(event)];
}

uint32_t
service_control_event_id(enum service_event event)
{
    static const uint32_t severities[] = {0xC0000000U, 0x80000000U, 0x40000000U, 0x40000000U};
    return severities[service_event_level(event)] | service_event_number(event);
}
