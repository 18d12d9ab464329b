/* SPDX-License-Identifier: MIT */
#include "common/base/file.h"

#include <string.h>

FILE *
file_open(const char *path, const char *mode)
{
    return fopen(path, mode);
}

enum status
file_beside(const char *file, struct bytes path, struct buffer *out)
{
    const char *slash = strrchr(file, '/');

    if (slash != NULL && !bytes_starts_with(path, BYTES("/"))) {
        (void)buffer_append(out, bytes_from(file, (size_t)(slash - file) + 1));
    }
    return buffer_append(out, path);
}
