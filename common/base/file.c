/* SPDX-License-Identifier: MIT */
#include "common/base/file.h"

#include <errno.h>

static enum status
status_of_errno(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
        return STATUS_DENIED;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO;
    }
}

static enum status
read_all(FILE *file, size_t limit_bytes, struct buffer *out)
{
    enum status status = STATUS_OK;
    uint8_t chunk[4096];
    size_t total = 0;
    size_t length;

    while (status == STATUS_OK && (length = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        total += length;
        status = total > limit_bytes ? STATUS_LIMIT : buffer_append(out, bytes_from(chunk, length));
    }
    return status == STATUS_OK && ferror(file) ? STATUS_IO : status;
}

enum status
file_read(const char *path, size_t limit_bytes, struct buffer *out)
{
    size_t start = out->length;
    enum status status;
    FILE *file;

    errno = 0;
    file = file_open(path, "rb");
    if (file == NULL) {
        return status_of_errno(errno);
    }
    status = read_all(file, limit_bytes, out);
    if (status != STATUS_OK) {
        buffer_truncate(out, start);
    }
    fclose(file);
    return status;
}
