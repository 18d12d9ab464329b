/* SPDX-License-Identifier: MIT */
#include "common/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* The wide copy of ${text} for free(), or NULL with errno set. */
static wchar_t *
widen(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide;

    if (length <= 0) {
        errno = ENOENT;
        return NULL;
    }
    wide = calloc((size_t)length, sizeof(*wide));
    if (wide == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
    return wide;
}

FILE *
file_open(const char *path, const char *mode)
{
    wchar_t *wide_path = widen(path);
    wchar_t *wide_mode = widen(mode);
    FILE *file = NULL;

    if (wide_path != NULL && wide_mode != NULL) {
        file = _wfopen(wide_path, wide_mode);
    }
    free(wide_mode);
    free(wide_path);
    return file;
}

static bool
is_separator(uint8_t c)
{
    return c == '\\' || c == '/' || c == ':'; /* C:web01.pem is relative, but not to us */
}

enum status
file_beside(const char *file, struct bytes path, struct buffer *out)
{
    size_t folder_length = strlen(file);
    bool is_absolute =
        path.length > 0 && (is_separator(path.data[0]) || (path.length > 1 && path.data[1] == ':'));

    while (folder_length > 0 && !is_separator((uint8_t)file[folder_length - 1])) {
        folder_length--;
    }
    if (!is_absolute) {
        (void)buffer_append(out, bytes_from(file, folder_length));
    }
    return buffer_append(out, path);
}
