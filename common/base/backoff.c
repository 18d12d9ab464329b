/* SPDX-License-Identifier: MIT */
#include "common/base/backoff.h"

#include "common/base/crypto.h"

void
backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t limit_ms)
{
    *backoff = (struct backoff){.first_ms = first_ms, .limit_ms = limit_ms};
}

static uint32_t
grown(const struct backoff *backoff)
{
    uint64_t next_ms =
        backoff->current_ms == 0 ? backoff->first_ms : 2 * (uint64_t)backoff->current_ms;

    return next_ms > backoff->limit_ms ? backoff->limit_ms : (uint32_t)next_ms;
}

uint32_t
backoff_next_ms(struct backoff *backoff)
{
    uint32_t half, dice;

    backoff->current_ms = grown(backoff);
    half = backoff->current_ms / 2;
    crypto_random(&dice, sizeof(dice));
    /* The bias of the modulus does not matter here. */
    return backoff->current_ms - (uint32_t)(dice % ((uint64_t)half + 1));
}

void
backoff_reset(struct backoff *backoff)
{
    backoff->current_ms = 0;
}
