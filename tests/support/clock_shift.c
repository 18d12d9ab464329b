// SPDX-License-Identifier: MIT
// clock_shift: preloaded into a program, it moves its calendar clock by $CLOCK_SHIFT_S seconds. The
// monotonic clock stays. It asks the kernel itself and allocates nothing: sanitizers ask for the
// time before anything else is ready, and libraries that look up the real functions then hang.
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t
shift_s(clockid_t clock)
{
    const char *text =
        clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? getenv("CLOCK_SHIFT_S") : NULL;
    return text ? (time_t)strtol(text, NULL, 10) : 0;
}

int
clock_gettime(clockid_t clock, struct timespec *result)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, result);
    if (!failed) {
        result->tv_sec += shift_s(clock);
    }
    return failed;
}

int
gettimeofday(struct timeval *restrict result, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    *result = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return failed;
}

time_t
time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) {
        *result = now.tv_sec;
    }
    return now.tv_sec;
}
