/* SPDX-License-Identifier: MIT */
/* node_links: the door of the bridge: the listener, the credentials it shows, and every node that
 * is connected. */
#ifndef HUBPLANE_BRIDGE_NODE_LINKS_H
#define HUBPLANE_BRIDGE_NODE_LINKS_H

#include "bridge/bridge_apps.h"
#include "bridge/node_link/peer.h"
#include "common/net/listener.h"

struct node_links_options {
    struct loop *loop;
    const char *listen;
    const char *credentials; /* PEM file: certificate, key, authority */
    uint64_t links_max;
    struct peer_options peers; /* on_gone and owner are filled in by node_links */
    /* The listener and every link are gone, after node_links_close(). */
    void (*on_closed)(void *owner);
    void *owner;
};

enum node_links_state {
    NODE_LINKS_OPEN,
    NODE_LINKS_DRAINING, /* not listening; nodes were asked to leave */
    NODE_LINKS_CLOSING,
    NODE_LINKS_CLOSED,
};

struct node_links {
    struct node_links_options options;
    enum node_links_state state;
    struct tls_context *tls;
    struct listener *listener; /* NULL once closed */
    struct list peers;
    size_t peer_count;
    struct log_limit refused_limit;
};

/** Listen. OK; INVALID, EXPIRED, NOT_FOUND, DENIED - the credentials; ADDRESS_IN_USE, DENIED,
 * INVALID - the address; each with a sentence in ${problem} that says what to do. */
MUST_CHECK enum status node_links_open(struct node_links *links,
                                       const struct node_links_options *options,
                                       struct buffer *problem);
/** Read the credentials at ${path}, for links to come. As node_links_open(); on failure the old
 * ones stay. */
MUST_CHECK enum status node_links_reload(struct node_links *links, const char *path,
                                         struct buffer *problem);
/** Stop listening and ask every node to leave; when the last has left, node_links_close() follows
 * by itself. */
void node_links_drain(struct node_links *links, struct bytes others);
/** Close every link; on_closed fires later. Idempotent. */
void node_links_close(struct node_links *links);
/** Close the links of every node whose certificate is revoked by now. */
void node_links_close_revoked(struct node_links *links);
/** Show every bridge among them what bridges share. */
void node_links_share(struct node_links *links);
/** Log each connected node whose certificate is about to expire. */
void node_links_warn_of_expiry(const struct node_links *links);
/** When the first certificate of a connected node expires; INT64_MAX without nodes. */
int64_t node_links_first_expiry_s(const struct node_links *links);
/** When our own certificate expires. */
int64_t node_links_expires_s(const struct node_links *links);
/** Whether the credentials at ${path} can be used: as node_links_open(). */
MUST_CHECK enum status node_links_check_credentials(const char *path, struct buffer *problem);
/** The credentials at ${path}, for one end of a link. As node_links_open(). */
MUST_CHECK enum status node_links_load_credentials(const char *path, enum tls_role role,
                                                   struct tls_context **out,
                                                   struct buffer *problem);
uint16_t node_links_port(const struct node_links *links);

#endif
