/* SPDX-License-Identifier: MIT */
/* worker_app: what one worker holds of one app: its connections, topics, hub backends, keys, and
 * where it is in the farm's order. */
#ifndef HUBPLANE_SERVICE_WORKER_APP_H
#define HUBPLANE_SERVICE_WORKER_APP_H

#include "common/base/list.h"
#include "common/base/log.h"
#include "common/base/map.h"
#include "common/base/metrics.h"
#include "common/base/timer.h"
#include "service/backplane/backplane_port.h"
#include "service/http/http_exchange.h"
#include "service/identity/client_limits.h"
#include "service/signalr/app.h"
#include "service/signalr/client_fault.h"
#include "service/signalr/client_frame.h"
#include "service/signalr/token_keys.h"
#include "service/signalr/topic.h"

/* Metrics of this module: indexes into the program's table. */
struct signalr_metrics {
    struct metrics *registry;              /* NULL = nothing is counted */
    size_t connections,                    /* gauge: records, with or without a transport */
        connects, reconnects, disconnects, /* counters */
        refused,                           /* 503: cap, no keys yet, draining */
        /* 429: an address that asks too often, or has too many */
        limited_rate, limited_connections,
        unauthorized,  /* 401: no token, or one that is not believed */
        client_faults, /* of every kind: client_fault.def */
        delivered,     /* messages written to clients */
        replayed,      /* those of them after a reconnect */
        replays_short, /* resumed at the oldest retained message */
        stale_cursors, slow_consumers, invalid_values, unmatched_acknowledgements, hub_calls,
        hub_errors, join_time_outs, acks_pending /* gauge */;
};

/* What the apps of one worker share. */
struct worker_context {
    struct timers *timers;
    struct clock *clock;
    struct log *log;
    struct signalr_metrics metrics;
    struct backplane_port *port;
    struct http_proxies proxies;
    struct client_limits *limits; /* the node's; NULL = none */
    struct hub_backend_context backends;
    /* Encoded once: keep-alives of each kind. */
    struct http_chunk keep_alives[CLIENT_FRAME_KINDS];
    char nonce[8 + 1]; /* tells this worker's messages about moved connections from others' */
    bool is_draining;
    const atomic_bool *is_paused; /* NULL = never */
};

struct worker_app {
    struct worker_context *context;
    const struct app *app;
    struct topic_table topics;
    /* Connections, one list a state. */
    struct list opening;
    struct list attached;
    struct list detached;
    size_t connection_count;
    struct list
        filled_polls;  /* polls that got messages in this batch and are answered at its end */
    struct list calls; /* hub calls under way */
    struct list awaiting_position; /* those of them that wait for their progress to come round */
    struct list ended_calls;       /* those that ended before they could be reported */
    struct timer ended_calls_timer;
    struct map acknowledgements; /* command id -> struct acknowledgement */
    struct timer acknowledgements_timer;
    struct map expiries;     /* of memberships: struct farm_expiry */
    struct list ended_joins; /* those that ended with their transport, not yet reported */
    struct timer ended_joins_timer;
    struct timer heartbeat;
    uint32_t heartbeat_count;
    enum backplane_state state;
    bool has_doomed;   /* a connection is to be ended after this batch */
    bool has_position; /* the farm has told where it is */
    uint64_t position; /* every message up to here that concerns this worker has been handed over */
    struct token_keys keys;
    struct backplane_request *standing_request; /* for the two topics every worker hears */
    struct hub_backend **hubs; /* by index of app->hubs; NULL where it could not be made */
    struct hub_backend **raws; /* by index of app->paths; NULL for hub paths */
    struct log_limit fault_limits[CLIENT_FAULT_COUNT];
    struct log_limit address_limit;
    struct log_limit value_limit;
    struct log_limit slow_limit;
    struct log_limit short_limit;
    struct log_limit stale_limit;
};

/** ${context} and ${app} outlive it. Subscribes to the two topics every worker hears. OK or
 * NO_MEMORY. */
MUST_CHECK enum status worker_app_new(struct worker_context *context, const struct app *app,
                                      struct worker_app **out);
/** Drops every connection without events, and every hub call. The port takes the last unsubscribes,
 * but calls nobody back any more. */
void worker_app_free(struct worker_app *app);

/** The app can serve clients: it has keys for their tokens. */
bool worker_app_is_ready(const struct worker_app *app);
/** Advance the position and wake what waited for it. */
void worker_app_set_position(struct worker_app *app, uint64_t position);
/** Add to a counter or gauge of signalr_metrics: worker_app_count(app,
 * app->context->metrics.connects, 1). */
void worker_app_count(const struct worker_app *app, size_t metric, int64_t delta);
/** "app chat" for the log. */
struct bytes worker_app_key(const struct worker_app *app);

#endif
