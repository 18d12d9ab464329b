/* SPDX-License-Identifier: MIT */
#include "tests/load/load_latency.h"

#include <stdlib.h>
#include <string.h>

static void
make_room(struct load_latency *latency, uint32_t number)
{
    size_t capacity = latency->capacity == 0 ? 4096 : latency->capacity;

    while (capacity <= number) {
        capacity *= 2;
    }
    if (capacity == latency->capacity) {
        return;
    }
    latency->sent_ms = realloc(latency->sent_ms, capacity * sizeof(*latency->sent_ms));
    if (latency->sent_ms == NULL) {
        abort();
    }
    memset(latency->sent_ms + latency->capacity, 0,
           (capacity - latency->capacity) * sizeof(*latency->sent_ms));
    latency->capacity = capacity;
}

void
load_latency_sent(struct load_latency *latency, uint32_t number, uint64_t now_ms)
{
    make_room(latency, number);
    latency->sent_ms[number] = now_ms;
}

void
load_latency_received(struct load_latency *latency, uint32_t number, uint64_t now_ms)
{
    uint64_t took_ms;

    if (number >= latency->capacity || latency->sent_ms[number] == 0) {
        return;
    }
    took_ms = now_ms - latency->sent_ms[number];
    latency->counts[took_ms < LOAD_LATENCY_MAX_MS ? took_ms : LOAD_LATENCY_MAX_MS]++;
    latency->total++;
}

uint64_t
load_latency_percentile(const struct load_latency *latency, uint64_t percent)
{
    uint64_t below = 0, took_ms = 0;

    while (took_ms < LOAD_LATENCY_MAX_MS &&
           (below += latency->counts[took_ms]) * 100 < latency->total * percent) {
        took_ms++;
    }
    return took_ms;
}
