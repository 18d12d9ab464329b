/* SPDX-License-Identifier: MIT */
#include "service/platform/service_system.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/platform/service_text_windows.h"

#include <windows.h>

#include <shellapi.h>
#include <shlobj.h>

static char *
narrow(const wchar_t *wide)
{
    size_t size = wcslen(wide) * 3 + 1; /* UTF-8 needs at most three bytes for each UTF-16 unit */
    char *text = malloc(size);

    if (text != NULL && !service_text_narrow(wide, text, size)) {
        text[0] = '\0';
    }
    return text;
}

char **
service_system_arguments(int count, char **arguments)
{
    int wide_count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &wide_count);
    char **copy = calloc((size_t)count + 1, sizeof(*copy));

    if (wide == NULL || copy == NULL || wide_count != count) {
        return arguments; /* the ANSI ones: right but for characters outside the code page */
    }
    for (int i = 0; i < count; i++) {
        copy[i] = narrow(wide[i]);
        if (copy[i] == NULL) {
            return arguments;
        }
    }
    LocalFree(wide);
    return copy;
}

unsigned
service_system_processors(void)
{
    DWORD count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return count < 1 ? 1 : (unsigned)count;
}

void
service_system_host_name(char out[SERVICE_SYSTEM_NAME_BYTES])
{
    wchar_t wide[SERVICE_SYSTEM_NAME_BYTES];
    DWORD size = SERVICE_SYSTEM_NAME_BYTES;

    if (!GetComputerNameExW(ComputerNameDnsHostname, wide, &size) ||
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, SERVICE_SYSTEM_NAME_BYTES, NULL, NULL) ==
            0) {
        (void)snprintf(out, SERVICE_SYSTEM_NAME_BYTES, "node");
    }
}

const char *
service_system_folder(const char *service_name, char *out, size_t size)
{
    wchar_t wide[MAX_PATH];
    char folder[MAX_PATH * 3];

    /* Not the environment: a service's may differ from that of who installed it (under Wine it
     * does). */
    if (SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, SHGFP_TYPE_CURRENT, wide) != S_OK ||
        !service_text_narrow(wide, folder, sizeof(folder))) {
        (void)snprintf(folder, sizeof(folder), "C:\\ProgramData");
    }
    (void)snprintf(out, size, "%s\\%s", folder, service_name);
    return out;
}

static const char *
below_folder(const char *service_name, const char *file, char *out, size_t size)
{
    char folder[1024];

    (void)snprintf(out, size, "%s\\%s", service_system_folder(service_name, folder, sizeof(folder)),
                   file);
    return out;
}

const char *
service_system_default_configuration(const char *service_name, char *out, size_t size)
{
    return below_folder(service_name, "hubplane.ini", out, size);
}

const char *
service_system_default_credentials(const char *service_name, char *out, size_t size)
{
    return below_folder(service_name, "credentials.pem", out, size);
}

const char *
service_system_default_log(const char *service_name, char *out, size_t size)
{
    return below_folder(service_name, "hubplane-service.log", out, size);
}
