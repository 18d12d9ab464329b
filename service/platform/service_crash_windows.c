/* SPDX-License-Identifier: MIT */
#include "service/platform/service_crash.h"

#include <signal.h>

#include "service/platform/service_control_windows.h"
#include "service/platform/service_text_windows.h"

#include <windows.h>

#include <dbghelp.h>

enum { CRASH_CHARACTERS = 1024 };

/* A crash belongs to the process, and its handler gets no argument: all is prepared here, so that
 * little has to work then. */
static struct {
    wchar_t folder[CRASH_CHARACTERS];
    wchar_t name[256];
} crash;

static bool
write_dump(const wchar_t *path, EXCEPTION_POINTERS *pointers)
{
    MINIDUMP_EXCEPTION_INFORMATION information = {GetCurrentThreadId(), pointers, FALSE};
    HANDLE file =
        CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);

    if (file == INVALID_HANDLE_VALUE) {
        return false;
    }
    /* Without the heap: private keys and payloads do not belong into a file that is sent to
     * somebody. */
    bool is_written =
        MiniDumpWriteDump(GetCurrentProcess(), GetCurrentProcessId(), file,
                          MiniDumpNormal | MiniDumpWithThreadInfo | MiniDumpWithUnloadedModules,
                          pointers != NULL ? &information : NULL, NULL, NULL);
    CloseHandle(file);
    return is_written;
}

static void
report_crash(EXCEPTION_POINTERS *pointers)
{
    wchar_t path[CRASH_CHARACTERS + 300], text[CRASH_CHARACTERS + 400];
    const wchar_t *texts[] = {text};
    SYSTEMTIME now;

    GetSystemTime(&now);
    (void)swprintf(path, CRASH_CHARACTERS + 300, L"%ls\\%ls-%04d%02d%02dT%02d%02d%02dZ.dmp",
                   crash.folder, crash.name, now.wYear, now.wMonth, now.wDay, now.wHour,
                   now.wMinute, now.wSecond);
    bool is_written = write_dump(path, pointers);
    (void)swprintf(text, CRASH_CHARACTERS + 400, L": exception 0x%08lx at 0x%p, minidump %ls",
                   pointers != NULL ? pointers->ExceptionRecord->ExceptionCode : 0UL,
                   pointers != NULL ? pointers->ExceptionRecord->ExceptionAddress : NULL,
                   is_written ? path : L"could not be written");
    HANDLE source = RegisterEventSourceW(NULL, crash.name);
    if (source != NULL) {
        ReportEventW(source, EVENTLOG_ERROR_TYPE, 0,
                     service_control_event_id(SERVICE_EVENT_CRASHED), NULL, 1, 0, texts, NULL);
        DeregisterEventSource(source);
    }
}

static LONG WINAPI
on_exception(EXCEPTION_POINTERS *pointers)
{
    report_crash(pointers);
    return EXCEPTION_EXECUTE_HANDLER; /* ends the process with the exception's code; the failure
                                         actions restart it */
}

/* assert() and abort() raise no exception that a filter would see. */
static void
on_abort(int number)
{
    CONTEXT context;
    EXCEPTION_RECORD record = {.ExceptionCode = 0xE0000001U};
    EXCEPTION_POINTERS pointers = {&record, &context};

    (void)number;
    RtlCaptureContext(&context);
    record.ExceptionAddress = __builtin_return_address(0);
    report_crash(&pointers);
    TerminateProcess(GetCurrentProcess(), 3);
}

void
service_crash_watch(const char *folder, const char *service_name)
{
    if (service_text_widen(folder, crash.folder, CRASH_CHARACTERS) &&
        service_text_widen(service_name, crash.name, 256)) {
        SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
        SetUnhandledExceptionFilter(on_exception);
        signal(SIGABRT, on_abort);
    }
}
