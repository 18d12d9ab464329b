/* SPDX-License-Identifier: MIT */
/* jsonp: a response as a call of a function the client named. */
#ifndef HUBPLANE_SERVICE_JSONP_H
#define HUBPLANE_SERVICE_JSONP_H

#include "common/base/bytes.h"

enum { JSONP_CALLBACK_BYTES_MAX = 256 };

/**
 * jsonp_is_valid_callback(name):
 * Whether ${name} is dot-separated JavaScript identifiers, none of them reserved: letters, $ and _
 * first, then digits too. Non-ASCII letters are accepted as any well-formed UTF-8 above U+00AA that
 * is no blank or line separator.
 *   Source:   signalr2-protocol.md 12.5, T12.
 */
bool jsonp_is_valid_callback(struct bytes name);

/** `callback(json);` with < > U+2028 U+2029 escaped in ${json}, so that old script parsers accept
 * it. */
enum status jsonp_append(struct buffer *out, struct bytes callback, struct bytes json);

#define JSONP_DISABLED_REASON "Forbidden: JSONP is disabled."

#endif
