/* SPDX-License-Identifier: MIT */
/* file: reading a small file whole; paths are UTF-8 on every platform. */
#ifndef HUBPLANE_BASE_FILE_H
#define HUBPLANE_BASE_FILE_H

#include <stdio.h>

#include "common/base/bytes.h"

/**
 * file_read(path, limit_bytes, out):
 * Append the bytes of the file at ${path} to ${out}. Blocks, so it belongs to start-up and reload.
 *   Units:    at most ${limit_bytes} bytes, and at most what ${out} has room for.
 *   Returns:  OK;  NOT_FOUND;  DENIED;  LIMIT - the file is larger;  NO_MEMORY;  IO - anything else. ${out} is as it
 *             was unless OK.
 */
MUST_CHECK enum status file_read(const char *path, size_t limit_bytes, struct buffer *out);

/** file_open(path, mode): As fopen() with a UTF-8 path, close with fclose(); NULL on failure, with
 * errno set. In file_posix.c and file_windows.c. */
FILE *file_open(const char *path, const char *mode);

#endif
