/* SPDX-License-Identifier: MIT */
#include "service/platform/service_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status
status_of_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    default:
        return STATUS_IO;
    }
}

enum status
service_file_move(const char *from, const char *to)
{
    return rename(from, to) == 0 ? STATUS_OK : status_of_errno();
}

enum status
service_file_delete(const char *path)
{
    return unlink(path) == 0 ? STATUS_OK : status_of_errno();
}

enum status
service_file_make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ? STATUS_OK : status_of_errno();
}

static bool
write_all(int file, struct bytes text)
{
    while (text.length > 0) {
        ssize_t written = write(file, text.data, text.length);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text = bytes_after(text, written > 0 ? (size_t)written : 0);
    }
    return fsync(file) == 0;
}

enum status
service_file_write_secret(const char *path, struct bytes text, const char *service_name)
{
    char fresh[PATH_MAX];

    (void)service_name;
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    (void)unlink(fresh);
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return status_of_errno();
    }
    bool is_written = write_all(file, text);
    is_written = close(file) == 0 && is_written;
    enum status status = is_written ? service_file_move(fresh, path) : STATUS_IO;
    if (status != STATUS_OK) {
        (void)unlink(fresh);
    }
    return status;
}

enum status
service_file_restrict_folder(const char *path, const char *service_name)
{
    (void)path;
    (void)service_name;
    return STATUS_OK;
}

bool
service_file_is_exposed(const char *path, struct buffer *problem)
{
    struct stat facts;

    if (stat(path, &facts) != 0 || (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
        return false;
    }
    /* root:hubplane 0640 is how a package shares a file with its daemon. */
    if ((facts.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0 && facts.st_uid == 0) {
        return false;
    }
    buffer_append_format(problem, "can be read by others (mode %04o): run \"chmod 600\" on it",
                         facts.st_mode & 07777U);
    return true;
}

enum status
service_file_purge(const char *folder, const char *const *patterns)
{
    (void)folder;
    (void)patterns;
    return STATUS_UNSUPPORTED;
}

const char *
service_file_absolute(const char *path, char *out, size_t size)
{
    char *real = realpath(path, NULL);

    (void)snprintf(out, size, "%s", real != NULL ? real : path);
    free(real);
    return out;
}
