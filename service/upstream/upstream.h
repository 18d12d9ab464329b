/* SPDX-License-Identifier: MIT */
/*
 * upstream: the web applications that answer the hubs of one node. Each has one queue, one circuit
 * breaker and one pool of connections for the whole node, and keeps the order of each connection's
 * calls, whichever workers they come from. Lives on one loop; workers send calls there and get them
 * back.
 */
#ifndef HUBPLANE_SERVICE_UPSTREAM_H
#define HUBPLANE_SERVICE_UPSTREAM_H

#include "common/base/log.h"
#include "common/base/metrics.h"
#include "service/upstream/upstream_call.h"
#include "service/upstream/upstream_settings.h"

struct upstreams;
struct upstream_dialer;

/* Metrics of this module: indexes into the program's table. */
struct upstream_metrics {
    struct metrics *registry;                       /* NULL = nothing is counted */
    size_t requests, failures, waiting, open, lost; /* lost: disconnected events */
};

struct upstreams_options {
    struct timers *timers;
    struct log *log;
    struct upstream_metrics metrics;
    struct poster loop; /* reaches the loop these timers belong to */
    struct upstream_dialer *dialer;
    const struct upstream_settings *const *settings; /* outlive it */
    size_t count;
};

/** OK or NO_MEMORY. */
MUST_CHECK enum status upstreams_new(const struct upstreams_options *options,
                                     struct upstreams **out);
/** Closed before; every call has been released. NULL does nothing. */
void upstreams_free(struct upstreams *upstreams);
/** The one with these settings; NULL when there is none. Any thread. */
struct upstream *upstreams_find(const struct upstreams *upstreams,
                                const struct upstream_settings *settings);
const struct upstream_settings *upstream_settings_of(const struct upstream *upstream);
/** Nothing waits for an application. */
bool upstreams_is_idle(const struct upstreams *upstreams);
/** The node stops: every socket is closed, every call comes home with CANCELED, later ones too.
 * Idempotent. */
void upstreams_close(struct upstreams *upstreams);

/** upstream_send(upstream, call): Any thread. The call is the upstream's from now on; it comes home
 * to call->on_answered, later. OK, or NO_MEMORY, CLOSED: then it stays the caller's. */
MUST_CHECK enum status upstream_send(struct upstream *upstream, struct upstream_call *call);
/** The answer has been carried out. Any thread; frees the call. */
void upstream_release(struct upstream_call *call);

#endif
