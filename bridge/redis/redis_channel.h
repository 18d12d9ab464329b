/* SPDX-License-Identifier: MIT */
/* redis_channel: one app on Redis: its subscription and its calls of the publish script. Used by
 * redis_backplane, which owns the connections. */
#ifndef HUBPLANE_BRIDGE_REDIS_CHANNEL_H
#define HUBPLANE_BRIDGE_REDIS_CHANNEL_H

#include "bridge/redis/redis_backplane.h"
#include "bridge/redis/redis_script.h"
#include "common/base/map.h"

/* The backplane as its channels see it. */
struct redis_backplane {
    struct route_backplane base;
    struct loop *loop;
    struct redis_backplane_options options;
    struct redis_script script;
    struct redis_connection *messages; /* subscriptions, and calls of the script */
    struct redis_connection *log;
    struct buffer storage; /* of the arguments of one request, while it is being sent */
    struct map by_key;     /* -> struct redis_channel */
    bool was_cut;          /* Redis has closed `messages`, and `log` lives on since */
};

enum redis_channel_state {
    REDIS_CHANNEL_DEAF,       /* not subscribed */
    REDIS_CHANNEL_SUBSCRIBED, /* confirmed; the counter has not been read since */
    REDIS_CHANNEL_HEARING,    /* the app knows from where on it hears everything */
};

/* Embedded in whatever waits for an answer. When the channel goes first, `channel` becomes NULL and
 * the answer only frees it. */
struct redis_call {
    struct list_node node;
    struct redis_channel *channel;
    /* Tell whoever waits that no answer will come. */
    void (*cancel)(struct redis_call *call);
};

struct redis_channel {
    struct route_channel base;
    struct redis_backplane *backplane;
    const struct route_channel_handler *handler;
    void *owner;
    enum redis_channel_state state;
    struct buffer names; /* the memory of `keys` */
    struct redis_keys keys;
    struct list calls;  /* struct redis_call, under way */
    struct list unsent; /* struct route_batch.node: could not be sent; told from the timer */
    struct list unread; /* struct route_log_read.node: the same */
    struct timer unsent_timer;
    struct timer heal_timer;
    bool has_heard; /* HEARING, at least once */
    bool is_healing;
    uint64_t average_bytes; /* of a message; smoothed */
    uint32_t untrimmed;     /* messages of .NET nodes added to the log since it was trimmed */
};

/** OK or NO_MEMORY. */
MUST_CHECK enum status redis_channel_new(struct redis_backplane *backplane, struct bytes key,
                                         const struct route_channel_handler *handler, void *owner,
                                         struct redis_channel **out);
/** Its calls under way are canceled; answers that still come are ignored. */
void redis_channel_free(struct redis_channel *channel);
/** Subscribe, if the connection for messages is ready. */
void redis_channel_subscribe(struct redis_channel *channel);
/** The connection for messages is lost: until it is back, the app hears nothing, and what it
 * publishes waits. */
void redis_channel_cut_off(struct redis_channel *channel, const char *why);
/** Read the counter, heal it if it was lost, and tell the app; repeated until it works. */
void redis_channel_heal(struct redis_channel *channel);
void redis_channel_publish(struct redis_channel *channel, struct route_batch *batch);

/* For redis_log.c. */
void redis_channel_begin_call(struct redis_channel *channel, struct redis_call *call,
                              void (*cancel)(struct redis_call *call));
void redis_channel_end_call(struct redis_call *call);
/** Have the batches and reads in `unsent` and `unread` told soon. */
void redis_channel_tell_later(struct redis_channel *channel);

#endif
