/* SPDX-License-Identifier: MIT */
#include "service/platform/service_text_windows.h"

#include <stdio.h>
#include <windows.h>

bool
service_text_widen(const char *text, wchar_t *out, size_t size)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, (int)size) > 0;
}

bool
service_text_narrow(const wchar_t *wide, char *out, size_t size)
{
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, (int)size, NULL, NULL) > 0;
}

const char *
service_text_error(unsigned long code, char *out, size_t size)
{
    wchar_t wide[512];
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  code, 0, wide, 512, NULL);

    while (length > 0 &&
           (wide[length - 1] == L'\n' || wide[length - 1] == L'\r' || wide[length - 1] == L'.')) {
        wide[--length] = L'\0';
    }
    if (length == 0 || !service_text_narrow(wide, out, size)) {
        (void)snprintf(out, size, "Windows error %lu", code);
    }
    return out;
}

enum status
service_text_status(unsigned long code)
{
    switch (code) {
    case ERROR_SUCCESS:
        return STATUS_OK;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return STATUS_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
        return STATUS_DENIED;
    case ERROR_SERVICE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return STATUS_EXISTS;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO;
    }
}
