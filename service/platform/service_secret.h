/* SPDX-License-Identifier: MIT */
/* service_secret: secrets at rest, bound to this machine. Twins: service_secret_windows.c (DPAPI,
 * machine scope) and service_secret_posix.c, where there is no such thing and the file mode has to
 * do. */
#ifndef HUBPLANE_SERVICE_SERVICE_SECRET_H
#define HUBPLANE_SERVICE_SERVICE_SECRET_H

#include "common/base/bytes.h"

/** Append ${plain} in a form that only this machine can read. OK, UNSUPPORTED (POSIX), NO_MEMORY,
 * IO. */
MUST_CHECK enum status service_secret_protect(struct bytes plain, struct buffer *out);
/** The reverse. INVALID - made on another machine, or damaged; UNSUPPORTED, NO_MEMORY. */
MUST_CHECK enum status service_secret_unprotect(struct bytes secret, struct buffer *out);

#endif
