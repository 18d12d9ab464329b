/* SPDX-License-Identifier: MIT */
/*
 * map: byte string to pointer, with a keyed hash, so that strangers who choose group names cannot
 * choose collisions. Keys are copied; values belong to the caller.
 */
#ifndef HUBPLANE_BASE_MAP_H
#define HUBPLANE_BASE_MAP_H

#include "common/base/bytes.h"
#include "common/base/hash.h"

struct map_entry;

struct map {
    struct map_entry *first; /* in insertion order */
    struct map_entry *last;
    struct map_entry **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t count;
    struct hash_key hash_key; /* drawn when the first key comes */
};

/** An empty map; so is a zero-initialised one. */
void map_init(struct map *map);
/** Frees the keys; the values are the caller's to free before. */
void map_deinit(struct map *map);
/** The value, or NULL. */
void *map_get(const struct map *map, struct bytes key);
/** Insert or replace. ${value} must not be NULL. OK or NO_MEMORY. */
MUST_CHECK enum status map_put(struct map *map, struct bytes key, void *value);
/** The entry of a key that the map does not hold yet; NULL when out of memory. A value that points
 * back to it need not keep its own copy of the key. ${value} must not be NULL. */
struct map_entry *map_add(struct map *map, struct bytes key, void *value);
/** Returns the value taken out, or NULL. */
void *map_remove(struct map *map, struct bytes key);
/** The same for an entry at hand. */
void map_remove_entry(struct map *map, struct map_entry *entry);
/** How many keys it holds. */
size_t map_count(const struct map *map);

/* Iterate in insertion order: for (e = map_first(m); e; e = map_next(e)). Removing the current
 * entry is allowed when its successor was fetched before. */
struct map_entry *map_first(const struct map *map);
struct map_entry *map_next(const struct map_entry *entry);
/** Lives until the entry is removed. */
struct bytes map_entry_key(const struct map_entry *entry);
void *map_entry_value(const struct map_entry *entry);

#endif
