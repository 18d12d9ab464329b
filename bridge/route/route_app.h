/* SPDX-License-Identifier: MIT */
/*
 * route_app: one SignalR application on this bridge: its nodes, their publishes on the way in, the
 * ordered messages on the way out. Sans I/O: the backplane calls in with bytes, the members' links
 * take bytes out, time is the timers'.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_APP_H
#define HUBPLANE_BRIDGE_ROUTE_APP_H

#include "bridge/route/route_backplane.h"
#include "bridge/route/route_bridges.h"
#include "bridge/route/route_history.h"
#include "bridge/route/route_member.h"
#include "bridge/route/route_order.h"
#include "bridge/route/route_past.h"
#include "bridge/route/route_spelling.h"
#include "common/base/log.h"
#include "common/base/metrics.h"

enum {
    ROUTE_OPEN_PATIENCE_MS = 1000, /* OPENED waits this long for the app's first position */
    /* a new app waits this long for other bridges to say which ids they know */
    ROUTE_FLOOR_PATIENCE_MS = 5000,
    /* what is remembered of a node instance that is gone, as long as in Redis */
    ROUTE_PUBLISHER_LIFE_MS = 3600000,
    ROUTE_PUBLISHERS_MAX = 4096,
    ROUTE_SWEEP_MS = 60000,
};

struct route_app_options {
    struct route_backplane *backplane;
    struct route_bridges *bridges; /* NULL = there are no others */
    struct timers *timers;
    struct log *log;
    struct metrics *metrics; /* rows of bridge_metrics.def */
    struct bytes key;        /* copied */
    size_t history_bytes;
    size_t reorder_bytes; /* of messages waiting for a hole to be filled */
    size_t message_bytes; /* a larger frame is refused */
    /* Token secrets, current first. */
    size_t secret_count;
    uint8_t secrets[2][ENVELOPE_SECRET_BYTES];
};

struct route_app {
    struct route_app_options options;
    char *key;
    char *subject; /* for the log: "app ChatApp" */
    struct route_channel *channel;
    enum link_backplane_state state;
    bool is_position_told;   /* to a node: from then on it only moves with messages */
    bool is_publish_failing; /* the store refuses publishes for a while though it is connected */
    struct buffer state_text;
    struct route_topics topics;
    struct route_spelling spelling;
    struct route_history history;
    struct route_order order;
    struct list members;   /* struct route_member.in_app */
    struct list listeners; /* struct route_member.in_listeners */
    struct map publishers; /* instance -> struct route_publisher */
    uint64_t floor_id;     /* the highest id this farm is known to have used */
    uint64_t opened_ms;
    struct route_past past; /* what the order looks for */
    struct timer open_timer;
    struct timer sweep_timer;
    struct log_limit malformed_limit, gap_limit, collision_limit, refused_limit, height_limit,
        spelling_limit;
};

/** Subscribes at once. OK or NO_MEMORY. */
MUST_CHECK enum status route_app_new(const struct route_app_options *options,
                                     struct route_app **out);
/** Its members must have left. */
void route_app_free(struct route_app *app);

/** The farm is known to have used ${id}: a counter below it has been lost. */
void route_app_saw(struct route_app *app, uint64_t id);
/** The highest id this farm is known to have used. */
uint64_t route_app_highest(const struct route_app *app);

/* What nodes ask; each is a link_server callback with its app looked up. */

/** A node opens the app; it is answered with OPENED when the app has a position or patience ends.
 * NO_MEMORY. */
MUST_CHECK enum status route_app_join(struct route_app *app, struct route_peer *peer,
                                      uint16_t handle, const uint8_t *instance,
                                      uint64_t last_seen_id, uint64_t acknowledged_sequence,
                                      struct route_member **out);
void route_app_leave(struct route_member *member);
/** What OPENED and PING say: a node's position; to another bridge, the highest id known. */
uint64_t route_app_position(const struct route_member *member);
/** OK; PROTOCOL - a hole in the sequences; NO_MEMORY. Then the link is to be closed. */
MUST_CHECK enum status route_app_publish(struct route_member *member, uint64_t sequence,
                                         struct bytes frame);
/** Send what has been queued: after each chunk of input from a link. */
void route_app_flush(struct route_member *member);
void route_app_interest_end(struct route_member *member, uint32_t request);
/** ${to_id} 0 = up to the member's position. */
MUST_CHECK enum status route_app_replay(struct route_member *member, uint32_t request,
                                        uint64_t to_id, const struct link_topic *topics,
                                        size_t count);
/** Whether any other node than ${besides} listens to ${topic}: a node goes on listening for a while
 * after its last connection has left, and knows better about itself. */
bool route_app_has_listener(const struct route_app *app, struct bytes topic,
                            const struct route_member *besides);
/** The record of a node instance, made if need be; NULL when out of memory. */
struct route_publisher *route_app_publisher(struct route_app *app, const uint8_t *instance);
/** Hand on new token secrets. */
void route_app_set_secrets(struct route_app *app, size_t count,
                           const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES]);

#endif
