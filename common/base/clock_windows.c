/* SPDX-License-Identifier: MIT */
#include "common/base/clock.h"

#include <windows.h>

uint64_t
clock_read_monotonic_ms(void)
{
    LARGE_INTEGER counter, frequency;

    /* Neither can fail since Windows XP. */
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&counter);
    /* Whole seconds apart from the rest, so that nothing overflows. */
    return (uint64_t)(counter.QuadPart / frequency.QuadPart) * 1000 +
           (uint64_t)(counter.QuadPart % frequency.QuadPart) * 1000 / (uint64_t)frequency.QuadPart;
}

uint64_t
clock_read_wall_ms(void)
{
    /* 100 ns units between 1601-01-01, where FILETIME starts, and 1970-01-01. */
    const uint64_t unix_epoch = UINT64_C(116444736000000000);
    FILETIME time;

    GetSystemTimePreciseAsFileTime(&time);
    return (((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) - unix_epoch) / 10000;
}
