/* SPDX-License-Identifier: MIT */
/*
 * route_bridges: what an app asks of the other bridges of the farm. Links to them implement it
 * (node_link/bridge_peers.h) and, in tests, a fake.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_BRIDGES_H
#define HUBPLANE_BRIDGE_ROUTE_BRIDGES_H

#include "common/base/bytes.h"
#include "common/base/list.h"
#include "common/base/timer.h"

struct route_app;
struct route_bridges;

/* Messages out of the histories of other bridges. */
struct route_bridges_read {
    struct list_node node; /* the implementation's, while it has the read */
    /* A message with from_id <= id <= to_id, as it is on the channel; perhaps not the first time.
     */
    void (*on_entry)(struct route_bridges_read *read, struct bytes channel_message);
    void (*on_done)(struct route_bridges_read *read);
    struct route_app *app;
    uint64_t from_id;
    uint64_t to_id; /* on_done: what has been looked for, perhaps less than was asked */
    /* on_done: ids up to it may be missing still, those above that nobody has do not exist; 0 =
     * nothing is missing */
    uint64_t missing_to;
};

/* Whether a node of another bridge listens to a topic. */
struct route_bridges_query {
    void (*on_done)(struct route_bridges_query *query, bool exists);
    struct route_app *app;
    struct route_bridges *bridges; /* the implementation's, from here on */
    struct timer timer;
    size_t waiting_count;
};

struct route_bridges_operations {
    /* Whether every bridge that can be reached has said which ids it knows: route_app_saw(). */
    bool (*have_told)(struct route_bridges *bridges, const struct route_app *app);
    /* on_done fires exactly once, later. False: there is nobody to ask; it will not fire. */
    bool (*read)(struct route_bridges *bridges, struct route_bridges_read *read);
    /* The same. A bridge that does not answer in time has no such node. */
    bool (*query)(struct route_bridges *bridges, struct route_bridges_query *query,
                  struct bytes topic);
};

/* Embedded first in whatever implements it. */
struct route_bridges {
    const struct route_bridges_operations *operations;
};

#endif
