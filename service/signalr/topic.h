/* SPDX-License-Identifier: MIT */
/*
 * topic: which of a worker's connections hear which topic. A message finds its topic by one hash
 * look-up and then walks a compact array; joining and leaving that array costs the same however
 * many are in it.
 *
 * A connection keeps a topic in its set as long as it has a use of it at the backplane, but is in
 * the topic's array only while it is attached: open and caught up.
 */
#ifndef HUBPLANE_SERVICE_TOPIC_H
#define HUBPLANE_SERVICE_TOPIC_H

#include "common/base/bytes.h"
#include "common/base/hash.h"

struct connection;
struct topic_set;

/* One attached connection. `slot` is where its set holds the topic, so that neither side searches.
 */
struct topic_attachment {
    struct topic_set *set;
    uint32_t slot;
};

struct topic {
    struct topic *next;                   /* in its bucket */
    struct connection *owner;             /* of c-<id>: the connection with that id; else NULL */
    struct topic_attachment *attachments; /* room for as many as there are uses */
    struct topic_attachment single; /* that room while there is one: most topics are private */
    uint32_t hash;
    uint32_t attached_count;
    uint32_t capacity;
    uint32_t uses;
    uint16_t name_length;
    char name[];
};

struct topic_table {
    struct topic **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    struct hash_key key;
};

void topic_table_init(struct topic_table *table);
/** Every topic must have been released. */
void topic_table_deinit(struct topic_table *table);

struct bytes topic_name_of(const struct topic *topic);
struct topic *topic_find(const struct topic_table *table, struct bytes name);
/** One use more, making the topic if need be. NULL when out of memory. */
struct topic *topic_acquire(struct topic_table *table, struct bytes name);
/** One use less; the last one frees. */
void topic_release(struct topic_table *table, struct topic *topic);

#define TOPIC_DETACHED UINT32_MAX

/* A topic in a connection's set. */
struct topic_membership {
    struct topic *topic;
    uint32_t index; /* in topic->attachments, or TOPIC_DETACHED */
};

/* The topics of one connection; embedded in it. Zero-initialised = empty. */
struct topic_set {
    struct topic_membership *items;
    uint32_t count;
    uint32_t capacity;
};

/** Frees the array; the topics must have been taken out. */
void topic_set_deinit(struct topic_set *set);
/** Slot of ${topic}, or SIZE_MAX. */
size_t topic_set_find(const struct topic_set *set, const struct topic *topic);
/** Add a topic whose use the caller hands over. OK or NO_MEMORY. */
MUST_CHECK enum status topic_set_add(struct topic_set *set, struct topic *topic);
/** Take out what is in ${slot} (the last one moves there), detached; the use goes back to the
 * caller. */
struct topic *topic_set_take(struct topic_set *set, size_t slot);
/** Idempotent. OK or NO_MEMORY. */
MUST_CHECK enum status topic_set_attach(struct topic_set *set, size_t slot);
/** All or, after NO_MEMORY, some: detach them then. */
MUST_CHECK enum status topic_set_attach_all(struct topic_set *set);
void topic_set_detach_all(struct topic_set *set);

#endif
