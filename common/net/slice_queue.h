/* SPDX-License-Identifier: MIT */
/* slice_queue: payload slices waiting for a socket: a ring that needs no heap until a few are
 * waiting. */
#ifndef HUBPLANE_NET_SLICE_QUEUE_H
#define HUBPLANE_NET_SLICE_QUEUE_H

#include "common/base/payload.h"

enum { SLICE_QUEUE_INLINE = 2 };

/* Holds one reference to the payload of each slice. */
struct slice_queue {
    uint32_t capacity; /* a power of two; SLICE_QUEUE_INLINE: the slots are `own`, else `heap` */
    uint32_t head;
    uint32_t count;
    size_t total_bytes;
    union {
        struct payload_slice own[SLICE_QUEUE_INLINE];
        struct payload_slice *heap;
    } slots;
};

void slice_queue_init(struct slice_queue *queue);
/** Drops everything; the queue may be used again as after init. */
void slice_queue_deinit(struct slice_queue *queue);
/** Takes its own reference. OK or NO_MEMORY. */
MUST_CHECK enum status slice_queue_push(struct slice_queue *queue, struct payload_slice slice);
/** The slice number ${index} from the front; there must be one. Borrowed until it is consumed. */
struct bytes slice_queue_peek(struct slice_queue *queue, uint32_t index);
/** Drop ${length} bytes off the front; the heap goes when the queue becomes empty. */
void slice_queue_consume(struct slice_queue *queue, size_t length);

#endif
