/* SPDX-License-Identifier: MIT */
#include "service/identity/client_limits.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/map.h"
#include "service/identity/address_rate.h"
#include "service/identity/client_network.h"
#include "service/platform/service_lock.h"

/* All places of one network. */
struct client_address {
    struct map_entry *entry; /* in `addresses` */
    uint64_t count;
};

/* All workers that know the connection share it, which are two while it moves. */
struct client_place {
    struct client_address *address;
    struct map_entry *entry; /* in `connections`; NULL = without an id */
    uint32_t holders;
};

struct client_limits {
    struct service_lock *lock;
    /* Below: only with the lock. */
    struct client_limits_options options;
    uint64_t place_count;
    struct map addresses;   /* network -> struct client_address */
    struct map connections; /* hash of the id, which is shorter -> struct client_place */
    struct hash_key hash_key;
    struct address_rate negotiates;
    uint64_t now_ms; /* the latest that any worker has said: their clocks differ by a turn */
};

struct client_limits *
client_limits_new(const struct client_limits_options *options)
{
    struct client_limits *limits = calloc(1, sizeof(*limits));

    if (limits == NULL) {
        return NULL;
    }
    limits->lock = service_lock_new();
    if (limits->lock == NULL) {
        free(limits);
        return NULL;
    }
    limits->options = *options;
    map_init(&limits->addresses);
    map_init(&limits->connections);
    hash_key_init(&limits->hash_key);
    address_rate_init(&limits->negotiates, options->negotiates_max, 0);
    return limits;
}

void
client_limits_free(struct client_limits *limits)
{
    if (limits != NULL) {
        address_rate_deinit(&limits->negotiates);
        map_deinit(&limits->connections);
        map_deinit(&limits->addresses);
        service_lock_free(limits->lock);
        free(limits);
    }
}

void
client_limits_set(struct client_limits *limits, const struct client_limits_options *options)
{
    service_lock_take(limits->lock);
    if (limits->options.negotiates_max != options->negotiates_max) {
        address_rate_deinit(&limits->negotiates);
        address_rate_init(&limits->negotiates, options->negotiates_max, limits->now_ms);
    }
    limits->options = *options;
    service_lock_give(limits->lock);
}

bool
client_limits_negotiate(struct client_limits *limits, struct bytes address, uint64_t now_ms,
                        uint64_t *wait_ms)
{
    char text[CLIENT_NETWORK_BYTES_MAX];
    struct bytes network = client_network_of(address, text);

    service_lock_take(limits->lock);
    if (now_ms > limits->now_ms) {
        limits->now_ms = now_ms;
    }
    bool may = address_rate_take(&limits->negotiates, network, limits->now_ms, wait_ms);
    service_lock_give(limits->lock);
    return may;
}

static bool
is_full(const struct client_limits *limits)
{
    uint64_t max = limits->options.connections_max;
    return max != 0 && limits->place_count >= max;
}

static bool
has_too_many(const struct client_limits *limits, const struct client_address *address, bool is_back)
{
    uint64_t max = limits->options.address_connections_max;
    return max != 0 && address != NULL && address->count >= (is_back ? 2 * max : max);
}

bool
client_limits_has_place(struct client_limits *limits, struct bytes address)
{
    char text[CLIENT_NETWORK_BYTES_MAX];
    struct bytes network = client_network_of(address, text);

    service_lock_take(limits->lock);
    bool has_place = !has_too_many(limits, map_get(&limits->addresses, network), false);
    service_lock_give(limits->lock);
    return has_place;
}

static struct client_address *
add_address(struct client_limits *limits, struct bytes network)
{
    struct client_address *address = calloc(1, sizeof(*address));

    if (address != NULL &&
        (address->entry = map_add(&limits->addresses, network, address)) == NULL) {
        free(address);
        return NULL;
    }
    return address;
}

static void
forget_if_empty(struct client_limits *limits, struct client_address *address)
{
    if (address->count == 0) {
        map_remove_entry(&limits->addresses, address->entry);
        free(address);
    }
}

/* ${key} is empty for what has no id. NULL when out of memory. */
static struct client_place *
add_place(struct client_limits *limits, struct client_address *address, struct bytes key)
{
    struct client_place *place = calloc(1, sizeof(*place));

    if (place == NULL) {
        return NULL;
    }
    if (key.length > 0 && (place->entry = map_add(&limits->connections, key, place)) == NULL) {
        free(place);
        return NULL;
    }
    place->address = address;
    address->count++;
    limits->place_count++;
    return place;
}

static enum client_limits_verdict
take_new(struct client_limits *limits, struct bytes network, struct bytes key, bool is_back,
         struct client_place **out)
{
    struct client_address *address = map_get(&limits->addresses, network);

    if (is_full(limits)) {
        return CLIENT_LIMITS_FULL;
    }
    if (has_too_many(limits, address, is_back)) {
        return CLIENT_LIMITS_TOO_MANY;
    }
    if (address == NULL && (address = add_address(limits, network)) == NULL) {
        return CLIENT_LIMITS_FULL;
    }
    *out = add_place(limits, address, key);
    forget_if_empty(limits, address);
    return *out != NULL ? CLIENT_LIMITS_GRANTED : CLIENT_LIMITS_FULL;
}

/* With the lock. */
static enum client_limits_verdict
take(struct client_limits *limits, struct bytes network, struct bytes id, bool is_back,
     struct client_place **out)
{
    enum client_limits_verdict verdict = CLIENT_LIMITS_GRANTED;
    /* Two ids with one hash would be counted as one connection. */
    uint64_t hash = hash_bytes(&limits->hash_key, id);
    struct bytes key = id.length > 0 ? bytes_from(&hash, sizeof(hash)) : BYTES_NONE;

    *out = key.length > 0 ? map_get(&limits->connections, key) : NULL;
    if (*out == NULL) {
        verdict = take_new(limits, network, key, is_back, out);
    }
    if (*out != NULL) {
        (*out)->holders++;
    }
    return verdict;
}

enum client_limits_verdict
client_limits_take(struct client_limits *limits, struct bytes address, struct bytes id,
                   bool is_back, struct client_place **out)
{
    char text[CLIENT_NETWORK_BYTES_MAX];
    struct bytes network = client_network_of(address, text);

    service_lock_take(limits->lock);
    enum client_limits_verdict verdict = take(limits, network, id, is_back, out);
    service_lock_give(limits->lock);
    return verdict;
}

/* With the lock. */
static void
leave(struct client_limits *limits, struct client_place *place)
{
    if (--place->holders > 0) {
        return;
    }
    if (place->entry != NULL) {
        map_remove_entry(&limits->connections, place->entry);
    }
    limits->place_count--;
    place->address->count--;
    forget_if_empty(limits, place->address);
    free(place);
}

void
client_limits_leave(struct client_limits *limits, struct client_place *place)
{
    if (place != NULL) {
        service_lock_take(limits->lock);
        leave(limits, place);
        service_lock_give(limits->lock);
    }
}
