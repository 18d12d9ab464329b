/* SPDX-License-Identifier: MIT */
/*
 * route_publisher: the publishes of one node instance to one app, in sequence order: queued, sent
 * in pipelined batches, sent again from the first unsettled one after any failure. Outlives the
 * node's link, since it remembers which sequences are settled.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_PUBLISHER_H
#define HUBPLANE_BRIDGE_ROUTE_PUBLISHER_H

#include "bridge/route/route_backplane.h"
#include "common/base/backoff.h"
#include "common/base/timer.h"

struct route_publisher;

/* What it needs from its app. */
struct route_publisher_handler {
    /* Set floor_id and pass it on. */
    void (*publish)(void *owner, struct route_batch *batch);
    /* Everything up to ${sequence} is settled; ${id} is that of ${sequence}, 0 when it had been
     * published before. ${count} of them were waiting for it. */
    void (*on_settled)(void *owner, struct route_publisher *publisher, uint64_t sequence,
                       uint64_t id, uint64_t count);
    void (*on_refused)(void *owner, struct route_publisher *publisher, uint64_t sequence,
                       enum status status, struct bytes text);
    /* ${bytes} of frames (without trailer) are done with, one way or the other. */
    void (*on_finished)(void *owner, struct route_publisher *publisher, size_t bytes);
    /* A batch came back: how it went with the store. */
    void (*on_outcome)(void *owner, const struct route_result *result);
    /* So long it took from add() until a message was settled, or seen on the channel. */
    void (*on_settled_after)(void *owner, uint64_t duration_ms);
    void (*on_seen_after)(void *owner, uint64_t duration_ms);
};

/* The one message under way on which latencies are measured. */
struct route_sample {
    uint64_t sequence; /* 0 = none */
    uint64_t queued_ms;
    bool is_settled;
    bool is_seen;
};

struct route_publisher {
    const struct route_publisher_handler *handler;
    void *owner;
    void *attached; /* the handler's: who is told; NULL = the node's link is gone */
    struct timers *timers;
    uint8_t instance[SIGNALR_INSTANCE_BYTES];
    uint64_t settled; /* highest sequence that is published or refused, with all before it */
    uint64_t seen;    /* highest sequence seen in a trailer on the channel */
    uint64_t last_used_ms;
    struct route_sample sample;
    struct list queue;        /* struct outgoing: settled + 1, settled + 2, ... */
    struct list_node *unsent; /* first of the queue not in a batch under way; NULL = all are */
    uint64_t last_queued;
    size_t queued_bytes;
    uint32_t in_flight; /* batches */
    uint32_t rewinds;   /* since the last progress */
    bool must_rewind;   /* a batch failed: once all have come back, send again from the first */
    struct timer retry;
    struct backoff backoff;
};

enum {
    ROUTE_PUBLISHER_IN_FLIGHT_MAX = 4,
    ROUTE_PUBLISHER_RETRY_FIRST_MS = 20,
    ROUTE_PUBLISHER_RETRY_LIMIT_MS = 500,
};

/** NULL when out of memory. */
struct route_publisher *route_publisher_new(struct timers *timers, const uint8_t *instance,
                                            const struct route_publisher_handler *handler,
                                            void *owner);
/** No batch may be under way. NULL does nothing. */
void route_publisher_free(struct route_publisher *publisher);
/** A link of the instance: it was told PUBLISHED up to ${acknowledged}. */
void route_publisher_attach(struct route_publisher *publisher, void *attached,
                            uint64_t acknowledged);
/** The link is gone. What has not been sent is dropped: the node still has it. */
void route_publisher_detach(struct route_publisher *publisher);
/**
 * route_publisher_add(publisher, sequence, frame, refusal, text):
 * Queue a publish. ${refusal} not OK: it will be refused in its turn with that status and ${text}
 * (static).
 *   Returns:  OK - to be answered, or answered already (a repeat);  NO_MEMORY;  PROTOCOL - there is a hole before ${sequence}.
 */
MUST_CHECK enum status route_publisher_add(struct route_publisher *publisher, uint64_t sequence,
                                           struct bytes frame, enum status refusal,
                                           const char *text);
/** Send what is queued, as far as batches may be in flight. */
void route_publisher_flush(struct route_publisher *publisher);
/** The store is back: do not wait for the next retry. */
void route_publisher_hurry(struct route_publisher *publisher);
/** A trailer of this instance came through the channel; false when its sequence had been seen
 * before: a duplicate. */
bool route_publisher_saw(struct route_publisher *publisher, uint64_t sequence);
/** The highest sequence known to be published. */
uint64_t route_publisher_known(const struct route_publisher *publisher);

#endif
