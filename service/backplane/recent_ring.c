/* SPDX-License-Identifier: MIT */
#include "service/backplane/recent_ring.h"

#include <stdlib.h>
#include <string.h>

enum { RECENT_RING_FIRST_CAPACITY = 256 };

void
recent_ring_init(struct recent_ring *ring, size_t limit_bytes, uint64_t complete_from)
{
    memset(ring, 0, sizeof(*ring));
    ring->oldest = ring->next = 1;
    ring->limit_bytes = limit_bytes;
    ring->complete_from = complete_from;
}

void
recent_ring_deinit(struct recent_ring *ring)
{
    recent_ring_reset(ring, ring->complete_from);
    free(ring->entries);
    ring->entries = NULL;
    ring->capacity = 0;
}

static struct recent_entry *
entry_at(const struct recent_ring *ring, uint64_t position)
{
    return &ring->entries[position & (ring->capacity - 1)];
}

/* What one message costs: several messages of one frame each count it, which errs on the safe side.
 */
static size_t
entry_bytes(const struct backplane_message *message)
{
    return sizeof(struct recent_entry) + sizeof(struct payload) + message->frame->length;
}

static void
drop_oldest(struct recent_ring *ring)
{
    struct backplane_message *message = &entry_at(ring, ring->oldest)->message;

    ring->bytes -= entry_bytes(message);
    if (message->id > ring->complete_from) {
        ring->complete_from = message->id;
    }
    payload_unref(message->frame);
    ring->oldest++;
}

void
recent_ring_reset(struct recent_ring *ring, uint64_t complete_from)
{
    while (ring->oldest < ring->next) {
        drop_oldest(ring);
    }
    ring->complete_from = complete_from;
}

static bool
make_room(struct recent_ring *ring)
{
    if (ring->next - ring->oldest < ring->capacity) {
        return true;
    }
    size_t capacity = ring->capacity == 0 ? RECENT_RING_FIRST_CAPACITY : ring->capacity * 2;
    struct recent_entry *entries = calloc(capacity, sizeof(*entries));
    if (entries == NULL) {
        return false;
    }
    for (uint64_t position = ring->oldest; position < ring->next; position++) {
        entries[position & (capacity - 1)] = *entry_at(ring, position);
    }
    free(ring->entries);
    ring->entries = entries;
    ring->capacity = capacity;
    return true;
}

void
recent_ring_append(struct recent_ring *ring, const struct backplane_message *message,
                   uint64_t *latest)
{
    size_t cost = entry_bytes(message);

    while (ring->oldest < ring->next && ring->bytes + cost > ring->limit_bytes) {
        drop_oldest(ring);
    }
    if (cost > ring->limit_bytes || !make_room(ring)) {
        recent_ring_reset(ring, message->id);
        return;
    }
    struct recent_entry *entry = entry_at(ring, ring->next);
    entry->message = *message;
    payload_ref(message->frame);
    entry->previous = *latest;
    *latest = ring->next;
    ring->next++;
    ring->bytes += cost;
}

enum status
recent_selection_add(struct recent_selection *selection, const struct backplane_message *message)
{
    if (selection->count == selection->capacity) {
        size_t capacity = selection->capacity == 0 ? 16 : selection->capacity * 2;
        struct backplane_message *messages =
            realloc(selection->messages, capacity * sizeof(*messages));
        if (messages == NULL) {
            return STATUS_NO_MEMORY;
        }
        selection->messages = messages;
        selection->capacity = capacity;
    }
    selection->messages[selection->count++] = *message;
    payload_ref(message->frame);
    return STATUS_OK;
}

enum status
recent_ring_select(const struct recent_ring *ring, uint64_t latest, uint64_t since,
                   struct recent_selection *selection)
{
    uint64_t position = latest;

    while (position >= ring->oldest && position != 0) {
        const struct recent_entry *entry = entry_at(ring, position);
        if (entry->message.id <= since) {
            break;
        }
        enum status status = recent_selection_add(selection, &entry->message);
        if (status != STATUS_OK) {
            return status;
        }
        position = entry->previous;
    }
    return STATUS_OK;
}

static int
compare_messages(const void *left, const void *right)
{
    const struct backplane_message *a = left;
    const struct backplane_message *b = right;

    if (a->id != b->id) {
        return a->id < b->id ? -1 : 1;
    }
    /* Views of one frame: the position of the topic in it tells the order. */
    return a->message.topic.data < b->message.topic.data
               ? -1
               : a->message.topic.data > b->message.topic.data;
}

void
recent_selection_sort(struct recent_selection *selection)
{
    if (selection->count > 1) {
        qsort(selection->messages, selection->count, sizeof(*selection->messages),
              compare_messages);
    }
}

void
recent_selection_deinit(struct recent_selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        payload_unref(selection->messages[i].frame);
    }
    free(selection->messages);
    memset(selection, 0, sizeof(*selection));
}
