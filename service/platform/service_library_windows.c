/* SPDX-License-Identifier: MIT */
#include "service/platform/service_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/platform/service_text_windows.h"

#include <windows.h>

enum { PATH_CHARACTERS = 2048 };

struct service_library {
    HMODULE handle;
};

/* A full path, so that nothing is ever looked for in the current folder or in PATH. */
static bool
find_file(const char *path, wchar_t *out)
{
    wchar_t given[PATH_CHARACTERS], joined[2 * PATH_CHARACTERS];

    if (!service_text_widen(path, given, PATH_CHARACTERS)) {
        return false;
    }
    if (wcspbrk(given, L"/\\:") != NULL) {
        DWORD length = GetFullPathNameW(given, PATH_CHARACTERS, out, NULL);
        return length > 0 && length < PATH_CHARACTERS;
    }
    DWORD length = GetModuleFileNameW(NULL, joined, PATH_CHARACTERS);
    wchar_t *name = length > 0 && length < PATH_CHARACTERS ? wcsrchr(joined, L'\\') : NULL;
    if (name == NULL) {
        return false;
    }
    wcscpy(name + 1, given);
    if (wcslen(joined) >= PATH_CHARACTERS) {
        return false;
    }
    wcscpy(out, joined);
    return true;
}

enum status
service_library_open(const char *path, struct buffer *problem, struct service_library **out)
{
    wchar_t file[PATH_CHARACTERS];
    char text[SERVICE_TEXT_CHARACTERS];
    struct service_library *library = calloc(1, sizeof(*library));

    if (library == NULL || !find_file(path, file)) {
        enum status status = library == NULL ? STATUS_NO_MEMORY : STATUS_INVALID;
        free(library);
        buffer_append_format(problem, "cannot load it: %s", status_sentence(status));
        return status;
    }
    library->handle =
        LoadLibraryExW(file, NULL,
                       LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    if (library->handle == NULL) {
        DWORD code = GetLastError();
        buffer_append_format(problem, "cannot load it: %s",
                             service_text_error(code, text, sizeof(text)));
        free(library);
        return code == ERROR_MOD_NOT_FOUND || code == ERROR_FILE_NOT_FOUND ? STATUS_NOT_FOUND
                                                                           : STATUS_INVALID;
    }
    *out = library;
    return STATUS_OK;
}

service_library_fn
service_library_find(const struct service_library *library, const char *name)
{
    /* A cast between function types that differ says so through void *. */
    union {
        FARPROC symbol;
        service_library_fn fn;
    } found = {GetProcAddress(library->handle, name)};

    return found.fn;
}

void
service_library_close(struct service_library *library)
{
    if (library != NULL) {
        (void)FreeLibrary(library->handle);
        free(library);
    }
}
