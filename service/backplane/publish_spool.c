/* SPDX-License-Identifier: MIT */
#include "service/backplane/publish_spool.h"

#include <stdlib.h>

void
publish_spool_init(struct publish_spool *spool, size_t limit_bytes)
{
    *spool = (struct publish_spool){.limit_bytes = limit_bytes};
    list_init(&spool->list);
}

void
publish_spool_deinit(struct publish_spool *spool)
{
    LIST_FOR_EACH (node, &spool->list) {
        publish_spool_remove(spool, CONTAINER_OF(node, struct spooled_publish, node));
    }
}

enum status
publish_spool_add(struct publish_spool *spool, struct payload *frame, uint64_t now_ms,
                  uint64_t deadline_ms, uint32_t worker, void *waiter)
{
    size_t cost = sizeof(struct spooled_publish) + frame->length;

    if (spool->bytes + cost > spool->limit_bytes) {
        return STATUS_QUEUE_FULL;
    }
    struct spooled_publish *entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return STATUS_NO_MEMORY;
    }
    entry->frame = frame;
    entry->added_ms = now_ms;
    entry->deadline_ms = deadline_ms;
    entry->worker = worker;
    entry->waiter = waiter;
    list_append(&spool->list, &entry->node);
    if (spool->unsent == NULL) {
        spool->unsent = &entry->node;
    }
    spool->bytes += cost;
    spool->count++;
    return STATUS_OK;
}

static struct list_node *
following(const struct publish_spool *spool, const struct list_node *node)
{
    return node->next == &spool->list.head ? NULL : node->next;
}

struct spooled_publish *
publish_spool_next(struct publish_spool *spool)
{
    if (spool->unsent == NULL) {
        return NULL;
    }
    struct spooled_publish *entry = CONTAINER_OF(spool->unsent, struct spooled_publish, node);
    spool->unsent = following(spool, spool->unsent);
    if (entry->sequence == 0) {
        entry->sequence = ++spool->last_sequence;
    }
    return entry;
}

void
publish_spool_rewind(struct publish_spool *spool)
{
    spool->unsent = list_first(&spool->list);
}

struct spooled_publish *
publish_spool_oldest(struct publish_spool *spool, uint64_t sequence)
{
    struct list_node *node = list_first(&spool->list);

    if (node == NULL) {
        return NULL;
    }
    struct spooled_publish *entry = CONTAINER_OF(node, struct spooled_publish, node);
    return entry->sequence != 0 && entry->sequence <= sequence ? entry : NULL;
}

uint64_t
publish_spool_age_ms(const struct publish_spool *spool, uint64_t now_ms)
{
    struct list_node *first = list_first(&spool->list);

    return first == NULL ? 0 : now_ms - CONTAINER_OF(first, struct spooled_publish, node)->added_ms;
}

void
publish_spool_remove(struct publish_spool *spool, struct spooled_publish *entry)
{
    if (spool->unsent == &entry->node) {
        spool->unsent = following(spool, &entry->node);
    }
    if (entry->sequence > spool->acknowledged) {
        spool->acknowledged = entry->sequence;
    }
    list_remove(&entry->node);
    spool->bytes -= sizeof(*entry) + entry->frame->length;
    spool->count--;
    payload_unref(entry->frame);
    free(entry);
}
