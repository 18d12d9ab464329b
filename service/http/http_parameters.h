/* SPDX-License-Identifier: MIT */
/* http_parameters: decoded names and values of a query string or a form body. */
#ifndef HUBPLANE_SERVICE_HTTP_PARAMETERS_H
#define HUBPLANE_SERVICE_HTTP_PARAMETERS_H

#include "common/base/bytes.h"

enum {
    HTTP_PARAMETERS_MAX = 64,        /* names */
    HTTP_PARAMETERS_PAIRS_MAX = 512, /* with repeated names: the ids of "excluded" */
};

/* Names compare without (ASCII) case; repeated values are joined with ','; %XX and '+' are decoded.
 */
struct http_parameters {
    struct buffer storage;
    size_t count;
    struct {
        size_t name_offset, name_length, value_offset, value_length;
    } items[HTTP_PARAMETERS_MAX];
};

/** OK, LIMIT (more names than HTTP_PARAMETERS_MAX, or more pairs), INVALID (bad %XX), NO_MEMORY.
 * deinit is needed in every case. Whether decoded text is UTF-8 is not looked at. */
MUST_CHECK enum status http_parameters_init(struct http_parameters *parameters, struct bytes text);
void http_parameters_deinit(struct http_parameters *parameters);
/** Joined value, possibly empty; BYTES_NONE when absent. Lives as long as ${parameters}; not
 * NUL-terminated. */
struct bytes http_parameters_get(const struct http_parameters *parameters, struct bytes name);
/** Append ${text} with %XX (and '+' when ${plus_is_space}) decoded. OK, INVALID (bad %XX), LIMIT,
 * NO_MEMORY. */
enum status http_percent_decode(struct bytes text, bool plus_is_space, struct buffer *out);

#endif
