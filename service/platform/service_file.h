/* SPDX-License-Identifier: MIT */
/* service_file: what the service does with files beyond reading them: who may read them, moving,
 * deleting. Paths are UTF-8. Twins: service_file_posix.c (mode bits), service_file_windows.c
 * (access control lists). */
#ifndef HUBPLANE_SERVICE_SERVICE_FILE_H
#define HUBPLANE_SERVICE_SERVICE_FILE_H

#include "common/base/bytes.h"

/** Rename ${from} to ${to}, replacing it. OK, NOT_FOUND, DENIED or IO. */
MUST_CHECK enum status service_file_move(const char *from, const char *to);
/** OK, NOT_FOUND, DENIED or IO. */
enum status service_file_delete(const char *path);
/** Make the last folder of ${path} if it is missing. OK, NOT_FOUND, DENIED or IO. */
enum status service_file_make_folder(const char *path);
/**
 * service_file_write_secret(path, text, service_name):
 * Write a file that only its owner (POSIX), or only administrators, the system and the account of
 * the service ${service_name} (Windows) may read. The old file stays whole until the new one is.
 *   Returns:  OK;  NOT_FOUND - no such folder;  DENIED;  IO;  NO_MEMORY.
 */
MUST_CHECK enum status service_file_write_secret(const char *path, struct bytes text,
                                                 const char *service_name);
/** Let only administrators, the system and the service's account into the folder ${path}; nothing
 * on POSIX. OK, DENIED or IO. */
enum status service_file_restrict_folder(const char *path, const char *service_name);
/** Whether others than the owner, administrators and services can read ${path}: then ${problem}
 * receives a sentence that says who, and what to do. */
bool service_file_is_exposed(const char *path, struct buffer *problem);
/** Delete the files in ${folder} whose names match one of ${patterns} ("*.dmp"; the last is NULL),
 * then the folder if that left it empty. OK, NOT_FOUND, EXISTS - something else is in it; DENIED,
 * IO; UNSUPPORTED on POSIX, where packages do this. */
enum status service_file_purge(const char *folder, const char *const *patterns);
/** The absolute form of ${path}, in ${out}. */
const char *service_file_absolute(const char *path, char *out, size_t size);

#endif
