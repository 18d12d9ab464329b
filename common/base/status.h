/* SPDX-License-Identifier: MIT */
/* status: the one error type of the project; values, names and sentences come from status.def. */
#ifndef HUBPLANE_BASE_STATUS_H
#define HUBPLANE_BASE_STATUS_H

/* <windows.h> has a macro STATUS_NO_MEMORY, which it keeps to itself when WIN32_NO_STATUS is
 * defined before; so our headers come first. (WAIT_OBJECT_0 then has no meaning: write 0.) */
#ifdef STATUS_NO_MEMORY
#error "include the project's headers before <windows.h>"
#endif
#ifndef WIN32_NO_STATUS
#define WIN32_NO_STATUS
#endif

enum status {
#define STATUS(name, value, sentence) STATUS_##name = (value),
#include "common/base/status.def"
#undef STATUS
};

/** status_name(status): Return "QUEUE_FULL" for STATUS_QUEUE_FULL; "UNKNOWN" for other values.
 * Static text. */
const char *status_name(enum status status);

/** status_sentence(status): Return the sentence of status.def, for people to read. Static text. */
const char *status_sentence(enum status status);

#endif
