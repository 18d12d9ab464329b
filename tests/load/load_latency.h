/* SPDX-License-Identifier: MIT */
/* load_latency: how long deliveries took, from sending a message to each client that got it. */
#ifndef HUBPLANE_TESTS_LOAD_LATENCY_H
#define HUBPLANE_TESTS_LOAD_LATENCY_H

#include <stddef.h>
#include <stdint.h>

enum { LOAD_LATENCY_MAX_MS = 60000 }; /* longer ones count as this long */

/* Zero-initialised = empty; it lives as long as the program. */
struct load_latency {
    uint64_t *sent_ms; /* by message number */
    size_t capacity;
    uint64_t total;
    uint64_t counts[LOAD_LATENCY_MAX_MS + 1];
};

/** Aborts without memory. */
void load_latency_sent(struct load_latency *latency, uint32_t number, uint64_t now_ms);
/** Numbers that were not sent are ignored. */
void load_latency_received(struct load_latency *latency, uint32_t number, uint64_t now_ms);
/** What ${percent} of all deliveries took at most. */
uint64_t load_latency_percentile(const struct load_latency *latency, uint64_t percent);

#endif
