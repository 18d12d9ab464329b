/* SPDX-License-Identifier: MIT */
#include "common/base/readable.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"

enum { DATE_CHARACTERS = 10 };

const char *
readable_duration(uint64_t duration_ms, char out[READABLE_BYTES])
{
    uint64_t minutes = duration_ms / 60000;

    if (minutes == 0) {
        snprintf(out, READABLE_BYTES, "%us", (unsigned)(duration_ms / 1000));
    } else if (minutes < 60) {
        snprintf(out, READABLE_BYTES, "%" PRIu64 "m", minutes);
    } else if (minutes < 48 * 60) {
        snprintf(out, READABLE_BYTES, "%" PRIu64 "h %" PRIu64 "m", minutes / 60, minutes % 60);
    } else {
        snprintf(out, READABLE_BYTES, "%" PRIu64 "d %" PRIu64 "h", minutes / 1440,
                 minutes / 60 % 24);
    }
    return out;
}

const char *
readable_size(size_t size, char out[READABLE_BYTES])
{
    if (size < 1024) {
        snprintf(out, READABLE_BYTES, "%zu B", size);
    } else if (size < 1024 * 1024) {
        snprintf(out, READABLE_BYTES, "%zu KB", size / 1024);
    } else {
        snprintf(out, READABLE_BYTES, "%zu MB", size / (1024 * 1024));
    }
    return out;
}

const char *
readable_date(int64_t time_s, char out[READABLE_BYTES])
{
    char text[CLOCK_UTC_TEXT_BYTES + 1];

    clock_format_utc((uint64_t)time_s * 1000, text);
    snprintf(out, READABLE_BYTES, "%.*s", DATE_CHARACTERS, text);
    return out;
}
