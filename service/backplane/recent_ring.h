/* SPDX-License-Identifier: MIT */
/* recent_ring: a node's recent messages of one app, bounded by bytes, with a chain per topic so
 * that a replay costs what it finds. */
#ifndef HUBPLANE_SERVICE_RECENT_RING_H
#define HUBPLANE_SERVICE_RECENT_RING_H

#include "service/backplane/backplane_port.h"

/* Positions count messages ever appended; 0 = none, so the first message is 1. */
struct recent_entry {
    struct backplane_message message;
    uint64_t previous; /* position of the message before it on the same topic, or 0 */
};

struct recent_ring {
    struct recent_entry *entries; /* capacity is a power of two; slot = position & (capacity - 1) */
    size_t capacity;
    uint64_t oldest; /* position of the oldest retained message */
    uint64_t next;   /* position the next message gets */
    size_t bytes;
    size_t limit_bytes;
    uint64_t complete_from; /* every message of interest with a larger id is retained */
};

void recent_ring_init(struct recent_ring *ring, size_t limit_bytes, uint64_t complete_from);
void recent_ring_deinit(struct recent_ring *ring);
/** recent_ring_append(ring, message, latest): Keep ${message} (refs its frame) and move the topic's
 * chain head ${latest} on. Out of memory clears the ring, which only makes replays come from the
 * bridge. */
void recent_ring_append(struct recent_ring *ring, const struct backplane_message *message,
                        uint64_t *latest);
/** Forget everything up to ${complete_from}: a gap, or a new start. */
void recent_ring_reset(struct recent_ring *ring, uint64_t complete_from);

/* A growing array of messages; each holds a reference to its frame. */
struct recent_selection {
    struct backplane_message *messages;
    size_t count;
    size_t capacity;
};

/** Add what the topic with chain head ${latest} has with ids above ${since}, newest first. OK or
 * NO_MEMORY. */
MUST_CHECK enum status recent_ring_select(const struct recent_ring *ring, uint64_t latest,
                                          uint64_t since, struct recent_selection *selection);
MUST_CHECK enum status recent_selection_add(struct recent_selection *selection,
                                            const struct backplane_message *message);
/** Into id order; messages of one id keep the order they have in their frame. */
void recent_selection_sort(struct recent_selection *selection);
/** Drops the references. */
void recent_selection_deinit(struct recent_selection *selection);

#endif
