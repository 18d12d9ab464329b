/* SPDX-License-Identifier: MIT */
/* address_rate: how often one client address may do something: a token bucket an address, in a
 * table that does not grow with the number of strangers. */
#ifndef HUBPLANE_SERVICE_ADDRESS_RATE_H
#define HUBPLANE_SERVICE_ADDRESS_RATE_H

#include "common/base/map.h"

enum { ADDRESS_RATE_ADDRESSES_MAX = 10000 };

/* What one address may still do. To do it once costs ADDRESS_RATE_COST; every millisecond brings as
 * much back as may be done a minute, so that nothing is rounded. */
struct address_rate_bucket {
    uint64_t left;
    uint64_t filled_ms; /* when it was so */
};

enum { ADDRESS_RATE_COST = 60 * 1000 };

struct address_rate {
    uint64_t per_minute;               /* and at once; 0 = no limit */
    struct map buckets;                /* address -> struct address_rate_bucket */
    struct address_rate_bucket others; /* who no longer fits into the table shares this one */
};

/** ${per_minute} 0 = no limit. */
void address_rate_init(struct address_rate *rate, uint64_t per_minute, uint64_t now_ms);
void address_rate_deinit(struct address_rate *rate);
/** Whether ${address} may do it once more, which then counts; otherwise ${*wait_ms} says when it
 * may. */
MUST_CHECK bool address_rate_take(struct address_rate *rate, struct bytes address, uint64_t now_ms,
                                  uint64_t *wait_ms);

#endif
