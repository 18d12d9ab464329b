/* SPDX-License-Identifier: MIT */
/*
 * route_backplane: what an app needs from the store that gives messages their ids: publish a batch,
 * hear the channel, read the log. Redis implements it (redis/redis_backplane.h), so does memory
 * (route_memory.h) and, in tests, a fake.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_BACKPLANE_H
#define HUBPLANE_BRIDGE_ROUTE_BACKPLANE_H

#include "common/base/list.h"
#include "common/base/payload.h"
#include "common/wire/link.h"
#include "common/wire/signalr_message.h"

/* One batch is one script call: large enough to amortise it, small enough not to keep Redis from
 * others. */
enum { ROUTE_BATCH_MESSAGES_MAX = 64, ROUTE_BATCH_BYTES_MAX = 512 * 1024 };

/* A counter that was lost is lifted this far above the floor (design.md 3.5). */
#define ROUTE_LIFT_IDS UINT64_C(1000000)
/* Ids from 10^14 on are misprinted by the .NET nodes' script; we warn and stop lifting well before.
 */
#define ROUTE_LIFT_LIMIT_ID UINT64_C(10000000000000)

struct route_channel;

enum route_outcome {
    ROUTE_PUBLISHED,    /* all of it: executed or skipped */
    ROUTE_OUT_OF_ORDER, /* nothing: a message before it is missing; send again from there */
    /* stopped after settled_sequence; the condition will pass (OOM, READONLY, connection lost) */
    ROUTE_TRY_AGAIN,
    ROUTE_REFUSED, /* stopped after settled_sequence; the next message is refused for good */
    /* nothing: the app cannot work until an operator acts (wrong key type, permissions) */
    ROUTE_MISCONFIGURED,
};

struct route_result {
    enum route_outcome outcome;
    /* highest sequence that is published now; meaningful unless OUT_OF_ORDER or MISCONFIGURED */
    uint64_t settled_sequence;
    uint64_t last_id;  /* id of settled_sequence when this call executed it, else 0 */
    uint64_t counter;  /* the id counter after the call; 0 = unknown */
    struct bytes text; /* why not, for people */
};

/* Consecutive messages of one node instance. Whoever calls publish() owns it and keeps it until
 * on_done. */
struct route_batch {
    struct list_node node; /* the implementation's, while it has the batch */
    void (*on_done)(struct route_batch *batch, const struct route_result *result);
    uint8_t instance[SIGNALR_INSTANCE_BYTES];
    /* known to be published; wins over a smaller one that the store remembers */
    uint64_t settled_sequence;
    uint64_t first_sequence;
    uint64_t floor_id; /* a counter below it has been lost and is lifted */
    size_t count;
    struct payload *frames[ROUTE_BATCH_MESSAGES_MAX]; /* with trailer; referenced */
};

/* A page of the log: channel messages with from <= id <= to, ascending, at most `limit`. */
struct route_log_read {
    struct list_node node;
    void (*on_entry)(struct route_log_read *read, struct bytes channel_message);
    /* ${is_last}: nothing more up to `to`. Status OK, or BACKPLANE_DOWN, CANCELED: then the page is
     * incomplete. */
    void (*on_done)(struct route_log_read *read, enum status status, bool is_last);
    uint64_t from_id;
    uint64_t to_id;
    size_t limit;
    uint64_t counter; /* filled before on_done: the id counter after the read; 0 = unknown */
};

/* Told to the app; never from inside one of the operations. */
struct route_channel_handler {
    /* Subscribed and confirmed: every message published from now on will be heard; ${counter} was
     * read after that. Again after each reconnect. ${is_fresh}: numbering begins anew after
     * ${counter}, whatever nodes remember. */
    void (*on_subscribed)(void *owner, uint64_t counter, bool is_fresh);
    /* A message as it came through the channel: id, space, frame, trailer. */
    void (*on_message)(void *owner, struct bytes channel_message);
    /* OPEN follows on_subscribed. ${text} is a sentence for logs and nodes. */
    void (*on_state)(void *owner, enum link_backplane_state state, struct bytes text);
    /* The floor to heal the counter with, asked for at each (re)connect. False: it is not known
     * yet; ask again in a moment, and have nothing published before. */
    bool (*floor_id)(void *owner, uint64_t *floor_id);
};

struct route_backplane;

struct route_backplane_operations {
    /* Serve the app ${key}: subscribe now and after every reconnect. OK or NO_MEMORY. */
    enum status (*open)(struct route_backplane *backplane, struct bytes key,
                        const struct route_channel_handler *handler, void *owner,
                        struct route_channel **out);
    /* No callback of the handler fires any more; batches and reads under way end with TRY_AGAIN and
     * CANCELED before it returns. */
    void (*close)(struct route_channel *channel);
    /* on_done fires exactly once, later. Batches are executed in the order given. */
    void (*publish)(struct route_channel *channel, struct route_batch *batch);
    void (*read_log)(struct route_channel *channel, struct route_log_read *read);
    /* Add a message that a .NET node published; best effort. */
    void (*append_log)(struct route_channel *channel, uint64_t id, struct bytes channel_message);
    /* Messages the log keeps; 0 = there is none. */
    uint64_t (*log_limit)(struct route_channel *channel);
};

/* Embedded first in whatever implements it. */
struct route_backplane {
    const struct route_backplane_operations *operations;
};

/* Embedded first in the channel of whatever implements it. */
struct route_channel {
    const struct route_backplane_operations *operations;
};

#endif
