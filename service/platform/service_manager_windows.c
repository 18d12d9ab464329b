/* SPDX-License-Identifier: MIT */
#include "service/platform/service_manager.h"

#include <stdio.h>
#include <string.h>

#include "service/platform/service_control_windows.h"
#include "service/platform/service_file.h"
#include "service/platform/service_system.h"
#include "service/platform/service_text_windows.h"

#include <windows.h>

#include <shellapi.h>

enum {
    NAME_CHARACTERS = 256, /* the limit of the service control manager */
    PATH_CHARACTERS = 2048,
    RESTART_FIRST_MS = 5000,
    RESTART_LATER_MS = 60000,
    FAILURES_FORGOTTEN_S = 24 * 3600,
    PRESHUTDOWN_MS = 45000, /* draining (15 s by default), flushing, and some reserve */
    STOP_WAIT_MS = 60000,
};

static const wchar_t description[] = L"Carries SignalR across the web farm: browsers connected to "
                                     L"one server hear what happens on every other.";

/* One run of install or uninstall. */
struct management {
    const char *name;
    struct buffer *messages;
    wchar_t wide_name[NAME_CHARACTERS];
    SC_HANDLE manager;
    SC_HANDLE service;
};

static enum status
fail(struct management *work, const char *what)
{
    DWORD code = GetLastError();
    enum status status = service_text_status(code);
    char text[512];

    switch (status) {
    case STATUS_DENIED:
        buffer_append_format(work->messages,
                             "%s needs administrator rights: run it in an elevated prompt\n", what);
        break;
    case STATUS_NOT_FOUND:
        buffer_append_format(
            work->messages,
            "there is no service \"%s\": \"hubplane-service install --name %s\" makes one\n",
            work->name, work->name);
        break;
    case STATUS_EXISTS:
        buffer_append_format(work->messages,
                             "there is a service \"%s\" already: choose another --name, or add "
                             "--update to renew its settings\n",
                             work->name);
        break;
    default:
        if (code == ERROR_SERVICE_MARKED_FOR_DELETE) {
            buffer_append_format(work->messages,
                                 "\"%s\" was deleted but is still in use: close the Services "
                                 "window, then try again\n",
                                 work->name);
            break;
        }
        buffer_append_format(work->messages, "%s failed: %s (error %lu)\n", what,
                             service_text_error(code, text, sizeof(text)), code);
        break;
    }
    return status;
}

static enum status
open_manager(struct management *work, const char *what, DWORD rights)
{
    if (!service_text_widen(work->name, work->wide_name, NAME_CHARACTERS) ||
        strpbrk(work->name, "/\\\"") != NULL) {
        buffer_append_string(
            work->messages,
            "the name of a service has at most 255 characters, none of them / \\ or \"\n");
        return STATUS_INVALID;
    }
    work->manager = OpenSCManagerW(NULL, NULL, rights);
    return work->manager != NULL ? STATUS_OK : fail(work, what);
}

static void
close_all(struct management *work)
{
    if (work->service != NULL) {
        CloseServiceHandle(work->service);
    }
    if (work->manager != NULL) {
        CloseServiceHandle(work->manager);
    }
}

/* "C:\Program Files\Hubplane\hubplane-service.exe" run --name Hubplane: quoted, or a C:\Program.exe
 * would be started. */
static bool
write_command(const struct service_setup *setup, const wchar_t *name, wchar_t out[PATH_CHARACTERS])
{
    wchar_t program[PATH_CHARACTERS], configuration[PATH_CHARACTERS];
    char absolute[PATH_CHARACTERS * 2];
    DWORD length = GetModuleFileNameW(NULL, program, PATH_CHARACTERS);

    if (length == 0 || length >= PATH_CHARACTERS) {
        return false;
    }
    if (setup->configuration == NULL) {
        return swprintf(out, PATH_CHARACTERS, L"\"%ls\" run --name \"%ls\"", program, name) > 0;
    }
    service_file_absolute(setup->configuration, absolute, sizeof(absolute));
    return service_text_widen(absolute, configuration, PATH_CHARACTERS) &&
           swprintf(out, PATH_CHARACTERS, L"\"%ls\" run --name \"%ls\" --config \"%ls\"", program,
                    name, configuration) > 0;
}

