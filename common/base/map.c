/* SPDX-License-Identifier: MIT */
#include "common/base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory is an answer, not an exit. */
#define HASH_NONFATAL_OOM          1
#define uthash_nonfatal_oom(entry) ((void)((entry)->is_out_of_memory = true))
#include <uthash.h>

struct map_entry {
    UT_hash_handle hh;
    void *value;
    bool is_out_of_memory; /* uthash could not insert it */
    size_t key_length;
    uint8_t key[];
};

void
map_init(struct map *map)
{
    *map = (struct map){.entries = NULL};
}

void
map_deinit(struct map *map)
{
    struct map_entry *entry = map->entries;

    /* The table first: its memory hangs off the first entry, and the entries stay linked. */
    HASH_CLEAR(hh, map->entries);
    while (entry != NULL) {
        struct map_entry *next = entry->hh.next;

        free(entry);
        entry = next;
    }
    map_init(map);
}

static unsigned
hash_of(const struct map *map, struct bytes key)
{
    return (unsigned)hash_bytes(&map->hash_key, key);
}

static struct map_entry *
find(const struct map *map, struct bytes key)
{
    struct map_entry *entry = NULL;
    /* uthash compares with memcmp, which wants an address even of nothing. */
    const void *data = key.length == 0 ? (const void *)"" : key.data;

    if (map->entries != NULL && key.length <= UINT32_MAX) {
        HASH_FIND_BYHASHVALUE(hh, map->entries, data, key.length, hash_of(map, key), entry);
    }
    return entry;
}

void *
map_get(const struct map *map, struct bytes key)
{
    struct map_entry *entry = find(map, key);

    return entry == NULL ? NULL : entry->value;
}

static struct map_entry *
new_entry(struct bytes key, void *value)
{
    struct map_entry *entry;

    /* uthash counts key bytes as unsigned. */
    if (key.length > UINT32_MAX - sizeof(*entry)) {
        return NULL;
    }
    entry = malloc(sizeof(*entry) + key.length);
    if (entry == NULL) {
        return NULL;
    }
    memset(entry, 0, sizeof(*entry));
    entry->value = value;
    entry->key_length = key.length;
    if (key.length > 0) {
        memcpy(entry->key, key.data, key.length);
    }
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
    if (map->hash_key.words[0] == 0 && map->hash_key.words[1] == 0) {
        hash_key_init(&map->hash_key);
    }
    entry = new_entry(key, value);
    if (entry == NULL) {
        return STATUS_NO_MEMORY;
    }
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, map->entries, entry->key, key.length, hash_of(map, key), entry);
    if (entry->is_out_of_memory) {
        free(entry);
        return STATUS_NO_MEMORY;
    }
    map->count++;
    return STATUS_OK;
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
    HASH_DEL(map->entries, entry);
    free(entry);
    map->count--;
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
    return map->entries;
}

struct map_entry *
map_next(const struct map_entry *entry)
{
    return entry->hh.next;
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
