/* SPDX-License-Identifier: MIT */
#include "bridge/authority/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"

/* Coarser than the time stamps of any file system. */
#define YOUNG_NS INT64_C(2000000000)

static enum status
status_of_errno(void)
{
    switch (errno) {
    case EEXIST:
        return STATUS_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    case ENOENT:
        return STATUS_NOT_FOUND;
    default:
        return STATUS_IO;
    }
}

char *
state_path(const char *directory, const char *name)
{
    struct buffer path;
    char *copy = NULL;

    buffer_init(&path, STATE_PATH_MAX_BYTES);
    if (buffer_append_format(&path, "%s/%s", directory, name) == STATUS_OK) {
        copy = bytes_duplicate(buffer_bytes(&path));
    }
    buffer_deinit(&path);
    return copy;
}

enum status
state_directory_make(const char *path)
{
    char *copy = bytes_duplicate(bytes_from_string(path));
    enum status status = STATUS_OK;

    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST) {
            status = status_of_errno();
        }
        *slash = '/';
    }
    if (status == STATUS_OK && mkdir(copy, 0700) != 0 && errno != EEXIST) {
        status = status_of_errno();
    }
    free(copy);
    return status;
}

enum status
state_directory_check(const char *path)
{
    enum status status = state_directory_make(path);

    if (status == STATUS_OK && access(path, R_OK | W_OK | X_OK) != 0) {
        status = status_of_errno();
    }
    return status;
}

static int64_t
nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

bool
state_file_changed(struct state_stamp *stamp, const char *path)
{
    struct state_stamp before = *stamp;
    struct stat file;

    *stamp = (struct state_stamp){false};
    if (stat(path, &file) == 0) {
        *stamp = (struct state_stamp){
            .was_there = true,
            .inode = file.st_ino,
            .size = file.st_size,
            .modified_ns = nanoseconds(file.st_mtim),
            .changed_ns = nanoseconds(file.st_ctim),
        };
        stamp->is_young = (int64_t)clock_read_wall_ms() * 1000000 - stamp->changed_ns < YOUNG_NS;
    }
    return before.is_young || before.was_there != stamp->was_there ||
           before.inode != stamp->inode || before.size != stamp->size ||
           before.modified_ns != stamp->modified_ns || before.changed_ns != stamp->changed_ns;
}

bool
state_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum status
write_all(int file, struct bytes content)
{
    while (content.length > 0) {
        ssize_t written = write(file, content.data, content.length);

        if (written < 0 && errno != EINTR) {
            return status_of_errno();
        }
        content = bytes_after(content, written < 0 ? 0 : (size_t)written);
    }
    return STATUS_OK;
}

/* The command line is often used by root, and the daemon must be able to read what it leaves. */
static enum status
give_to_owner(int file, const char *path)
{
    struct stat directory;
    char *copy;
    bool is_given;

    if (geteuid() != 0) {
        return STATUS_OK;
    }
    copy = bytes_duplicate(bytes_from_string(path));
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    is_given = stat(dirname(copy), &directory) == 0 &&
               fchown(file, directory.st_uid, directory.st_gid) == 0;
    free(copy);
    return is_given ? STATUS_OK : status_of_errno();
}

static enum status
write_flushed(const char *path, struct bytes content, enum state_file_privacy privacy)
{
    mode_t mode = privacy == STATE_FILE_PRIVATE ? 0600 : 0644;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    enum status status;

    if (file < 0) {
        return status_of_errno();
    }
    status = write_all(file, content);
    if (status == STATUS_OK) {
        status = give_to_owner(file, path);
    }
    /* The mode at open() is cut by the umask, which must not hide what is public. */
    if (status == STATUS_OK && (fchmod(file, mode) != 0 || fsync(file) != 0)) {
        status = status_of_errno();
    }
    if (close(file) != 0 && status == STATUS_OK) {
        status = status_of_errno();
    }
    return status;
}

static char *
beside(const char *path)
{
    struct buffer name;
    char *copy = NULL;

    buffer_init(&name, STATE_PATH_MAX_BYTES);
    if (buffer_append_format(&name, "%s+%ld", path, (long)getpid()) == STATUS_OK) {
        copy = bytes_duplicate(buffer_bytes(&name));
    }
    buffer_deinit(&name);
    return copy;
}

/* ${place}: rename() replaces what is there, link() refuses to. */
static enum status
write_file(const char *path, struct bytes content, enum state_file_privacy privacy,
           int (*place)(const char *from, const char *to))
{
    char *temporary = beside(path);
    enum status status;

    if (temporary == NULL) {
        return STATUS_NO_MEMORY;
    }
    (void)unlink(temporary);
    status = write_flushed(temporary, content, privacy);
    if (status == STATUS_OK && place(temporary, path) != 0) {
        status = status_of_errno();
    }
    (void)unlink(temporary);
    free(temporary);
    return status;
}

enum status
state_file_write(const char *path, struct bytes content, enum state_file_privacy privacy)
{
    return write_file(path, content, privacy, rename);
}

enum status
state_file_create(const char *path, struct bytes content, enum state_file_privacy privacy)
{
    return write_file(path, content, privacy, link);
}

enum status
state_file_append(const char *path, struct bytes line)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    enum status status;

    if (file < 0) {
        return status_of_errno();
    }
    status = give_to_owner(file, path);
    if (status == STATUS_OK) {
        status = write_all(file, line);
    }
    if (close(file) != 0 && status == STATUS_OK) {
        status = status_of_errno();
    }
    return status;
}