static enum status
make_command(struct management *work, const struct service_setup *setup,
             wchar_t out[PATH_CHARACTERS])
{
    if (!write_command(setup, work->wide_name, out)) {
        buffer_append_string(work->messages,
                             "the path of the program or of the configuration is too long\n");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static bool
set_command(struct management *work, const wchar_t *command)
{
    return ChangeServiceConfigW(work->service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                SERVICE_NO_CHANGE, command, NULL, NULL, NULL, NULL, NULL, NULL);
}

static enum status
create_service(struct management *work, const struct service_setup *setup)
{
    wchar_t command[PATH_CHARACTERS], account[NAME_CHARACTERS + 16], title[NAME_CHARACTERS + 32];
    enum status status = make_command(work, setup, command);

    if (status != STATUS_OK) {
        return status;
    }
    (void)swprintf(account, NAME_CHARACTERS + 16, L"NT SERVICE\\%ls", work->wide_name);
    (void)swprintf(title, NAME_CHARACTERS + 32,
                   wcscmp(work->wide_name, L"Hubplane") == 0 ? L"Hubplane" : L"Hubplane (%ls)",
                   work->wide_name);
    work->service =
        CreateServiceW(work->manager, work->wide_name, title, SERVICE_ALL_ACCESS,
                       SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command,
                       NULL, NULL, L"Tcpip\0", account, NULL);
    return work->service != NULL ? STATUS_OK : fail(work, "install");
}

union service_config {
    QUERY_SERVICE_CONFIGW facts;
    uint8_t room[8 * 1024]; /* the most the service control manager returns */
};

/* An installer may have written the program's path without quotes: then C:\Program.exe would be
 * started if there were one. */
static void
quote_command(struct management *work)
{
    union service_config config;
    wchar_t program[PATH_CHARACTERS], quoted[PATH_CHARACTERS];
    DWORD needed, length = GetModuleFileNameW(NULL, program, PATH_CHARACTERS);

    if (!QueryServiceConfigW(work->service, &config.facts, sizeof(config), &needed) ||
        _wcsnicmp(config.facts.lpBinaryPathName, program, length) != 0) {
        return; /* quoted, or somebody else's */
    }
    (void)swprintf(quoted, PATH_CHARACTERS, L"\"%ls\"%ls", program,
                   config.facts.lpBinaryPathName + length);
    if (!set_command(work, quoted)) {
        buffer_append_string(work->messages,
                             "warning: the path of the program could not be quoted\n");
    }
}

/* Have the service read ${setup}'s configuration from its next start on. */
static enum status
change_command(struct management *work, const struct service_setup *setup)
{
    wchar_t command[PATH_CHARACTERS];
    enum status status = make_command(work, setup, command);

    if (status == STATUS_OK && !set_command(work, command)) {
        status = fail(work, "install");
    }
    return status;
}

/* What the service control manager cannot set is a line, not a failure: the service works without
 * it. */
static void
change(struct management *work, DWORD level, void *setting, const char *what)
{
    if (!ChangeServiceConfig2W(work->service, level, setting)) {
        char text[512];
        DWORD code = GetLastError();
        buffer_append_format(work->messages, "warning: %s could not be set: %s (error %lu)\n", what,
                             service_text_error(code, text, sizeof(text)), code);
    }
}

static void
change_settings(struct management *work)
{
    SC_ACTION actions[] = {{SC_ACTION_RESTART, RESTART_FIRST_MS},
                           {SC_ACTION_RESTART, RESTART_LATER_MS},
                           {SC_ACTION_RESTART, RESTART_LATER_MS}};
    SERVICE_FAILURE_ACTIONSW failure = {.dwResetPeriod = FAILURES_FORGOTTEN_S,
                                        .cActions = 3,
                                        .lpsaActions = actions};
    SERVICE_FAILURE_ACTIONS_FLAG failure_flag = {
        TRUE}; /* also when it ends by itself with an error */
    SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};
    SERVICE_PRESHUTDOWN_INFO preshutdown = {PRESHUTDOWN_MS};
    SERVICE_SID_INFO sid = {
        SERVICE_SID_TYPE_UNRESTRICTED}; /* so that files can be opened to this service alone */
    wchar_t privileges[] = SE_CHANGE_NOTIFY_NAME L"\0"; /* every other privilege is dropped */
    SERVICE_REQUIRED_PRIVILEGES_INFOW required = {privileges};
    wchar_t text[sizeof(description) / sizeof(description[0])];
    SERVICE_DESCRIPTIONW about = {text};

    memcpy(text, description, sizeof(description));
    change(work, SERVICE_CONFIG_DESCRIPTION, &about, "the description");
    change(work, SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "restarting after a failure");
    change(work, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &failure_flag, "restarting after an error");
    change(work, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed, "the delayed start");
    change(work, SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown, "the time to drain at shutdown");
    change(work, SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "the service's own SID");
    change(work, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required, "the list of privileges");
}

/* Where the Event Log looks for the program's message table. */
static void
source_key(const struct management *work, wchar_t out[PATH_CHARACTERS])
{
    (void)swprintf(out, PATH_CHARACTERS,
                   L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\%ls",
                   work->wide_name);
}

static void
register_source(struct management *work)
{
    wchar_t key[PATH_CHARACTERS], program[PATH_CHARACTERS];
    DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    DWORD length = GetModuleFileNameW(NULL, program, PATH_CHARACTERS);

    source_key(work, key);
    LSTATUS code = RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, L"EventMessageFile", REG_EXPAND_SZ,
                                   program, (length + 1) * (DWORD)sizeof(wchar_t));
    if (code == ERROR_SUCCESS) {
        code = RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, L"TypesSupported", REG_DWORD, &types,
                               sizeof(types));
    }
    if (code != ERROR_SUCCESS) {
        buffer_append_format(work->messages,
                             "warning: the event source could not be registered (error %ld)\n",
                             code);
    }
}

