/* SPDX-License-Identifier: MIT */
/*
 * route_history: the recent messages of one app in id order, bounded by bytes. Each message is also
 * linked into the chains of its topics, so that a replay costs what it finds, not what is retained.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_HISTORY_H
#define HUBPLANE_BRIDGE_ROUTE_HISTORY_H

#include "bridge/route/route_topics.h"
#include "common/base/payload.h"
#include "common/wire/signalr_message.h"

struct route_entry;

struct route_history_link {
    struct list_node in_topic;
    struct route_topic *topic;
    struct route_entry *entry;
};

/* One message id: a channel message with usually one, perhaps several or no SignalR messages. */
struct route_entry {
    uint64_t id;
    struct payload_slice frame; /* holds a reference */
    bool is_foreign;            /* published by a .NET node */
    size_t link_count;          /* its topics, each once */
    struct route_history_link links[];
};

struct route_history {
    struct route_topics *topics;
    struct route_entry **entries; /* a ring; capacity is a power of two */
    size_t capacity;
    size_t first;
    size_t count;
    size_t bytes; /* with all overhead */
    size_t limit_bytes;
    /* Every message with a larger id, up to the app's position, is here. */
    uint64_t complete_since;
    uint64_t dropped_to; /* the highest id dropped for want of room */
};

void route_history_init(struct route_history *history, struct route_topics *topics,
                        size_t limit_bytes);
void route_history_deinit(struct route_history *history);

/**
 * route_history_append(history, id, frame, is_foreign, reader, out):
 * Keep ${frame}, whose messages ${reader} (just opened on it) walks, as the newest; drop the oldest
 * ones beyond the limit.
 *   Shape:    ${id} is larger than every id before.
 *   Owns:     takes its own reference to the payload. ${out} lives until the next append.
 *   Returns:  OK;  NO_MEMORY - not kept, and complete_since says so.
 */
MUST_CHECK enum status route_history_append(struct route_history *history, uint64_t id,
                                            struct payload_slice frame, bool is_foreign,
                                            struct signalr_message_reader *reader,
                                            struct route_entry **out);
/** Ids up to ${id} may be missing from now on. */
void route_history_incomplete_to(struct route_history *history, uint64_t id);
/** Index (0 = oldest) of the first message with an id above ${id}; count when there is none. */
size_t route_history_index_after(const struct route_history *history, uint64_t id);
struct route_entry *route_history_at(const struct route_history *history, size_t index);
/** The message with exactly this id, or NULL. */
struct route_entry *route_history_find(const struct route_history *history, uint64_t id);

#endif
