/* SPDX-License-Identifier: MIT */
/* readable: numbers as people read them, for the tables of "status". */
#ifndef HUBPLANE_BASE_READABLE_H
#define HUBPLANE_BASE_READABLE_H

#include <stddef.h>
#include <stdint.h>

enum { READABLE_BYTES = 32 };

/** "7s", "12m", "3h 5m", "9d 4h". Returns ${out}, like the others. */
const char *readable_duration(uint64_t duration_ms, char out[READABLE_BYTES]);
/** "7 B", "64 KB", "3 MB". */
const char *readable_size(size_t size, char out[READABLE_BYTES]);
/** The day in UTC of a Unix time in seconds: "2028-11-27". */
const char *readable_date(int64_t time_s, char out[READABLE_BYTES]);

#endif
