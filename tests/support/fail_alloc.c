/* SPDX-License-Identifier: MIT */
#include "tests/support/fail_alloc.h"

#include <stdint.h>

/* The linker's names for --wrap: __wrap_x is called in place of x, __real_x is x. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static size_t left = SIZE_MAX; /* SIZE_MAX = all succeed */
static bool has_failed;

static bool
is_due(void)
{
    if (left == SIZE_MAX) {
        return false;
    }
    if (left > 0) {
        left--;
        return false;
    }
    left = SIZE_MAX;
    has_failed = true;
    return true;
}

void *
__wrap_malloc(size_t size)
{
    return is_due() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_due() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
    return is_due() ? NULL : __real_realloc(memory, size);
}

void
fail_alloc_at(size_t count)
{
    left = count;
    has_failed = false;
}

bool
fail_alloc_off(void)
{
    left = SIZE_MAX;
    return has_failed;
}
