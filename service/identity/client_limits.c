/* SPDX-License-Identifier: MIT */
#include "service/identity/client_limits.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/map.h"
#include "service/identity/address_rate.h"
#include "service/identity/client_network.h"
#include "service/platform/service_lock.h"

/* All connections of one address share it. */
struct client_place {
    uint64_t count;
    size_t network_length;
    char network[CLIENT_NETWORK_BYTES_MAX];
};

struct client_limits {
    struct service_lock *lock;
    /* Below: only with the lock. */
    struct client_limits_options options;
    uint64_t connection_count;
    struct map places; /* network -> struct client_place */
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
    map_init(&limits->places);
    address_rate_init(&limits->negotiates, options->negotiates_max, 0);
    return limits;
}

void
client_limits_free(struct client_limits *limits)
{
    if (limits != NULL) {
        address_rate_deinit(&limits->negotiates);
        map_deinit(&limits->places);
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
    return max != 0 && limits->connection_count >= max;
}

static bool
has_too_many(const struct client_limits *limits, const struct client_place *place, bool is_back)
{
    uint64_t max = limits->options.address_connections_max;
    return max != 0 && place != NULL && place->count >= (is_back ? 2 * max : max);
}

bool
client_limits_has_place(struct client_limits *limits, struct bytes address)
{
    char text[CLIENT_NETWORK_BYTES_MAX];
    struct bytes network = client_network_of(address, text);

    service_lock_take(limits->lock);
    bool has_place = !has_too_many(limits, map_get(&limits->places, network), false);
    service_lock_give(limits->lock);
    return has_place;
}

static struct client_place *
add_place(struct client_limits *limits, struct bytes network)
{
    struct client_place *place = calloc(1, sizeof(*place));

    if (place == NULL) {
        return NULL;
    }
    place->network_length = network.length;
    memcpy(place->network, network.data, network.length);
    if (map_put(&limits->places, network, place) != STATUS_OK) {
        free(place);
        return NULL;
    }
    return place;
}

/* With the lock. */
static enum client_limits_verdict
take(struct client_limits *limits, struct bytes network, bool is_back, struct client_place **out)
{
    struct client_place *place = map_get(&limits->places, network);

    if (is_full(limits)) {
        return CLIENT_LIMITS_FULL;
    }
    if (has_too_many(limits, place, is_back)) {
        return CLIENT_LIMITS_TOO_MANY;
    }
    if (place == NULL) {
        place = add_place(limits, network);
    }
    if (place == NULL) {
        return CLIENT_LIMITS_FULL;
    }
    place->count++;
    limits->connection_count++;
    *out = place;
    return CLIENT_LIMITS_GRANTED;
}

enum client_limits_verdict
client_limits_take(struct client_limits *limits, struct bytes address, bool is_back,
                   struct client_place **out)
{
    char text[CLIENT_NETWORK_BYTES_MAX];
    struct bytes network = client_network_of(address, text);

    *out = NULL;
    service_lock_take(limits->lock);
    enum client_limits_verdict verdict = take(limits, network, is_back, out);
    service_lock_give(limits->lock);
    return verdict;
}

void
client_limits_leave(struct client_limits *limits, struct client_place *place)
{
    if (place == NULL) {
        return;
    }
    service_lock_take(limits->lock);
    limits->connection_count--;
    if (--place->count == 0) {
        map_remove(&limits->places, bytes_from(place->network, place->network_length));
        free(place);
    }
    service_lock_give(limits->lock);
}
