/* SPDX-License-Identifier: MIT */
/* fuzz_require: what must be true of every input. */
#ifndef HUBPLANE_TESTS_FUZZ_REQUIRE_H
#define HUBPLANE_TESTS_FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stdlib.h>

static inline void
require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

#endif
