/* SPDX-License-Identifier: MIT */
/*
 * fail_alloc: makes the n-th allocation fail. A test that links hubplane_fail_alloc has malloc,
 * calloc and realloc of all code linked statically wrapped at link time. Loop n until nothing
 * failed:
 *
 *     for (size_t n = 0;; n++) {
 *         fail_alloc_at(n);
 *         status = try_it();
 *         if (!fail_alloc_off()) {
 *             break;
 *         }
 *         assert_status(status, STATUS_NO_MEMORY);
 *     }
 *
 * Counts in one thread only.
 */
#ifndef HUBPLANE_TESTS_SUPPORT_FAIL_ALLOC_H
#define HUBPLANE_TESTS_SUPPORT_FAIL_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/** Let ${count} more allocations succeed, and the one after them fail; those later succeed again.
 */
void fail_alloc_at(size_t count);
/** Let all succeed. Returns whether one has failed since fail_alloc_at(). */
bool fail_alloc_off(void);

#endif
