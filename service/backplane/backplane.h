/* SPDX-License-Identifier: MIT */
/*
 * backplane: the node's side of the farm. Lives on the link loop and owns, per app: the interest
 * table (topic to workers), the ring of recent messages, the publish spool. No sockets: whoever
 * dials a bridge (node/bridge_link) hands it a sink and bytes.
 */
#ifndef HUBPLANE_SERVICE_BACKPLANE_H
#define HUBPLANE_SERVICE_BACKPLANE_H

#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/poster.h"
#include "common/base/sink.h"
#include "common/base/timer.h"
#include "common/wire/link.h"
#include "service/backplane/backplane_port.h"

struct backplane;

enum { BACKPLANE_WORKERS_MAX = 65, BACKPLANE_LINGER_MS = 100 * 1000 };

/* Metrics of this module: indexes into the program's table. */
struct backplane_metrics {
    struct metrics *registry;
    size_t publish_accepted, publish_confirmed;
    size_t failed_refused, failed_timed_out, failed_unknown; /* told to callers */
    size_t rejected_full, rejected_closed, rejected_invalid; /* not taken */
    size_t publish_latency;                                  /* histogram */
    size_t spool_depth, spool_bytes, spool_oldest_age;       /* gauges */
    size_t delivered, rejected_frames, replays_local, replays_bridge, gaps;
    size_t interest_topics, link_up, degraded; /* gauges */
};

struct backplane_options {
    struct timers *timers;
    struct log *log;
    struct backplane_metrics metrics;
    struct link_identity self; /* views are copied */
    /* Apps: the handle of an app is its index + 1, here and in every port. Copied. */
    const struct bytes *app_keys;
    size_t app_count;
    /* Workers, by index. A worker without a poster (post NULL) lives on the link loop itself. */
    const struct poster *workers;
    size_t worker_count;
    /* Reaches the link loop from a worker's loop. */
    struct poster link_loop;
    /* Asks for one backplane_flush() at the end of the present turn of the link loop. */
    void (*schedule_flush)(void *context);
    void *schedule_context;
    /* Bounds. */
    size_t spool_bytes;  /* of publishes not yet accepted, per app */
    size_t recent_bytes; /* of the ring of recent messages, per app */
    /* how long a publisher is kept waiting: then TIMED_OUT or OUTCOME_UNKNOWN */
    uint32_t publish_wait_ms;
    uint32_t linger_ms; /* interest outlives the last connection by this */
};

MUST_CHECK enum status backplane_new(const struct backplane_options *options,
                                     struct backplane **out);
/** The link must be closed and no worker may use its port any more. */
void backplane_free(struct backplane *backplane);

/** The door of worker ${index}; lives as long as the backplane. Its handler must be set, on the
 * link loop's thread before the loops run or on the worker's own thread, before anything else is
 * done with it. ${clock} is the worker's and stamps its publishes. */
struct backplane_port *backplane_worker_port(struct backplane *backplane, size_t index);
void backplane_port_set_handler(struct backplane_port *port,
                                const struct backplane_port_handler *handler, struct clock *clock,
                                void *owner);

/** The worker is going away: what is still under way to it is dropped, and its requests are never
 * called back. */
void backplane_port_clear_handler(struct backplane_port *port);

/* The session has ended by itself; the sink is to be finished. ${is_sent_away}: the bridge is
 * stopping, so another one is to be tried first. */
typedef void (*backplane_session_ended_fn)(void *owner, const char *reason, bool is_sent_away);

/** A link is up (TLS done): start the session on it. Link loop only, like all below. */
MUST_CHECK enum status backplane_link_opened(struct backplane *backplane, struct sink *sink,
                                             backplane_session_ended_fn on_ended, void *owner);
void backplane_link_receive(struct backplane *backplane, struct bytes input);
/** The sink is gone. Idempotent; safe when no link is up; never inside one of the calls above. */
void backplane_link_closed(struct backplane *backplane, const char *reason);
/** Hand everything gathered in this turn to the workers. */
void backplane_flush(struct backplane *backplane);
/** Whether every publish has been accepted: nothing would be lost by stopping. */
bool backplane_is_idle(const struct backplane *backplane);
/** Whether at least one app is open at a bridge that reaches Redis: publishes are accepted. */
bool backplane_is_ready(const struct backplane *backplane);
/** Bring the gauges up to date that only somebody who looks needs. */
void backplane_measure(const struct backplane *backplane);
/** Append the metric last_id, a line for each app. */
void backplane_render_last_ids(const struct backplane *backplane, struct buffer *out);
/* How one app is, for people to see. */
struct backplane_app_view {
    const char *key;   /* borrowed */
    const char *state; /* "open"; "waiting": for a bridge or for Redis; "refused" by the bridge */
    uint64_t position; /* everything of interest up to this id has been handed to the workers */
    size_t waiting_count, waiting_bytes; /* publishes that no bridge has accepted */
};

/** ${app}: 0 to app_count - 1. */
void backplane_look(const struct backplane *backplane, size_t app, struct backplane_app_view *out);
/** "bridge1", or NULL while there is no link. */
const char *backplane_bridge_name(const struct backplane *backplane);

#endif
