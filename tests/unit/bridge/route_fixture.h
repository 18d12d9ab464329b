/* SPDX-License-Identifier: MIT */
/*
 * route_fixture: one app of a bridge with a fake backplane and a few nodes, each a real link_client
 * over a real link_server, in virtual time. What the nodes are told becomes text: "a: deliver 101
 * m1".
 */
#ifndef HUBPLANE_TESTS_UNIT_BRIDGE_ROUTE_FIXTURE_H
#define HUBPLANE_TESTS_UNIT_BRIDGE_ROUTE_FIXTURE_H

#include "bridge/bridge_metrics.h"
#include "bridge/route/route_app.h"
#include "common/wire/link_client.h"
#include "tests/support/link_pipe.h"
#include "tests/unit/bridge/fake_route_backplane.h"

enum { ROUTE_FIXTURE_NODES = 3, ROUTE_FIXTURE_APP = 1 };

struct route_fixture;

struct fixture_node {
    struct route_fixture *fixture;
    char name[2]; /* "a", "b", "c" */
    uint8_t instance_number;
    struct link_identity identity;
    struct link_pipe pipe;
    struct link_client *client;
    struct link_server *server;
    struct route_peer peer;
    struct route_member *member;
    uint64_t last_seen_id; /* settings of the next OPEN */
    uint64_t acknowledged;
    uint64_t sequence;    /* of the last publish */
    size_t trailer_bytes; /* behind the frame delivered last */
    bool is_bridge;       /* setting: another bridge */
    bool keeps_credit;    /* setting: nothing that was delivered is granted again */
    bool is_connected;
    struct buffer told; /* since the last check */
};

struct route_fixture {
    struct clock clock;
    struct timers timers;
    struct log log;
    struct buffer logged;
    struct metrics metrics;
    struct fake_route_backplane backplane;
    struct route_app_options options; /* settings until route_fixture_open() */
    struct route_app *app;
    struct fixture_node nodes[ROUTE_FIXTURE_NODES];
};

void route_fixture_init(struct route_fixture *fixture);
/** Make the app; the backplane's counter stands at 100 and is connected at once unless
 * ${is_connected} is false. */
void route_fixture_open(struct route_fixture *fixture, bool is_connected);
/** init, open, and nodes a and b joined; nothing told yet. */
void route_fixture_init_joined(struct route_fixture *fixture);
void route_fixture_deinit(struct route_fixture *fixture);

/** Handshake and OPEN. */
void fixture_node_join(struct route_fixture *fixture, size_t index);
/** The link breaks. */
void fixture_node_leave(struct route_fixture *fixture, size_t index);
void fixture_node_listen(struct route_fixture *fixture, size_t index, const char *topic);
/** Publish a message to ${topic} whose value is ${value}, with the next sequence. */
void fixture_node_publish(struct route_fixture *fixture, size_t index, const char *topic,
                          const char *value);
void fixture_node_replay(struct route_fixture *fixture, size_t index, const char *topic,
                         uint64_t since);

/** A frame (without trailer) with one message; lives until the next call. */
struct bytes route_fixture_frame(const char *topic, const char *value);
/** Until nothing moves: pipes, backplane, timers due now. */
void route_fixture_run(struct route_fixture *fixture);
void route_fixture_advance(struct route_fixture *fixture, uint64_t delta_ms);
/** Run, compare what has been told since the last check with ${lines} (all of node a's, then b's,
 * then c's), forget it. */
void route_fixture_expect(struct route_fixture *fixture, const char *lines);
/** Run, and forget what has been told. */
void route_fixture_forget(struct route_fixture *fixture);
int64_t route_fixture_metric(const struct route_fixture *fixture, enum bridge_metric metric);

#endif
