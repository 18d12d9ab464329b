/* SPDX-License-Identifier: MIT */
#include "service/platform/service_system.h"

#include <stdio.h>
#include <windows.h>

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
