/* SPDX-License-Identifier: MIT */
#include "common/base/clock.h"

#include <stdio.h>

/* 1970-01-01 in .NET ticks. */
static const int64_t unix_epoch_ticks = INT64_C(621355968000000000);

void
clock_init_system(struct clock *clock)
{
    *clock = (struct clock){.is_virtual = false};
    clock_update(clock);
}

void
clock_init_virtual(struct clock *clock, uint64_t now_ms, uint64_t wall_ms)
{
    *clock = (struct clock){.now_ms = now_ms, .wall_ms = wall_ms, .is_virtual = true};
}

void
clock_update(struct clock *clock)
{
    uint64_t now_ms;

    if (clock->is_virtual) {
        return;
    }
    now_ms = clock_read_monotonic_ms();
    if (now_ms > clock->now_ms) {
        clock->now_ms = now_ms;
    }
    clock->wall_ms = clock_read_wall_ms();
}

void
clock_advance(struct clock *clock, uint64_t delta_ms)
{
    if (clock->is_virtual) {
        clock->now_ms += delta_ms;
        clock->wall_ms += delta_ms;
    }
}

int64_t
clock_dotnet_ticks(const struct clock *clock)
{
    return unix_epoch_ticks + (int64_t)clock->wall_ms * 10000;
}

/* Days since 1970-01-01 to a date. Years are counted from March, so that the leap day comes last;
 * 719468 is the number of days from 0000-03-01, and an era is the 400 years after which all
 * repeats. */
static void
civil_from_days(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t shifted = days + 719468;
    uint64_t era = shifted / 146097;
    uint64_t day_of_era = shifted % 146097;
    uint64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month_from_march = (5 * day_of_year + 2) / 153;

    *day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *year = (unsigned)(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

void
clock_format_utc(uint64_t wall_ms, char out[CLOCK_UTC_TEXT_BYTES + 1])
{
    uint64_t days = wall_ms / 86400000;
    unsigned in_day_ms = (unsigned)(wall_ms % 86400000);
    unsigned year, month, day;
    char text[64];

    civil_from_days(days, &year, &month, &day);
    snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year % 10000, month, day,
             in_day_ms / 3600000, in_day_ms / 60000 % 60, in_day_ms / 1000 % 60, in_day_ms % 1000);
    snprintf(out, CLOCK_UTC_TEXT_BYTES + 1, "%.24s", text);
}
