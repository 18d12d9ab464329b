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

/**
 * file_beside(file, path, out):
 * Append ${path}, which the file at ${file} names: as it is if it is absolute, else put after the
 * folder of ${file}.
 *   Returns:  OK;  LIMIT, NO_MEMORY - those of ${out}.
 *   In file_posix.c and file_windows.c.
 */
enum status file_beside(const char *file, struct bytes path, struct buffer *out);

/** file_open(path, mode): As fopen() with a UTF-8 path, close with fclose(); NULL on failure, with
 * errno set. In file_posix.c and file_windows.c. */
FILE *file_open(const char *path, const char *mode);

#endif
