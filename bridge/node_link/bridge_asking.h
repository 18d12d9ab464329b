/* SPDX-License-Identifier: MIT */
/* bridge_asking: what apps have asked of one other bridge and not been told yet: pieces of its
 * history, one after the other, and whether a node of its own listens to a topic. */
#ifndef HUBPLANE_BRIDGE_BRIDGE_ASKING_H
#define HUBPLANE_BRIDGE_BRIDGE_ASKING_H

#include "bridge/route/route_bridges.h"
#include "common/base/timer.h"

struct bridge_peer;

/* A bridge that has said nothing for so long while it was asked for history is not asked again
 * until it has answered. */
enum { BRIDGE_ASKING_PATIENCE_MS = 3000 };

struct bridge_asking {
    struct list reads;       /* struct route_bridges_read.node; the first is under way */
    uint32_t replay_request; /* of the last REPLAY */
    bool is_mute;            /* which has not been answered in time */
    struct timer patience;
    struct buffer message;
    struct list questions;  /* struct bridge_question */
    uint32_t query_request; /* of the last QUERY */
};

void bridge_asking_init(struct bridge_asking *asking);
/** Everything must have been answered or cut off. */
void bridge_asking_deinit(struct bridge_asking *asking);
/** Ask for the ids from ${read}->from_id to ${read}->missing_to; the peers' on_read fires later.
 * False: it cannot be asked. */
MUST_CHECK bool bridge_asking_read(struct bridge_peer *peer, struct route_bridges_read *read);
/** Ask whether a node of that bridge listens to ${topic}; the peers' on_query_answer fires later.
 * As bridge_asking_read(). */
MUST_CHECK bool bridge_asking_query(struct bridge_peer *peer, struct route_bridges_query *query,
                                    struct bytes topic);
/** Nobody needs to know any more. */
void bridge_asking_forget_query(struct bridge_peer *peer, const struct route_bridges_query *query);
/** The link has ended: nothing more will be answered. */
void bridge_asking_cut_off(struct bridge_peer *peer);

/* For struct link_client_handler; the owner is the peer. */
void bridge_asking_deliver(void *owner, uint16_t handle, uint32_t request, uint64_t id,
                           struct bytes frame, bool is_foreign);
void bridge_asking_replayed(void *owner, uint16_t handle, uint32_t request, uint64_t read_to,
                            uint64_t missing_to);
void bridge_asking_query_ack(void *owner, uint16_t handle, uint32_t request, bool exists);

#endif
