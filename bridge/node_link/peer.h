/* SPDX-License-Identifier: MIT */
/* peer: one node's link: its stream, its certificate, the session on it, and the apps it has
 * opened. */
#ifndef HUBPLANE_BRIDGE_PEER_H
#define HUBPLANE_BRIDGE_PEER_H

#include "common/base/list.h"
#include "common/net/stream.h"
#include "common/wire/link.h"

/* What a certificate has left when warnings begin. */
enum { PEER_EXPIRY_WARNING_S = 30 * 24 * 3600 };

struct bridge_apps;
struct bridge_trust;
struct farm_revoked;
struct peer;

/* What all peers of a bridge share. */
struct peer_options {
    struct loop *loop;
    struct bridge_apps *apps;
    struct metrics *metrics;
    struct log_limit *refused_limit; /* of lines about strangers */
    struct link_identity self;
    const struct farm_revoked *revoked;
    struct bridge_trust *trust; /* what other bridges are shown, and show */
    size_t deliver_high_bytes;
    /* The peer has taken its leave: it is no longer in the list, and freed when this returns. */
    void (*on_gone)(void *owner);
    void *owner;
};

/* A node as the operator sees it; views live as long as the peer. */
struct peer_view {
    const char *name;
    const char *address;
    const char *serial;
    int64_t expires_s;   /* of its certificate */
    uint64_t since_ms;   /* when it came, in clock->now_ms terms */
    size_t queued_bytes; /* waiting to be sent */
};

/** Adopt an accepted socket and append the peer to ${list}. On failure the socket is closed.
 * ${options} must outlive it. OK, NO_MEMORY, IO. */
MUST_CHECK enum status peer_open(const struct peer_options *options, struct tls_context *tls,
                                 stream_socket socket, struct list *list);
/** The peer whose place in the list is ${node}. */
struct peer *peer_from(struct list_node *node);
/** Ask the node to move to another bridge; it closes when it has. */
void peer_drain(struct peer *peer, struct bytes reason, struct bytes others);
/** Show it what bridges share, if it is one. */
void peer_share(struct peer *peer);
/** Close the link if the node's certificate is revoked by now. */
void peer_check_revoked(struct peer *peer);
/** When the node's certificate expires, Unix time; INT64_MAX before the handshake is done. */
int64_t peer_expires_s(const struct peer *peer);
/** Log it if that is less than PEER_EXPIRY_WARNING_S away. */
void peer_warn_of_expiry(const struct peer *peer);
/** False for one that is not (or no longer) linked. */
bool peer_look(const struct peer *peer, struct peer_view *out);
/** Append the keys of its open apps: "ChatApp, NewsApp"; as an array of JSON strings. */
void peer_append_apps(const struct peer *peer, struct buffer *out);
void peer_append_apps_json(const struct peer *peer, struct buffer *out);
/** Idempotent; it goes later. */
void peer_close(struct peer *peer, const char *reason);

#endif
