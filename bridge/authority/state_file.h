/* SPDX-License-Identifier: MIT */
/* state_file: small files of the state directory, written so that a crash leaves the old or the new
 * one, never half of it. */
#ifndef HUBPLANE_BRIDGE_STATE_FILE_H
#define HUBPLANE_BRIDGE_STATE_FILE_H

#include "common/base/bytes.h"

enum { STATE_FILE_MAX_BYTES = 1024 * 1024, STATE_PATH_MAX_BYTES = 4096 };

/* Who may read a file. */
enum state_file_privacy {
    STATE_FILE_PRIVATE, /* its owner: mode 0600 */
    STATE_FILE_PUBLIC,  /* everyone: mode 0644 */
};

/* A file (or directory) as it was last seen, to notice that it has changed, by whichever way.
 * Zero-initialised: not seen yet. */
struct state_stamp {
    bool was_there;
    bool is_young; /* it could change again without a difference: times are coarse */
    uint64_t inode;
    int64_t size;
    int64_t modified_ns; /* Unix time */
    int64_t changed_ns;
};

/* What a root user writes belongs to the owner of the directory, which is who runs the daemon. */

/** state_path(directory, name): "DIRECTORY/NAME" for free(); NULL when out of memory or too long.
 */
char *state_path(const char *directory, const char *name);
/** Make the directory, and those above it, with mode 0700. OK, DENIED or IO. */
MUST_CHECK enum status state_directory_make(const char *path);
/** Make the directory if need be; whether files can be made in it. OK, DENIED or IO. */
MUST_CHECK enum status state_directory_check(const char *path);
bool state_file_exists(const char *path);
/** Whether the file differs from ${stamp}, which is brought up to date. True a few times more than
 * it need be. */
bool state_file_changed(struct state_stamp *stamp, const char *path);
/** Replace the file: written beside it, flushed to the disk, renamed. OK, DENIED, IO, NO_MEMORY. */
MUST_CHECK enum status state_file_write(const char *path, struct bytes content,
                                        enum state_file_privacy privacy);
/** The same, but EXISTS when there is one already; two processes cannot both succeed. */
MUST_CHECK enum status state_file_create(const char *path, struct bytes content,
                                         enum state_file_privacy privacy);
/** Add one line at the end. OK, DENIED, IO. */
MUST_CHECK enum status state_file_append(const char *path, struct bytes line);

#endif
