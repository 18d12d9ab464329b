/* SPDX-License-Identifier: MIT */
#include "common/net/slice_queue.h"

#include <assert.h>
#include <stdlib.h>

void
slice_queue_init(struct slice_queue *queue)
{
    queue->slots = queue->inline_slots;
    queue->capacity = SLICE_QUEUE_INLINE;
    queue->head = queue->count = 0;
    queue->total_bytes = 0;
}

static struct payload_slice *
slot_at(const struct slice_queue *queue, uint32_t index)
{
    return &queue->slots[(queue->head + index) & (queue->capacity - 1)];
}

static void
shrink(struct slice_queue *queue)
{
    if (queue->slots != queue->inline_slots) {
        free(queue->slots);
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
    if (queue->capacity > UINT32_MAX / 2) {
        return false;
    }
    uint32_t capacity = queue->capacity * 2;
    struct payload_slice *slots = malloc(capacity * sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < queue->count; i++) {
        slots[i] = *slot_at(queue, i);
    }
    if (queue->slots != queue->inline_slots) {
        free(queue->slots);
    }
    queue->slots = slots;
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
slice_queue_peek(const struct slice_queue *queue, uint32_t index)
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
