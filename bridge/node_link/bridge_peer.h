/* SPDX-License-Identifier: MIT */
/* bridge_peer: another bridge that this one dials, again and again: its stream and the link on it.
 * (A bridge that dials us is a struct peer, like a node.) */
#ifndef HUBPLANE_BRIDGE_BRIDGE_PEER_H
#define HUBPLANE_BRIDGE_BRIDGE_PEER_H

#include "bridge/node_link/bridge_asking.h"
#include "common/base/backoff.h"
#include "common/base/list.h"
#include "common/base/metrics.h"
#include "common/net/dialer.h"
#include "common/wire/link_client.h"

struct bridge_apps;
struct bridge_peer;
struct bridge_trust;
struct route_app;

/* What all of a bridge's peers share. */
struct bridge_peer_options {
    struct loop *loop;
    struct tls_context *tls;
    const struct link_identity *self;
    struct bridge_trust *trust;
    const struct bridge_apps *apps; /* to be opened on the link; NULL = none */
    struct metrics *metrics;
    void (*on_stream_opened)(void *owner);
    void (*on_stream_closed)(void *owner); /* may be the last call before bridge_peer_free() */
    /* All that the bridge has of the range up to ${read_to} (0: it has not answered) was handed to
     * the read's on_entry, except what ids up to ${missing_to} may have been. */
    void (*on_read)(void *owner, struct bridge_peer *peer, struct route_bridges_read *read,
                    uint64_t read_to, uint64_t missing_to);
    /* Whether one of its nodes listens to what ${query} is about, as far as is known. */
    void (*on_query_answer)(void *owner, struct route_bridges_query *query, bool exists);
    void *owner;
};

enum bridge_peer_state {
    BRIDGE_PEER_WAITING, /* no stream; the timer runs until the next attempt */
    BRIDGE_PEER_DIALING, /* a stream, but no WELCOME yet, or the link has failed */
    BRIDGE_PEER_LINKED,
    BRIDGE_PEER_ITSELF, /* the address is our own: for ever */
    BRIDGE_PEER_CLOSED,
};

/* An app on the link; its handle is its place in the array, from 1. */
struct bridge_peer_app {
    struct route_app *app;
    enum { BRIDGE_PEER_APP_ASKED, BRIDGE_PEER_APP_OPEN, BRIDGE_PEER_APP_REFUSED } state;
};

struct bridge_peer {
    struct list_node node;
    const struct bridge_peer_options *options;
    char *address;
    char *subject; /* "bridge HOST:PORT" for the log */
    enum bridge_peer_state state;
    struct stream *stream;
    struct link_client *link;
    bool was_tried; /* the first attempt to link has ended, one way or the other */
    struct bridge_peer_app apps[LINK_APPS_MAX];
    size_t app_count;
    struct bridge_asking asking;
    struct backoff backoff;
    struct timer retry;
    struct log_limit failures;
};

/** Dials from the loop; ${options} must outlive it. NULL when out of memory. */
struct bridge_peer *bridge_peer_new(const struct bridge_peer_options *options,
                                    struct bytes address);
struct bridge_peer *bridge_peer_from(struct list_node *node);
/** Show it what bridges share, if it is linked. */
void bridge_peer_share(struct bridge_peer *peer);
/** Open ${app} there, if it is linked: from then on, each tells the other the highest id it knows.
 * What is beyond LINK_APPS_MAX is left out. */
void bridge_peer_open_app(struct bridge_peer *peer, struct route_app *app);
/** Whether it has said how far it knows the ids of ${app}, or will not say soon. */
bool bridge_peer_has_told(const struct bridge_peer *peer, const struct route_app *app);
/** The handle of ${app} on the link; 0 when it is not open there. */
uint16_t bridge_peer_handle(const struct bridge_peer *peer, const struct route_app *app);
/** Leave it if its certificate is revoked by now. */
void bridge_peer_check_revoked(struct bridge_peer *peer);
/** Leave it for good; a stream that is open goes later. */
void bridge_peer_close(struct bridge_peer *peer);
/** It must have no stream. */
void bridge_peer_free(struct bridge_peer *peer);
const char *bridge_peer_address(const struct bridge_peer *peer);
/** "linked", "not linked", "this bridge". Static text. */
const char *bridge_peer_state_name(const struct bridge_peer *peer);

#endif