static void
prepare_folder(struct management *work)
{
    char folder[PATH_CHARACTERS];

    service_system_folder(work->name, folder, sizeof(folder));
    enum status status = service_file_make_folder(folder);
    if (status == STATUS_OK) {
        status = service_file_restrict_folder(folder, work->name);
    }
    if (status != STATUS_OK) {
        buffer_append_format(work->messages,
                             "warning: the folder \"%s\" could not be prepared: %s\n", folder,
                             status_sentence(status));
    }
}

enum status
service_manager_install(const struct service_setup *setup, struct buffer *messages)
{
    struct management work = {.name = setup->name, .messages = messages};
    enum status status =
        open_manager(&work, "install", SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);

    if (status == STATUS_OK && setup->is_update) {
        work.service = OpenServiceW(work.manager, work.wide_name, SERVICE_ALL_ACCESS);
        status = work.service != NULL ? STATUS_OK : fail(&work, "install");
        if (status == STATUS_OK && setup->configuration != NULL) {
            status = change_command(&work, setup);
        } else if (status == STATUS_OK) {
            quote_command(&work);
        }
    } else if (status == STATUS_OK) {
        status = create_service(&work, setup);
    }
    if (status == STATUS_OK) {
        change_settings(&work);
        register_source(&work);
        prepare_folder(&work);
    }
    close_all(&work);
    return status;
}

static enum status
wait_until_stopped(struct management *work)
{
    SERVICE_STATUS facts;

    for (DWORD waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms += 100) {
        if (!QueryServiceStatus(work->service, &facts) || facts.dwCurrentState == SERVICE_STOPPED) {
            return STATUS_OK;
        }
        if (facts.dwCurrentState != SERVICE_STOP_PENDING) {
            (void)ControlService(work->service, SERVICE_CONTROL_STOP, &facts);
        }
        Sleep(100);
    }
    buffer_append_format(
        work->messages,
        "\"%s\" did not stop within a minute: end it in the Task Manager, then try again\n",
        work->name);
    return STATUS_TIMED_OUT;
}

enum status
service_manager_uninstall(const char *name, struct buffer *messages)
{
    struct management work = {.name = name, .messages = messages};
    enum status status = open_manager(&work, "uninstall", SC_MANAGER_CONNECT);
    wchar_t key[PATH_CHARACTERS];

    if (status == STATUS_OK) {
        work.service = OpenServiceW(work.manager, work.wide_name,
                                    SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
        status = work.service != NULL ? wait_until_stopped(&work) : fail(&work, "uninstall");
    }
    if (status == STATUS_OK && !DeleteService(work.service)) {
        status = fail(&work, "uninstall");
    }
    if (status == STATUS_OK) {
        source_key(&work, key);
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, key);
    }
    close_all(&work);
    return status;
}

