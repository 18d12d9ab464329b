/* SPDX-License-Identifier: MIT */
/* option_value: one value of one option row, between the text of a file and the field of a struct.
 * For option_*.c. */
#ifndef HUBPLANE_BASE_OPTION_VALUE_H
#define HUBPLANE_BASE_OPTION_VALUE_H

#include "common/base/option.h"

enum { OPTION_VALUE_REASON_BYTES = 256 };

/**
 * option_value_set(option, values, text, reason):
 * Read ${text} as the row's type and store it in the struct ${values}.
 *   Owns:     a text is copied; the value that was there before is freed.
 *   Returns:  OK;  INVALID - ${reason} says what was expected, nothing is changed;  NO_MEMORY.
 */
MUST_CHECK enum status option_value_set(const struct option *option, void *values,
                                        struct bytes text, char reason[OPTION_VALUE_REASON_BYTES]);
/** Frees what the row owns in ${values}. */
void option_value_free(const struct option *option, void *values);
/** Append the value as it could be written in a file; nothing when there is none. */
enum status option_value_write(const struct option *option, const void *values, struct buffer *out);
/** Append a number in the unit of the row: "10s", "64KB", "7". */
enum status option_value_write_number(const struct option *option, uint64_t number,
                                      struct buffer *out);

#endif
