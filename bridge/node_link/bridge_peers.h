/* SPDX-License-Identifier: MIT */
/* bridge_peers: the other bridges of the farm, each dialed with this bridge's own credentials. */
#ifndef HUBPLANE_BRIDGE_BRIDGE_PEERS_H
#define HUBPLANE_BRIDGE_BRIDGE_PEERS_H

#include "bridge/node_link/bridge_peer.h"
#include "bridge/route/route_bridges.h"

struct bridge_peers_options {
    struct loop *loop;
    const char *addresses;   /* HOST:PORT, separated by commas; NULL = none */
    const char *credentials; /* PEM file: certificate, key, authority */
    const struct link_identity *self;
    struct bridge_trust *trust;
    const struct bridge_apps *apps; /* NULL: each bridge has messages of its own */
    struct metrics *metrics;
    void (*on_closed)(void *owner);
    void *owner;
};

struct bridge_peers {
    struct route_bridges base;
    struct bridge_peers_options options;
    struct bridge_peer_options peer_options;
    struct list list; /* struct bridge_peer, in the order of the addresses */
    bool is_closing;
    size_t open_count; /* those with a stream */
    struct timer closed_timer;
};

/** Dial them all, from the loop. OK; as node_links_open() for the credentials; NO_MEMORY.
 * bridge_peers_deinit() in any case, unless on_closed has fired. */
MUST_CHECK enum status bridge_peers_open(struct bridge_peers *peers,
                                         const struct bridge_peers_options *options,
                                         struct buffer *problem);
/** The credentials at ${path}, for links to come. As bridge_peers_open(); on failure the old ones
 * stay. */
MUST_CHECK enum status bridge_peers_reload(struct bridge_peers *peers, const char *path,
                                           struct buffer *problem);
/** ${app} is new: have it open on every link. Harmless when zero-initialised. */
void bridge_peers_open_app(struct bridge_peers *peers, struct route_app *app);
/** Show every linked bridge what bridges share, and leave those that are revoked by now. */
void bridge_peers_share(struct bridge_peers *peers);
/** Leave them all; on_closed fires later and is the end. Idempotent. */
void bridge_peers_close(struct bridge_peers *peers);
/** Before the loop has run since bridge_peers_open(). Harmless when zero-initialised. */
void bridge_peers_deinit(struct bridge_peers *peers);

#endif
