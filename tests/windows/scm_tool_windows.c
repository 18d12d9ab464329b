/* SPDX-License-Identifier: MIT */
/*
 * scm_tool: the verbs that Wine's "sc" lacks, for tests. One line of "name=value" words a status.
 *   query NAME            the status now
 *   control NAME CODE     send a control, then the status
 *   start NAME, stop NAME do it, and one status line for each change until it has come to rest
 *   config NAME           command, account, start type, time to drain at shutdown
 *   crash NAME            let a thread of the service's process run into nowhere
 *   message FILE ID       an entry of FILE's message table with %1 in place
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { POLL_MS = 2, REST_MS = 60000 };

static int
fail(const char *what)
{
    printf("error=%lu %s\n", GetLastError(), what);
    return 1;
}

static void
print_status(const SERVICE_STATUS_PROCESS *facts)
{
    static const char *const words[] = {
        "?",       "STOPPED",          "START_PENDING", "STOP_PENDING",
        "RUNNING", "CONTINUE_PENDING", "PAUSE_PENDING", "PAUSED"};

    printf("state=%s accepted=0x%lx checkpoint=%lu hint=%lu exit=%lu specific=%lu\n",
           words[facts->dwCurrentState & 7], facts->dwControlsAccepted, facts->dwCheckPoint,
           facts->dwWaitHint, facts->dwWin32ExitCode, facts->dwServiceSpecificExitCode);
    fflush(stdout);
}

static BOOL
read_status(SC_HANDLE service, SERVICE_STATUS_PROCESS *facts)
{
    DWORD needed;
    return QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)facts, sizeof(*facts),
                                &needed);
}

static int
query(SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS facts;

    if (!read_status(service, &facts)) {
        return fail("query");
    }
    print_status(&facts);
    return 0;
}

static int
control(SC_HANDLE service, const char *code)
{
    SERVICE_STATUS facts;

    if (!ControlService(service, strtoul(code, NULL, 0), &facts)) {
        return fail("control");
    }
    return query(service);
}

/* Print each change until the service rests in a state that is not pending. */
static int
follow(SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS facts, last = {0};

    for (int waited_ms = 0; waited_ms < REST_MS; waited_ms += POLL_MS) {
        if (!read_status(service, &facts)) {
            return fail("query");
        }
        if (facts.dwCurrentState != last.dwCurrentState ||
            facts.dwCheckPoint != last.dwCheckPoint) {
            print_status(&facts);
            last = facts;
        }
        if (facts.dwCurrentState != SERVICE_START_PENDING &&
            facts.dwCurrentState != SERVICE_STOP_PENDING) {
            return 0;
        }
        Sleep(POLL_MS);
    }
    printf("error=0 it does not come to rest\n");
    return 1;
}

static int
start(SC_HANDLE service)
{
    return StartServiceW(service, 0, NULL) ? follow(service) : fail("start");
}

static int
stop(SC_HANDLE service)
{
    SERVICE_STATUS facts;

    if (!ControlService(service, SERVICE_CONTROL_STOP, &facts)) {
        return fail("stop");
    }
    return follow(service);
}

static int
config(SC_HANDLE service)
{
    union {
        QUERY_SERVICE_CONFIGW facts;
        BYTE room[8192];
    } config;
    SERVICE_PRESHUTDOWN_INFO preshutdown = {0};
    DWORD needed;

    if (!QueryServiceConfigW(service, &config.facts, sizeof(config), &needed)) {
        return fail("config");
    }
    if (!QueryServiceConfig2W(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, (BYTE *)&preshutdown,
                              sizeof(preshutdown), &needed)) {
        return fail("preshutdown");
    }
    printf("command=%ls\naccount=%ls\nstart=%lu\npreshutdown=%lu\n", config.facts.lpBinaryPathName,
           config.facts.lpServiceStartName, config.facts.dwStartType,
           preshutdown.dwPreshutdownTimeout);
    return 0;
}

static int
crash(SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS facts;
    /* Nothing is ever mapped there, and it is what a call through a cleared pointer does. */
    LPTHREAD_START_ROUTINE nowhere = (LPTHREAD_START_ROUTINE)(uintptr_t)0x10;

    if (!read_status(service, &facts)) {
        return fail("query");
    }
    HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, facts.dwProcessId);
    if (process == NULL || CreateRemoteThread(process, NULL, 0, nowhere, NULL, 0, NULL) == NULL) {
        return fail("crash");
    }
    if (WaitForSingleObject(process, REST_MS) != WAIT_OBJECT_0) {
        return fail("it lives on");
    }
    DWORD code = 0;
    GetExitCodeProcess(process, &code);
    printf("exit=0x%lx\n", code);
    return 0;
}

static int
message(const char *file, const char *id)
{
    DWORD_PTR texts[] = {(DWORD_PTR)L" <detail>"};
    wchar_t text[4096];
    HMODULE module = LoadLibraryExA(file, NULL, LOAD_LIBRARY_AS_DATAFILE);

    if (module == NULL) {
        return fail("load");
    }
    if (FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY, module,
                       strtoul(id, NULL, 0), 0x409, text, 4096, (va_list *)texts) == 0) {
        return fail("message");
    }
    printf("%ls", text);
    return 0;
}

int
main(int count, char **arguments)
{
    if (count == 4 && strcmp(arguments[1], "message") == 0) {
        return message(arguments[2], arguments[3]);
    }
    if (count < 3) {
        return 2;
    }
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceA(manager, arguments[2], SERVICE_ALL_ACCESS);
    if (service == NULL) {
        return fail("open");
    }
    if (strcmp(arguments[1], "query") == 0) {
        return query(service);
    }
    if (strcmp(arguments[1], "control") == 0 && count == 4) {
        return control(service, arguments[3]);
    }
    if (strcmp(arguments[1], "start") == 0) {
        return start(service);
    }
    if (strcmp(arguments[1], "stop") == 0) {
        return stop(service);
    }
    if (strcmp(arguments[1], "config") == 0) {
        return config(service);
    }
    if (strcmp(arguments[1], "crash") == 0) {
        return crash(service);
    }
    return 2;
}
