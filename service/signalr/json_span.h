/* SPDX-License-Identifier: MIT */
/*
 * json_span: walks JSON text that is known to be valid and returns its parts as views of the
 * original bytes, so that numbers and strings pass through untouched (12345678901234567890, 1.0,
 * "\/").
 */
#ifndef HUBPLANE_SERVICE_JSON_SPAN_H
#define HUBPLANE_SERVICE_JSON_SPAN_H

#include "common/base/bytes.h"

/**
 * json_span_check(text):
 * Whether ${text} is one well-formed JSON value in UTF-8, blanks around it allowed (parsed by
 * yyjson).
 *   Returns:  OK;  INVALID;  NO_MEMORY.
 */
MUST_CHECK enum status json_span_check(struct bytes text);

/** Spaces, tabs and line ends off both ends. */
struct bytes json_span_trim(struct bytes text);

/* Everything below needs valid JSON; on anything else it returns nonsense, but stays inside the
 * view. */

/* Walks the elements of an array or the members of an object. */
struct json_span_reader {
    struct bytes rest;
};

/** ${container} is the text of an array or object; for other values there is nothing to walk. */
struct json_span_reader json_span_open(struct bytes container);
/** The next element; false after the last. */
bool json_span_next(struct json_span_reader *reader, struct bytes *value);
/** The next member; ${name} is the raw string with its quotes. */
bool json_span_next_member(struct json_span_reader *reader, struct bytes *name,
                           struct bytes *value);

/** How deep arrays and objects are nested: 0 for a scalar, 2 for [[1]]. */
size_t json_span_depth(struct bytes value);
/** Number of UTF-16 code units of UTF-8 ${text}: what .NET calls its length. */
size_t json_span_utf16_length(struct bytes text);
/** Decode a string with its quotes, and append the UTF-8 text. INVALID: not a string, or a lone
 * surrogate. */
MUST_CHECK enum status json_span_append_text(struct buffer *out, struct bytes string);
/** Append ${json} on a single line: raw CR and LF, which can only be blanks, become spaces. */
enum status json_span_append_line(struct buffer *out, struct bytes json);

#endif
