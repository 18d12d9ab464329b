/* SPDX-License-Identifier: MIT */
/*
 * node_watch: looks at the node once a second and tells the administrator what has changed: bridge
 * and Redis lost or regained, a certificate about to expire, clients refused or too slow. What
 * happens in between is in the log; this is rate-limited by its nature.
 */
#ifndef HUBPLANE_SERVICE_NODE_WATCH_H
#define HUBPLANE_SERVICE_NODE_WATCH_H

#include "common/base/metrics.h"
#include "common/base/timer.h"
#include "common/net/tls.h"
#include "service/backplane/backplane.h"
#include "service/platform/service_host.h"

struct node_watch_options {
    struct timers *timers;
    struct clock *clock;
    struct log *log;
    struct service_host *host;
    struct metrics *metrics;
    const struct backplane *backplane;
};

/* Whether something is there, as it was last told. */
enum node_watch_state { NODE_WATCH_UNKNOWN, NODE_WATCH_THERE, NODE_WATCH_LOST };

/* A counter whose growth is told at most once a minute. */
struct node_watch_counter {
    int64_t told;
    uint64_t next_ms;
};

/* Embedded by value; zero-initialised before start. */
struct node_watch {
    struct node_watch_options options;
    struct timer timer;
    enum node_watch_state bridge;
    enum node_watch_state redis;
    uint64_t bridge_since_ms; /* last seen there, or the start */
    uint64_t redis_since_ms;
    struct node_watch_counter refused;
    struct node_watch_counter slow;
    struct node_watch_counter lost;
    int64_t expires_at_s; /* 0 = unknown */
    int64_t days_told;    /* the days left that were told last */
};

/** ${options}: everything is borrowed until node_watch_stop(). Loop thread only, like all here. */
void node_watch_start(struct node_watch *watch, const struct node_watch_options *options);
/** The certificate to look after; NULL = none. */
void node_watch_set_credentials(struct node_watch *watch, const struct tls_context *tls);
/** Idempotent; also before start. */
void node_watch_stop(struct node_watch *watch);

#endif
