/* SPDX-License-Identifier: MIT */
/* hex: test vectors as people write them: "81 05 48656c6c6f". */
#ifndef HUBPLANE_TESTS_SUPPORT_HEX_H
#define HUBPLANE_TESTS_SUPPORT_HEX_H

#include "common/base/bytes.h"

/** hex_decode(text, out): Append the bytes that ${text} spells to ${out}, and return a view of
 * those. Blanks and line ends are skipped. A vector that is not hex, or does not fit, aborts the
 * test. */
struct bytes hex_decode(const char *text, struct buffer *out);

#endif
