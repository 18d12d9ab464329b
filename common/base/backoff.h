/* SPDX-License-Identifier: MIT */
/* backoff: growing delays with jitter for whatever reconnects. */
#ifndef HUBPLANE_BASE_BACKOFF_H
#define HUBPLANE_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t first_ms;
    uint32_t limit_ms;
    uint32_t current_ms; /* 0 = the next delay is the first */
};

/** Delays from ${first_ms} to ${limit_ms}, before the jitter. */
void backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t limit_ms);
/** The next delay: doubles up to the limit, then a random 50 to 100 % of it. */
uint32_t backoff_next_ms(struct backoff *backoff);
/** After a success. */
void backoff_reset(struct backoff *backoff);

#endif
