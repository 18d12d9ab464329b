/* SPDX-License-Identifier: MIT */
/*
 * redis_backplane: route_backplane on Redis. Two connections: one carries the script calls and
 * reads of the log, pipelined; the other is subscribed to every app's channel. Both come back by
 * themselves; after each return the app is told from which counter on it hears everything.
 */
#ifndef HUBPLANE_BRIDGE_REDIS_BACKPLANE_H
#define HUBPLANE_BRIDGE_REDIS_BACKPLANE_H

#include "bridge/redis/redis_connection.h"
#include "bridge/route/route_backplane.h"
#include "common/base/metrics.h"

struct redis_backplane_options {
    struct redis_options redis;
    struct metrics *metrics;
    uint64_t log_messages; /* 0 = no log */
    uint64_t log_bytes;    /* about: from the average size of recent messages */
    /* how long Redis remembers the sequence of a node instance that is gone */
    uint64_t sequence_life_ms;
};

enum {
    REDIS_HEAL_RETRY_MS = 500,    /* what passes by itself is tried again this often */
    REDIS_FLOOR_RETRY_MS = 20,    /* an app that does not know its floor is asked again */
    REDIS_BROKEN_RETRY_MS = 5000, /* what an operator must mend */
    REDIS_TRIM_EVERY = 256,       /* messages added to a log before it is trimmed */
};

/** Dials at once. OK, INVALID (the address), NO_MEMORY. */
MUST_CHECK enum status redis_backplane_new(struct loop *loop,
                                           const struct redis_backplane_options *options,
                                           struct route_backplane **out);
/** Its channels must be closed. The connections close in the loop's time. NULL does nothing. */
void redis_backplane_free(struct route_backplane *backplane);
/** Whether both connections are ready. */
bool redis_backplane_is_connected(struct route_backplane *backplane);

#endif
