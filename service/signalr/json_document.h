/* SPDX-License-Identifier: MIT */
/* json_document: yyjson as this project reads with it. */
#ifndef HUBPLANE_SERVICE_JSON_DOCUMENT_H
#define HUBPLANE_SERVICE_JSON_DOCUMENT_H

#include "common/base/bytes.h"

#include <yyjson.h>

/**
 * json_document_read(text, out):
 * Parse one well-formed JSON value in UTF-8. Numbers stay text (yyjson_is_raw): 1e999 is valid, and
 * not ours to judge.
 *   Owns:     copies ${text}; ${*out} is released with yyjson_doc_free(), and NULL on failure.
 *   Returns:  OK;  INVALID;  NO_MEMORY.
 */
MUST_CHECK enum status json_document_read(struct bytes text, yyjson_doc **out);

/** The text of a string or of a number read as text; BYTES_NONE for any other value, and for NULL.
 */
struct bytes json_document_text(yyjson_val *value);

#endif
