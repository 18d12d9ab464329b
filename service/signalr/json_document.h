/* SPDX-License-Identifier: MIT */
/* json_document: yyjson as this project reads with it. */
#ifndef HUBPLANE_SERVICE_JSON_DOCUMENT_H
#define HUBPLANE_SERVICE_JSON_DOCUMENT_H

#include <stddef.h>

#include "common/base/bytes.h"

#include <yyjson.h>

enum {
    JSON_DOCUMENT_ROOM_BYTES = 2048,
    /* Of text, that is sure to fit unless it is all brackets and commas. */
    JSON_DOCUMENT_ROOM_TEXT_MAX = 512,
};

/* A parsed value. Most are small, and then need no memory but this; so it must not be moved. */
struct json_document {
    yyjson_doc *parsed; /* NULL after a failure */
    _Alignas(max_align_t) uint8_t room[JSON_DOCUMENT_ROOM_BYTES];
};

/**
 * json_document_read(text, out):
 * Parse one well-formed JSON value in UTF-8. Numbers stay text (yyjson_is_raw): 1e999 is valid, and
 * not ours to judge.
 *   Owns:     copies ${text}; ${out} is released with json_document_deinit(), also on failure.
 *   Returns:  OK;  INVALID;  NO_MEMORY.
 */
MUST_CHECK enum status json_document_read(struct bytes text, struct json_document *out);
/** All of its values are gone then. Harmless after a failure, and when repeated. */
void json_document_deinit(struct json_document *document);
/** NULL after a failure. */
yyjson_val *json_document_root(const struct json_document *document);

/** The text of a string or of a number read as text; BYTES_NONE for any other value, and for NULL.
 */
struct bytes json_document_text(yyjson_val *value);

#endif
