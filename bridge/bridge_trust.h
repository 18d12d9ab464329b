/* SPDX-License-Identifier: MIT */
/*
 * bridge_trust: keeps the running bridge in step with the state directory, whoever changes it (this
 * machine's command line, another bridge): closes the links of revoked certificates, hands on new
 * token secrets, shows other bridges what has changed, and tells when a certificate is about to
 * expire.
 */
#ifndef HUBPLANE_BRIDGE_TRUST_H
#define HUBPLANE_BRIDGE_TRUST_H

#include "bridge/authority/farm_list.h"
#include "bridge/bridge_apps.h"
#include "bridge/node_link/node_links.h"

enum { BRIDGE_TRUST_LOOK_MS = 1000 };

struct bridge_trust_options {
    const char *state; /* directory */
    struct timers *timers;
    struct log *log;
    struct metrics *metrics;
    struct bridge_apps *apps;
    struct node_links *links;
    /* This bridge's certificate has less than PEER_EXPIRY_WARNING_S left: true if it has been
     * replaced. */
    bool (*renew)(void *owner);
    /* What is shared has changed: show it to every other bridge; revoked ones are to be cut off. */
    void (*on_changed)(void *owner);
    void *owner;
};

struct bridge_trust {
    struct bridge_trust_options options;
    struct farm_revoked revoked;
    struct state_stamp revoked_stamp;
    struct state_stamp secrets_stamp;
    struct state_stamp issued_stamp;
    char *revoked_path;
    char *secrets_path;
    char *issued_path;
    uint64_t next_warning_ms;
    struct timer timer;
};

/** Read the list of revoked certificates, before any link is accepted. OK; DENIED, IO, LIMIT,
 * NO_MEMORY with a sentence in ${problem}; bridge_trust_deinit() in any case. */
MUST_CHECK enum status bridge_trust_init(struct bridge_trust *trust,
                                         const struct bridge_trust_options *options,
                                         struct buffer *problem);
/** Begin to watch: the apps and the door are open. */
void bridge_trust_start(struct bridge_trust *trust);
/** Show another bridge all that bridges share; views live during the call. */
void bridge_trust_share(struct bridge_trust *trust,
                        void (*on_piece)(void *owner, struct bytes name, struct bytes content),
                        void *owner);
/** Take what another bridge shares; ${subject} names it in the log. */
void bridge_trust_take(struct bridge_trust *trust, const char *subject, struct bytes name,
                       struct bytes content);
/** No link may be in use. */
void bridge_trust_deinit(struct bridge_trust *trust);

#endif