enum status
service_manager_query(const char *name, struct buffer *messages, bool *is_running)
{
    static const char *const words[] = {
        "",        "STOPPED",          "START_PENDING", "STOP_PENDING",
        "RUNNING", "CONTINUE_PENDING", "PAUSE_PENDING", "PAUSED"};
    struct management work = {.name = name, .messages = messages};
    SERVICE_STATUS facts;
    enum status status = open_manager(&work, "status", SC_MANAGER_CONNECT);

    *is_running = false;
    if (status == STATUS_OK) {
        work.service = OpenServiceW(work.manager, work.wide_name, SERVICE_QUERY_STATUS);
        status = work.service != NULL && QueryServiceStatus(work.service, &facts)
                     ? STATUS_OK
                     : fail(&work, "status");
    }
    if (status == STATUS_OK) {
        *is_running = facts.dwCurrentState != SERVICE_STOPPED;
        buffer_append_string(messages, facts.dwCurrentState <= SERVICE_PAUSED
                                           ? words[facts.dwCurrentState]
                                           : "?");
    }
    close_all(&work);
    return status;
}

/* The FILE of --config FILE. */
static enum status
find_configuration(const wchar_t *command, char *out, size_t size)
{
    enum status status = STATUS_NOT_FOUND;
    int count;
    wchar_t **arguments = CommandLineToArgvW(command, &count);

    if (arguments == NULL) {
        return STATUS_IO;
    }
    for (int i = 0; i + 1 < count; i++) {
        if (wcscmp(arguments[i], L"--config") == 0) {
            status = service_text_narrow(arguments[i + 1], out, size) ? STATUS_OK : STATUS_INVALID;
        }
    }
    LocalFree((void *)arguments);
    return status;
}

enum status
service_manager_configuration(const char *name, char *out, size_t size)
{
    struct buffer unheard; /* whoever cares for the service itself asks service_manager_query() */
    struct management work = {.name = name, .messages = &unheard};
    union service_config config;
    DWORD needed;

    buffer_init(&unheard, 4096);
    enum status status = open_manager(&work, "status", SC_MANAGER_CONNECT);
    if (status == STATUS_OK) {
        work.service = OpenServiceW(work.manager, work.wide_name, SERVICE_QUERY_CONFIG);
        status = work.service != NULL &&
                         QueryServiceConfigW(work.service, &config.facts, sizeof(config), &needed)
                     ? find_configuration(config.facts.lpBinaryPathName, out, size)
                     : service_text_status(GetLastError());
    }
    close_all(&work);
    buffer_deinit(&unheard);
    return status;
}

enum status
service_manager_set_option(const char *name, const char *section, const char *option,
                           const char *value)
{
    char path[PATH_CHARACTERS];
    wchar_t wide_path[PATH_CHARACTERS], wide_option[NAME_CHARACTERS], wide_value[PATH_CHARACTERS];
    HKEY key;

    (void)snprintf(path, sizeof(path), "SYSTEM\\CurrentControlSet\\Services\\%s", name);
    if (!service_text_widen(path, wide_path, PATH_CHARACTERS) ||
        !service_text_widen(option, wide_option, NAME_CHARACTERS) ||
        !service_text_widen(value, wide_value, PATH_CHARACTERS)) {
        return STATUS_INVALID;
    }
    /* The service must be there: a key without it would stay for ever. */
    LSTATUS code =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide_path, 0, KEY_READ | KEY_CREATE_SUB_KEY, &key);
    if (code != ERROR_SUCCESS) {
        return service_text_status((DWORD)code);
    }
    (void)snprintf(path, sizeof(path), "Parameters\\%s", section);
    code = service_text_widen(path, wide_path, PATH_CHARACTERS)
               ? RegSetKeyValueW(key, wide_path, wide_option, REG_SZ, wide_value,
                                 (DWORD)((wcslen(wide_value) + 1) * sizeof(wchar_t)))
               : ERROR_INVALID_PARAMETER;
    RegCloseKey(key);
    return service_text_status((DWORD)code);
}

void
service_manager_report(const char *name, enum service_event event, const char *detail)
{
    wchar_t wide_name[NAME_CHARACTERS], wide_detail[PATH_CHARACTERS];
    const wchar_t *texts[] = {wide_detail};

    if (!service_text_widen(name, wide_name, NAME_CHARACTERS) ||
        !service_text_widen(detail, wide_detail, PATH_CHARACTERS)) {
        return;
    }
    HANDLE source = RegisterEventSourceW(NULL, wide_name);
    if (source != NULL) {
        ReportEventW(source, service_control_event_type(event), 0, service_control_event_id(event),
                     NULL, 1, 0, texts, NULL);
        DeregisterEventSource(source);
    }
}
