/* SPDX-License-Identifier: MIT */
#include "common/base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 8 };

/* Small, since a node and a bridge have one for each connection. */
struct map_entry {
    struct map_entry *chained; /* the next one in its bucket */
    struct map_entry *next;    /* in insertion order */
    struct map_entry *previous;
    void *value;
    uint32_t hash;
    uint32_t key_length;
    uint8_t key[];
};

void
map_init(struct map *map)
{
    *map = (struct map){.first = NULL};
}

void
map_deinit(struct map *map)
{
    struct map_entry *entry = map->first;

    while (entry != NULL) {
        struct map_entry *next = entry->next;

        free(entry);
        entry = next;
    }
    free(map->buckets);
    map_init(map);
}

static uint32_t
hash_of(const struct map *map, struct bytes key)
{
    return (uint32_t)hash_bytes(&map->hash_key, key);
}

static struct map_entry **
bucket_of(const struct map *map, uint32_t hash)
{
    return &map->buckets[hash & (map->bucket_count - 1)];
}

static struct map_entry *
find(const struct map *map, struct bytes key)
{
    struct map_entry *entry;
    uint32_t hash;

    if (map->count == 0) {
        return NULL;
    }
    hash = hash_of(map, key);
    entry = *bucket_of(map, hash);
    while (entry != NULL && (entry->hash != hash || !bytes_equal(map_entry_key(entry), key))) {
        entry = entry->chained;
    }
    return entry;
}

void *
map_get(const struct map *map, struct bytes key)
{
    struct map_entry *entry = find(map, key);

    return entry == NULL ? NULL : entry->value;
}

static void
put_into_bucket(struct map *map, struct map_entry *entry)
{
    struct map_entry **bucket = bucket_of(map, entry->hash);

    entry->chained = *bucket;
    *bucket = entry;
}

/* Twice as many buckets; without memory the chains grow longer instead. */
static bool
grow(struct map *map)
{
    size_t bucket_count = map->bucket_count == 0 ? BUCKETS_MIN : map->bucket_count * 2;
    struct map_entry **buckets = calloc(bucket_count, sizeof(struct map_entry *));

    if (buckets == NULL) {
        return map->bucket_count > 0;
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = bucket_count;
    for (struct map_entry *entry = map->first; entry != NULL; entry = entry->next) {
        put_into_bucket(map, entry);
    }
    return true;
}

static struct map_entry *
new_entry(struct bytes key, void *value)
{
    struct map_entry *entry;

    if (key.length > UINT32_MAX) {
        return NULL;
    }
    entry = malloc(sizeof(*entry) + key.length);
    if (entry == NULL) {
        return NULL;
    }
    *entry = (struct map_entry){.value = value, .key_length = (uint32_t)key.length};
    if (key.length > 0) {
        memcpy(entry->key, key.data, key.length);
    }
    return entry;
}

struct map_entry *
map_add(struct map *map, struct bytes key, void *value)
{
    struct map_entry *entry;

    assert(value != NULL);
    if (map->bucket_count == 0) {
        hash_key_init(&map->hash_key);
    }
    if (map->count >= map->bucket_count && !grow(map)) {
        return NULL;
    }
    entry = new_entry(key, value);
    if (entry == NULL) {
        return NULL;
    }
    entry->hash = hash_of(map, key);
    put_into_bucket(map, entry);
    entry->previous = map->last;
    if (map->last != NULL) {
        map->last->next = entry;
    } else {
        map->first = entry;
    }
    map->last = entry;
    map->count++;
    return entry;
}

enum status
map_put(struct map *map, struct bytes key, void *value)
{
    struct map_entry *entry = find(map, key);

    assert(value != NULL);
    if (entry != NULL) {
        entry->value = value;
        return STATUS_OK;
    }
    return map_add(map, key, value) != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

void
map_remove_entry(struct map *map, struct map_entry *entry)
{
    struct map_entry **link = bucket_of(map, entry->hash);

    while (*link != entry) {
        link = &(*link)->chained;
    }
    *link = entry->chained;
    if (entry->previous != NULL) {
        entry->previous->next = entry->next;
    } else {
        map->first = entry->next;
    }
    if (entry->next != NULL) {
        entry->next->previous = entry->previous;
    } else {
        map->last = entry->previous;
    }
    free(entry);
    map->count--;
}

void *
map_remove(struct map *map, struct bytes key)
{
    struct map_entry *entry = find(map, key);
    void *value;

    if (entry == NULL) {
        return NULL;
    }
    value = entry->value;
    map_remove_entry(map, entry);
    return value;
}

size_t
map_count(const struct map *map)
{
    return map->count;
}

struct map_entry *
map_first(const struct map *map)
{
    return map->first;
}

struct map_entry *
map_next(const struct map_entry *entry)
{
    return entry->next;
}

struct bytes
map_entry_key(const struct map_entry *entry)
{
    return bytes_from(entry->key, entry->key_length);
}

void *
map_entry_value(const struct map_entry *entry)
{
    return entry->value;
}
