/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_history.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 64 };

/* What a link costs beyond itself: its share of a topic with a short name and of the topic table.
 */
enum { LINK_OVERHEAD_BYTES = 160 };

void
route_history_init(struct route_history *history, struct route_topics *topics, size_t limit_bytes)
{
    *history = (struct route_history){.topics = topics, .limit_bytes = limit_bytes};
}

static size_t
entry_bytes(const struct route_entry *entry)
{
    return sizeof(*entry) + sizeof(struct route_entry *) + entry->frame.payload->length +
           entry->link_count * (sizeof(struct route_history_link) + LINK_OVERHEAD_BYTES);
}

static void
free_entry(struct route_history *history, struct route_entry *entry)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        list_remove(&entry->links[i].in_topic);
        route_topics_release(history->topics, entry->links[i].topic);
    }
    payload_unref(entry->frame.payload);
    free(entry);
}

static void
drop_oldest(struct route_history *history)
{
    struct route_entry *entry = history->entries[history->first];

    history->first = (history->first + 1) & (history->capacity - 1);
    history->count--;
    history->bytes -= entry_bytes(entry);
    history->dropped_to = entry->id;
    route_history_incomplete_to(history, entry->id);
    free_entry(history, entry);
}

void
route_history_deinit(struct route_history *history)
{
    while (history->count > 0) {
        drop_oldest(history);
    }
    free(history->entries);
    history->entries = NULL;
    history->capacity = 0;
}

static enum status
make_room(struct route_history *history)
{
    size_t capacity = history->capacity == 0 ? CAPACITY_FIRST : history->capacity * 2;
    struct route_entry **entries;

    if (history->count < history->capacity) {
        return STATUS_OK;
    }
    if ((entries = malloc(capacity * sizeof(struct route_entry *))) == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < history->count; i++) {
        entries[i] = route_history_at(history, i);
    }
    free(history->entries);
    history->entries = entries;
    history->capacity = capacity;
    history->first = 0;
    return STATUS_OK;
}

/* Whether the newest link of the topic is already of this entry: a frame may name a topic twice. */
static bool
is_linked(const struct route_topic *topic, const struct route_entry *entry)
{
    struct list_node *last = topic->messages.head.previous;

    return !list_is_empty(&topic->messages) &&
           CONTAINER_OF(last, struct route_history_link, in_topic)->entry == entry;
}

static enum status
link_topics(struct route_history *history, struct route_entry *entry,
            struct signalr_message_reader *reader)
{
    struct signalr_message message;

    while (signalr_message_next(reader, &message)) {
        struct route_topic *topic = route_topics_get(history->topics, message.topic);
        struct route_history_link *link = &entry->links[entry->link_count];

        if (topic == NULL) {
            return STATUS_NO_MEMORY;
        }
        if (is_linked(topic, entry)) {
            continue;
        }
        link->topic = topic;
        link->entry = entry;
        list_append(&topic->messages, &link->in_topic);
        entry->link_count++;
    }
    return STATUS_OK;
}

enum status
route_history_append(struct route_history *history, uint64_t id, struct payload_slice frame,
                     bool is_foreign, struct signalr_message_reader *reader,
                     struct route_entry **out)
{
    struct route_entry *entry;

    assert(history->count == 0 || route_history_at(history, history->count - 1)->id < id);
    entry = malloc(sizeof(*entry) + reader->remaining * sizeof(struct route_history_link));
    if (entry == NULL) {
        goto error;
    }
    *entry = (struct route_entry){.id = id, .frame = frame, .is_foreign = is_foreign};
    payload_ref(frame.payload);
    if (make_room(history) != STATUS_OK || link_topics(history, entry, reader) != STATUS_OK) {
        goto error_entry;
    }
    history->entries[(history->first + history->count) & (history->capacity - 1)] = entry;
    history->count++;
    history->bytes += entry_bytes(entry);
    while (history->bytes > history->limit_bytes && history->count > 1) {
        drop_oldest(history);
    }
    *out = entry;
    return STATUS_OK;

error_entry:
    free_entry(history, entry);
error:
    route_history_incomplete_to(history, id);
    return STATUS_NO_MEMORY;
}

void
route_history_incomplete_to(struct route_history *history, uint64_t id)
{
    if (id > history->complete_since) {
        history->complete_since = id;
    }
}

struct route_entry *
route_history_at(const struct route_history *history, size_t index)
{
    assert(index < history->count);
    return history->entries[(history->first + index) & (history->capacity - 1)];
}

size_t
route_history_index_after(const struct route_history *history, uint64_t id)
{
    size_t low = 0;
    size_t high = history->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (route_history_at(history, middle)->id > id) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

struct route_entry *
route_history_find(const struct route_history *history, uint64_t id)
{
    size_t index = route_history_index_after(history, id);

    if (index == 0 || route_history_at(history, index - 1)->id != id) {
        return NULL;
    }
    return route_history_at(history, index - 1);
}
