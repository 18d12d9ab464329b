/* SPDX-License-Identifier: MIT */
/* clock: monotonic milliseconds for timers, wall milliseconds for time stamps; virtual in tests. */
#ifndef HUBPLANE_BASE_CLOCK_H
#define HUBPLANE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* now_ms is refreshed once per loop turn (clock_update), so reading it costs nothing. */
struct clock {
    uint64_t now_ms;  /* monotonic; never goes back */
    uint64_t wall_ms; /* Unix time in milliseconds; may step */
    bool is_virtual;
};

/** clock_init_system(clock): Follows the operating system's clocks at each clock_update(). */
void clock_init_system(struct clock *clock);
/** clock_init_virtual(clock, now_ms, wall_ms): Moves only by clock_advance(). */
void clock_init_virtual(struct clock *clock, uint64_t now_ms, uint64_t wall_ms);
/** Does nothing to a virtual clock. */
void clock_update(struct clock *clock);
/** Move a virtual clock, both times by the same; does nothing to a system clock. */
void clock_advance(struct clock *clock, uint64_t delta_ms);
/** Ticks of .NET: 100 ns units since 0001-01-01 UTC, from wall_ms. */
int64_t clock_dotnet_ticks(const struct clock *clock);

enum { CLOCK_UTC_TEXT_BYTES = 24 };
/** clock_format_utc(wall_ms, out): Write "2026-01-02T03:04:05.678Z" and a terminator. */
void clock_format_utc(uint64_t wall_ms, char out[CLOCK_UTC_TEXT_BYTES + 1]);

/* The operating system's clocks, in clock_posix.c and clock_windows.c. For what has no struct clock
 * at hand, as the log; protocols read a clock. Any thread. */
uint64_t clock_read_monotonic_ms(void);
uint64_t clock_read_wall_ms(void);

#endif
