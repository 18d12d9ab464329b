/* SPDX-License-Identifier: MIT */
#include "common/net/slice_queue.h"

#include <assert.h>
#include <stdlib.h>

void
slice_queue_init(struct slice_queue *queue)
{
    queue->capacity = SLICE_QUEUE_INLINE;
    queue->head = queue->count = 0;
    queue->total_bytes = 0;
}

static bool
is_on_heap(const struct slice_queue *queue)
{
    return queue->capacity > SLICE_QUEUE_INLINE;
}

static struct payload_slice *
slot_at(struct slice_queue *queue, uint32_t index)
{
    struct payload_slice *slots = is_on_heap(queue) ? queue->slots.heap : queue->slots.own;

    return &slots[(queue->head + index) & (queue->capacity - 1)];
}

static void
shrink(struct slice_queue *queue)
{
    if (is_on_heap(queue)) {
        free(queue->slots.heap);
    }
    slice_queue_init(queue);
}

void
slice_queue_deinit(struct slice_queue *queue)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        payload_unref(slot_at(queue, i)->payload);
    }
    shrink(queue);
}

static bool
grow(struct slice_queue *queue)
{
    if (queue->capacity > UINT32_MAX / 4) {
        return false;
    }
    uint32_t capacity = queue->capacity * 4;
    struct payload_slice *slots = malloc(capacity * sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < queue->count; i++) {
        slots[i] = *slot_at(queue, i);
    }
    if (is_on_heap(queue)) {
        free(queue->slots.heap);
    }
    queue->slots.heap = slots;
    queue->capacity = capacity;
    queue->head = 0;
    return true;
}

enum status
slice_queue_push(struct slice_queue *queue, struct payload_slice slice)
{
    if (slice.length == 0) {
        return STATUS_OK;
    }
    if (queue->count == queue->capacity && !grow(queue)) {
        return STATUS_NO_MEMORY;
    }
    (void)payload_ref(slice.payload);
    *slot_at(queue, queue->count) = slice;
    queue->count++;
    queue->total_bytes += slice.length;
    return STATUS_OK;
}

struct bytes
slice_queue_peek(struct slice_queue *queue, uint32_t index)
{
    assert(index < queue->count);
    return payload_slice_bytes(*slot_at(queue, index));
}

void
slice_queue_consume(struct slice_queue *queue, size_t length)
{
    assert(length <= queue->total_bytes);
    queue->total_bytes -= length;
    while (length > 0) {
        struct payload_slice *front = slot_at(queue, 0);
        if (length < front->length) {
            front->offset += length;
            front->length -= length;
            return;
        }
        length -= front->length;
        payload_unref(front->payload);
        queue->head = (queue->head + 1) & (queue->capacity - 1);
        queue->count--;
    }
    if (queue->count == 0) {
        shrink(queue);
    }
}
