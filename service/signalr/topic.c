/* SPDX-License-Identifier: MIT */
#include "service/signalr/topic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 64, SET_CAPACITY_MIN = 4 };

void
topic_table_init(struct topic_table *table)
{
    *table = (struct topic_table){0};
    hash_key_init(&table->key);
}

void
topic_table_deinit(struct topic_table *table)
{
    assert(table->count == 0);
    free(table->buckets);
    *table = (struct topic_table){0};
}

struct bytes
topic_name_of(const struct topic *topic)
{
    return bytes_from(topic->name, topic->name_length);
}

static uint32_t
hash_of(const struct topic_table *table, struct bytes name)
{
    return (uint32_t)hash_bytes(&table->key, name);
}

static struct topic *
find_hashed(const struct topic_table *table, uint32_t hash, struct bytes name)
{
    if (table->bucket_count == 0) {
        return NULL;
    }
    for (struct topic *topic = table->buckets[hash & (table->bucket_count - 1)]; topic != NULL;
         topic = topic->next) {
        if (topic->hash == hash && bytes_equal(topic_name_of(topic), name)) {
            return topic;
        }
    }
    return NULL;
}

struct topic *
topic_find(const struct topic_table *table, struct bytes name)
{
    return find_hashed(table, hash_of(table, name), name);
}

/* Chains stay about one long. When memory is short they may grow: slower, not wrong. */
static bool
grow_buckets(struct topic_table *table)
{
    size_t grown_count = table->bucket_count == 0 ? BUCKETS_MIN : table->bucket_count * 2;
    struct topic **grown = calloc(grown_count, sizeof(*grown));

    if (grown == NULL) {
        return table->bucket_count > 0;
    }
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct topic *topic = table->buckets[i];
        while (topic != NULL) {
            struct topic *next = topic->next;
            struct topic **bucket = &grown[topic->hash & (grown_count - 1)];
            topic->next = *bucket;
            *bucket = topic;
            topic = next;
        }
    }
    free(table->buckets);
    table->buckets = grown;
    table->bucket_count = grown_count;
    return true;
}

static struct topic *
make_topic(struct topic_table *table, uint32_t hash, struct bytes name)
{
    if (table->count >= table->bucket_count && !grow_buckets(table)) {
        return NULL;
    }
    size_t bytes = offsetof(struct topic, name) + name.length;
    /* A short name fits behind the fields, into what the struct is rounded up to. */
    struct topic *topic = malloc(bytes > sizeof(*topic) ? bytes : sizeof(*topic));
    if (topic == NULL) {
        return NULL;
    }
    struct topic **bucket = &table->buckets[hash & (table->bucket_count - 1)];
    *topic = (struct topic){.next = *bucket, .hash = hash, .capacity = 1};
    topic->attachments = &topic->single;
    topic->name_length = (uint16_t)name.length;
    memcpy(topic->name, name.data, name.length);
    *bucket = topic;
    table->count++;
    return topic;
}

static bool
reserve_attachment(struct topic *topic)
{
    if (topic->attached_count < topic->capacity) {
        return true;
    }
    bool is_single = topic->attachments == &topic->single;
    uint32_t capacity = topic->capacity * 2;
    struct topic_attachment *grown =
        realloc(is_single ? NULL : topic->attachments, capacity * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    if (is_single) {
        grown[0] = topic->single;
    }
    topic->attachments = grown;
    topic->capacity = capacity;
    return true;
}

static void
free_topic(struct topic_table *table, struct topic *topic)
{
    struct topic **link = &table->buckets[topic->hash & (table->bucket_count - 1)];

    assert(topic->attached_count == 0);
    while (*link != topic) {
        link = &(*link)->next;
    }
    *link = topic->next;
    table->count--;
    if (topic->attachments != &topic->single) {
        free(topic->attachments);
    }
    free(topic);
}

struct topic *
topic_acquire(struct topic_table *table, struct bytes name)
{
    assert(name.length <= UINT16_MAX);
    uint32_t hash = hash_of(table, name);
    struct topic *topic = find_hashed(table, hash, name);

    if (topic == NULL) {
        topic = make_topic(table, hash, name);
    }
    if (topic != NULL) {
        topic->uses++;
    }
    return topic;
}

void
topic_release(struct topic_table *table, struct topic *topic)
{
    assert(topic->uses > 0);
    topic->uses--;
    if (topic->uses == 0) {
        free_topic(table, topic);
    }
}

void
topic_set_deinit(struct topic_set *set)
{
    assert(set->count == 0);
    free(set->items);
    *set = (struct topic_set){0};
}

size_t
topic_set_find(const struct topic_set *set, const struct topic *topic)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].topic == topic) {
            return i;
        }
    }
    return SIZE_MAX;
}

enum status
topic_set_add(struct topic_set *set, struct topic *topic)
{
    if (set->count == set->capacity) {
        uint32_t capacity = set->capacity == 0 ? SET_CAPACITY_MIN : set->capacity * 2;
        struct topic_membership *grown = realloc(set->items, capacity * sizeof(*grown));
        if (grown == NULL) {
            return STATUS_NO_MEMORY;
        }
        set->items = grown;
        set->capacity = capacity;
    }
    set->items[set->count] = (struct topic_membership){topic, TOPIC_DETACHED};
    set->count++;
    return STATUS_OK;
}

enum status
topic_set_attach(struct topic_set *set, size_t slot)
{
    struct topic_membership *item = &set->items[slot];
    struct topic *topic = item->topic;

    if (item->index != TOPIC_DETACHED) {
        return STATUS_OK;
    }
    if (!reserve_attachment(topic)) {
        return STATUS_NO_MEMORY;
    }
    item->index = topic->attached_count;
    topic->attachments[item->index] = (struct topic_attachment){set, (uint32_t)slot};
    topic->attached_count++;
    return STATUS_OK;
}

static void
detach(struct topic_membership *item)
{
    struct topic *topic = item->topic;

    if (item->index == TOPIC_DETACHED) {
        return;
    }
    topic->attached_count--;
    struct topic_attachment moved = topic->attachments[topic->attached_count];
    topic->attachments[item->index] = moved;
    moved.set->items[moved.slot].index = item->index;
    item->index = TOPIC_DETACHED;
}

struct topic *
topic_set_take(struct topic_set *set, size_t slot)
{
    struct topic_membership *item = &set->items[slot];
    struct topic *topic = item->topic;

    detach(item);
    set->count--;
    *item = set->items[set->count];
    if (slot < set->count && item->index != TOPIC_DETACHED) {
        item->topic->attachments[item->index].slot = (uint32_t)slot;
    }
    return topic;
}

enum status
topic_set_attach_all(struct topic_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (topic_set_attach(set, i) != STATUS_OK) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

void
topic_set_detach_all(struct topic_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        detach(&set->items[i]);
    }
}
