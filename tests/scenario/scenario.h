/* SPDX-License-Identifier: MIT */
/*
 * scenario: a farm of SignalR hosts in one process and in virtual time: real HTTP parsing,
 * transports, hubs; a backplane in memory; no sockets. The app is the same everywhere: /signalr
 * with ChatHub and OtherHub, /echo with raw connections.
 */
#ifndef HUBPLANE_TESTS_SCENARIO_H
#define HUBPLANE_TESTS_SCENARIO_H

#include "common/base/timer.h"
#include "service/http/http_connection.h"
#include "service/signalr/signalr_host.h"
#include "tests/scenario/probe_hub.h"
#include "tests/support/fake_backplane.h"
#include "tests/support/fake_loop.h"
#include "tests/support/test.h"

enum { SCENARIO_HOSTS_MAX = 4, SCENARIO_CHAT = 0, SCENARIO_OTHER = 1 };

struct scenario;

/* One worker. */
struct scenario_host {
    struct scenario *scenario;
    struct http_server server;
    struct fake_port *port;
    struct signalr_host *host; /* NULL = killed */
    atomic_bool is_paused;
};

enum scenario_metric {
    SCENARIO_CONNECTIONS,
    SCENARIO_CONNECTS,
    SCENARIO_RECONNECTS,
    SCENARIO_DISCONNECTS,
    SCENARIO_REFUSED,
    SCENARIO_LIMITED_RATE,
    SCENARIO_LIMITED_CONNECTIONS,
    SCENARIO_UNAUTHORIZED,
    SCENARIO_CLIENT_FAULTS,
    SCENARIO_DELIVERED,
    SCENARIO_REPLAYED,
    SCENARIO_REPLAYS_SHORT,
    SCENARIO_STALE_CURSORS,
    SCENARIO_SLOW_CONSUMERS,
    SCENARIO_INVALID_VALUES,
    SCENARIO_UNMATCHED,
    SCENARIO_HUB_CALLS,
    SCENARIO_HUB_ERRORS,
    SCENARIO_JOIN_TIME_OUTS,
    SCENARIO_ACKS_PENDING,
    SCENARIO_METRICS,
};

struct scenario {
    struct clock clock;
    struct timers timers;
    struct log log;
    struct metrics metrics;
    struct fake_backplane farm;
    struct fake_loop loop;       /* every host's */
    struct upstreams *upstreams; /* NULL = none; freed with the scenario */
    bool (*work)(void *worker);  /* more to do at each turn; true when anything was done */
    void *worker;
    /* Who else takes requests; false: nobody. */
    bool (*handle)(void *handler, struct http_exchange *exchange);
    void *handler;
    struct scenario_host hosts[SCENARIO_HOSTS_MAX];
    size_t host_count;
    struct list clients; /* struct fake_client */
    struct app app;      /* may be changed between scenario_init() and scenario_start() */
    struct app_path paths[2];
    struct app_hub hubs[2];
    struct app_hub raw;
    struct probe_hub probes[2];
    struct probe_hub raw_probe;
    struct buffer events;
    const char *proxies[1];
    struct client_limits_options limits; /* setting */
    struct client_limits *client_limits; /* of all hosts, as if they were one node */
    bool shares_node;                    /* setting: all hosts are workers of one node */
    bool has_no_link;                    /* setting: no secrets yet */
};

/** Everything but the hosts. */
void scenario_init(struct scenario *scenario);
/** Make ${count} hosts, linked and ready. */
void scenario_start(struct scenario *scenario, size_t count);
/** The hosts are freed; what they held at the backplane must come out even. */
void scenario_deinit(struct scenario *scenario);
/** A host vanishes without a word. */
void scenario_kill(struct scenario *scenario, size_t host);

/** Run until nothing more happens now. */
void scenario_run(struct scenario *scenario);
/** Let time pass, running every timer at its time. */
void scenario_advance(struct scenario *scenario, uint64_t delta_ms);
/** The events so far equal ${expected} (lines "connected ChatHub <id>" with ids cut off); then
 * forget them. */
void scenario_expect_events(struct scenario *scenario, const char *expected);
int64_t scenario_metric(const struct scenario *scenario, enum scenario_metric metric);
/** Publish from elsewhere in the farm: ${value} on ${topic}. */
uint64_t scenario_publish(struct scenario *scenario, const char *topic, const char *value);
/** ChatHub's broadcast of one text: {"H":"ChatHub","M":"say","A":["<text>"]} to all. */
uint64_t scenario_say(struct scenario *scenario, const char *text);

#endif
