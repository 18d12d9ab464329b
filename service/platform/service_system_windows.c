/* SPDX-License-Identifier: MIT */
#include "service/platform/service_system.h"

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include <shellapi.h>

static char *
narrow(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = malloc((size_t)(size > 0 ? size : 1));

    if (text != NULL && WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL) == 0) {
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
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, SERVICE_SYSTEM_NAME_BYTES, NULL, NULL) == 0) {
        (void)snprintf(out, SERVICE_SYSTEM_NAME_BYTES, "node");
    }
}

static const char *
below_program_data(const char *file, char *out, size_t size)
{
    wchar_t wide[512];
    char folder[1024];
    DWORD length = GetEnvironmentVariableW(L"ProgramData", wide, 512);

    if (length == 0 || length >= 512 ||
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, folder, sizeof(folder), NULL, NULL) == 0) {
        (void)snprintf(folder, sizeof(folder), "C:\\ProgramData");
    }
    (void)snprintf(out, size, "%s\\Hubplane\\%s", folder, file);
    return out;
}

const char *
service_system_default_configuration(char *out, size_t size)
{
    return below_program_data("hubplane.ini", out, size);
}

const char *
service_system_default_log(char *out, size_t size)
{
    return below_program_data("hubplane-service.log", out, size);
}
