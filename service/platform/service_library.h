/* SPDX-License-Identifier: MIT */
/* service_library: code loaded while running: a DLL or .so. Twins: service_library_posix.c,
 * service_library_windows.c. */
#ifndef HUBPLANE_SERVICE_SERVICE_LIBRARY_H
#define HUBPLANE_SERVICE_SERVICE_LIBRARY_H

#include "common/base/bytes.h"

struct service_library;
typedef void (*service_library_fn)(void);

/** service_library_open(path, problem, out): Load it; the same file loaded twice is one. A name
 * without a folder is looked for beside the program, and nowhere else. OK; otherwise ${problem}
 * receives a sentence: NOT_FOUND, INVALID, NO_MEMORY. */
MUST_CHECK enum status service_library_open(const char *path, struct buffer *problem,
                                            struct service_library **out);
/** The exported function of that name; NULL when there is none. */
service_library_fn service_library_find(const struct service_library *library, const char *name);
/** Nothing of it may be running any more. NULL does nothing. */
void service_library_close(struct service_library *library);

#endif
