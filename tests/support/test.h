/* SPDX-License-Identifier: MIT */
/* test: cmocka with the headers that it wants first, and checks for our own types. */
#ifndef HUBPLANE_TESTS_SUPPORT_TEST_H
#define HUBPLANE_TESTS_SUPPORT_TEST_H

#include "common/base/bytes.h"
#include "common/base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** Fails with the names of both when ${actual} is not ${expected}. */
#define assert_status(actual, expected)                                     \
    do {                                                                    \
        enum status test_actual = (actual);                                 \
        enum status test_expected = (expected);                             \
                                                                            \
        if (test_actual != test_expected) {                                 \
            fail_msg("%s is %s, not %s", #actual, status_name(test_actual), \
                     status_name(test_expected));                           \
        }                                                                   \
    } while (0)

/** Fails with both texts when the views differ. */
#define assert_bytes(actual, expected)                                                           \
    do {                                                                                         \
        struct bytes test_actual = (actual);                                                     \
        struct bytes test_expected = (expected);                                                 \
                                                                                                 \
        if (!bytes_equal(test_actual, test_expected)) {                                          \
            fail_msg("%s is \"%.*s\" (%zu bytes), not \"%.*s\" (%zu bytes)", #actual,            \
                     BYTES_PRINTF(test_actual), test_actual.length, BYTES_PRINTF(test_expected), \
                     test_expected.length);                                                      \
        }                                                                                        \
    } while (0)

/** The same against a string literal. */
#define assert_text(actual, literal) assert_bytes(actual, BYTES(literal))

#endif
