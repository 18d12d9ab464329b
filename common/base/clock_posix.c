/* SPDX-License-Identifier: MIT */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "common/base/clock.h"

#include <assert.h>
#include <time.h>

static uint64_t
read_ms(clockid_t id)
{
    struct timespec time;
    int failed = clock_gettime(id, &time);

    assert(failed == 0);
    (void)failed;
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

uint64_t
clock_read_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

uint64_t
clock_read_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}
