/* SPDX-License-Identifier: MIT */
#include "service/signalr/group_span.h"

#include <stdlib.h>

void
group_spans_deinit(struct group_spans *spans, struct topic_table *table)
{
    group_spans_truncate(spans, 0, table);
    free(spans->items);
    *spans = (struct group_spans){0};
}

void
group_spans_truncate(struct group_spans *spans, size_t count, struct topic_table *table)
{
    while (spans->count > count) {
        spans->count--;
        topic_release(table, spans->items[spans->count].topic);
    }
    for (size_t i = 0; i < spans->count; i++) {
        spans->items[i].until = GROUP_SPAN_OPEN;
        spans->items[i].joined = 0;
    }
}

void
group_spans_restart(struct group_spans *spans, uint64_t after)
{
    for (size_t i = 0; i < spans->count; i++) {
        if (spans->items[i].after > after) {
            spans->items[i].after = after;
        }
    }
}

static struct group_span *
find_open(const struct group_spans *spans, const struct topic *topic)
{
    for (size_t i = 0; i < spans->count; i++) {
        if (spans->items[i].topic == topic && spans->items[i].until == GROUP_SPAN_OPEN) {
            return &spans->items[i];
        }
    }
    return NULL;
}

enum status
group_spans_join(struct group_spans *spans, struct topic_table *table, struct bytes name,
                 uint64_t after, uint64_t joined)
{
    struct topic *topic = topic_acquire(table, name);

    if (topic == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct group_span *open = find_open(spans, topic);
    if (open != NULL) {
        open->joined = joined > open->joined ? joined : open->joined;
        topic_release(table, topic);
        return STATUS_OK;
    }
    if (spans->count == spans->capacity) {
        uint32_t capacity = spans->capacity == 0 ? 8 : spans->capacity * 2;
        struct group_span *grown = realloc(spans->items, capacity * sizeof(*grown));
        if (grown == NULL) {
            topic_release(table, topic);
            return STATUS_NO_MEMORY;
        }
        spans->items = grown;
        spans->capacity = capacity;
    }
    for (size_t i = 0; i < spans->count; i++) {
        if (spans->items[i].topic == topic && spans->items[i].after > after) {
            after = spans->items[i].after;
        }
    }
    spans->items[spans->count] = (struct group_span){topic, after, GROUP_SPAN_OPEN, joined};
    spans->count++;
    return STATUS_OK;
}

void
group_spans_leave(struct group_spans *spans, const struct topic *topic, uint64_t until)
{
    struct group_span *span = find_open(spans, topic);

    if (span != NULL && span->joined <= until) {
        /* What was heard has been heard. */
        bool is_heard = span->after > until && span->after != GROUP_SPAN_OPEN;
        span->until = is_heard ? span->after : until;
    }
}

bool
group_spans_contain(const struct group_spans *spans, const struct topic *topic, uint64_t id)
{
    for (size_t i = 0; i < spans->count; i++) {
        const struct group_span *span = &spans->items[i];
        if (span->topic == topic && id > span->after && id <= span->until) {
            return true;
        }
    }
    return false;
}

bool
group_spans_is_open(const struct group_spans *spans, const struct topic *topic)
{
    return find_open(spans, topic) != NULL;
}

bool
group_spans_has_before(const struct group_spans *spans, size_t count, const struct topic *topic)
{
    for (size_t i = 0; i < count && i < spans->count; i++) {
        if (spans->items[i].topic == topic) {
            return true;
        }
    }
    return false;
}

void
group_spans_remove(struct group_spans *spans, struct topic_table *table, const struct topic *topic)
{
    uint32_t kept = 0;

    for (size_t i = 0; i < spans->count; i++) {
        if (spans->items[i].topic == topic) {
            topic_release(table, spans->items[i].topic);
        } else {
            spans->items[kept++] = spans->items[i];
        }
    }
    spans->count = kept;
}

uint64_t
group_spans_last(const struct group_spans *spans, const struct topic *topic)
{
    uint64_t last = 0;

    for (size_t i = 0; i < spans->count; i++) {
        const struct group_span *span = &spans->items[i];
        if (span->topic == topic && span->until != GROUP_SPAN_OPEN && span->until > last) {
            last = span->until;
        }
    }
    return last;
}

uint64_t
group_spans_first(const struct group_spans *spans, const struct topic *topic)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < spans->count; i++) {
        if (spans->items[i].topic == topic && spans->items[i].after < first) {
            first = spans->items[i].after;
        }
    }
    return first;
}
