/* SPDX-License-Identifier: MIT */
/* service_text_windows: texts between UTF-8, as everywhere inside, and UTF-16, as Windows has them.
 * Only for *_windows.c files. */
#ifndef HUBPLANE_SERVICE_SERVICE_TEXT_WINDOWS_H
#define HUBPLANE_SERVICE_SERVICE_TEXT_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "common/base/status.h"

enum { SERVICE_TEXT_CHARACTERS = 2048 };

/** UTF-8 into ${out}, which has room for ${size} characters; false when it does not fit or is not
 * UTF-8. */
bool service_text_widen(const char *text, wchar_t *out, size_t size);
/** The reverse; ${size} bytes. */
bool service_text_narrow(const wchar_t *wide, char *out, size_t size);
/** What Windows says about an error code, without line end, in ${out}. */
const char *service_text_error(unsigned long code, char *out, size_t size);
/** The status that stands for a Win32 error code. */
enum status service_text_status(unsigned long code);

#endif
