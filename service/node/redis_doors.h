/* SPDX-License-Identifier: MIT */
/* redis_doors: the sockets of the Redis endpoint, on the link loop: a listener for each address, a
 * stream below each session. */
#ifndef HUBPLANE_SERVICE_REDIS_DOORS_H
#define HUBPLANE_SERVICE_REDIS_DOORS_H

#include "common/net/loop.h"
#include "service/redis_endpoint/redis_endpoint.h"

struct redis_doors;

/* Above it a client is told so and closed. */
enum { REDIS_DOORS_CONNECTIONS_MAX = 1000 };

struct redis_doors_options {
    struct loop *loop;
    struct log *log;
    struct metrics *metrics;
    struct backplane_port *port; /* the endpoint's own */
    /* As in redis_endpoint_options. */
    const struct redis_door *doors;
    size_t door_count;
    const struct redis_door_app *apps;
    size_t app_count;
};

/** All addresses are bound when it returns OK; otherwise ${problem} has a sentence that names the
 * address, and ${*out}, when not NULL, must still be closed and freed. */
MUST_CHECK enum status redis_doors_new(const struct redis_doors_options *options,
                                       struct buffer *problem, struct redis_doors **out);
/** Take no new clients and read nothing more; what has been read is still answered. */
void redis_doors_drain(struct redis_doors *doors);
/** Close everything; ${on_closed} fires later, once. */
void redis_doors_close(struct redis_doors *doors, void (*on_closed)(void *owner), void *owner);
/** Closed, or NULL. */
void redis_doors_free(struct redis_doors *doors);

#endif
