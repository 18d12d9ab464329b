/* SPDX-License-Identifier: MIT */
#include "service/identity/address_rate.h"

#include <stdlib.h>

static struct address_rate_bucket
full_bucket(const struct address_rate *rate, uint64_t now_ms)
{
    return (struct address_rate_bucket){rate->per_minute * ADDRESS_RATE_COST, now_ms};
}

void
address_rate_init(struct address_rate *rate, uint64_t per_minute, uint64_t now_ms)
{
    *rate = (struct address_rate){.per_minute = per_minute};
    map_init(&rate->buckets);
    rate->others = full_bucket(rate, now_ms);
}

void
address_rate_deinit(struct address_rate *rate)
{
    for (struct map_entry *entry = map_first(&rate->buckets); entry != NULL;
         entry = map_next(entry)) {
        free(map_entry_value(entry));
    }
    map_deinit(&rate->buckets);
}

static void
fill(const struct address_rate *rate, struct address_rate_bucket *bucket, uint64_t now_ms)
{
    uint64_t elapsed_ms = now_ms - bucket->filled_ms;
    uint64_t lacking = full_bucket(rate, now_ms).left - bucket->left;

    if (elapsed_ms >= lacking / rate->per_minute + 1) {
        *bucket = full_bucket(rate, now_ms);
    } else {
        bucket->left += elapsed_ms * rate->per_minute;
        bucket->filled_ms = now_ms;
    }
}

/* An address whose bucket is full again is like one that was never here. */
static void
forget_idle(struct address_rate *rate, uint64_t now_ms)
{
    struct map_entry *next;

    for (struct map_entry *entry = map_first(&rate->buckets); entry != NULL; entry = next) {
        struct address_rate_bucket *bucket = map_entry_value(entry);
        next = map_next(entry);
        fill(rate, bucket, now_ms);
        if (bucket->left == full_bucket(rate, now_ms).left) {
            map_remove(&rate->buckets, map_entry_key(entry));
            free(bucket);
        }
    }
}

static struct address_rate_bucket *
find_bucket(struct address_rate *rate, struct bytes address, uint64_t now_ms)
{
    struct address_rate_bucket *bucket = map_get(&rate->buckets, address);

    if (bucket != NULL) {
        return bucket;
    }
    if (map_count(&rate->buckets) >= ADDRESS_RATE_ADDRESSES_MAX &&
        rate->others.left >= ADDRESS_RATE_COST) {
        /* Once the shared bucket is empty a flood costs no sweep a request. */
        forget_idle(rate, now_ms);
    }
    if (map_count(&rate->buckets) >= ADDRESS_RATE_ADDRESSES_MAX) {
        return &rate->others;
    }
    bucket = malloc(sizeof(*bucket));
    if (bucket == NULL) {
        return &rate->others;
    }
    *bucket = full_bucket(rate, now_ms);
    if (map_put(&rate->buckets, address, bucket) != STATUS_OK) {
        free(bucket);
        return &rate->others;
    }
    return bucket;
}

bool
address_rate_take(struct address_rate *rate, struct bytes address, uint64_t now_ms,
                  uint64_t *wait_ms)
{
    struct address_rate_bucket *bucket;

    if (rate->per_minute == 0) {
        return true;
    }
    fill(rate, &rate->others, now_ms);
    bucket = find_bucket(rate, address, now_ms);
    fill(rate, bucket, now_ms);
    if (bucket->left < ADDRESS_RATE_COST) {
        uint64_t lacking = ADDRESS_RATE_COST - bucket->left;
        *wait_ms = (lacking + rate->per_minute - 1) / rate->per_minute;
        return false;
    }
    bucket->left -= ADDRESS_RATE_COST;
    return true;
}
