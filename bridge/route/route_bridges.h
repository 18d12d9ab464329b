/* SPDX-License-Identifier: MIT */
/*
 * route_bridges: what an app asks of the other bridges of the farm. Links to them implement it
 * (node_link/bridge_peers.h) and, in tests, a fake.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_BRIDGES_H
#define HUBPLANE_BRIDGE_ROUTE_BRIDGES_H

#include <stdbool.h>

struct route_app;
struct route_bridges;

struct route_bridges_operations {
    /* Whether every bridge that can be reached has said which ids it knows: route_app_saw(). */
    bool (*have_told)(struct route_bridges *bridges, const struct route_app *app);
};

/* Embedded first in whatever implements it. */
struct route_bridges {
    const struct route_bridges_operations *operations;
};

#endif
