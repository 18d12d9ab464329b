/* SPDX-License-Identifier: MIT */
/*
 * route_replay: the answer to one REPLAY: the messages of some topics since some ids, in id order,
 * up to the member's position. From the history where it reaches back, else also from the log and
 * other bridges; for another bridge, from the history alone.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_REPLAY_H
#define HUBPLANE_BRIDGE_ROUTE_REPLAY_H

#include "bridge/route/route_backplane.h"
#include "bridge/route/route_member.h"

struct route_replay;

enum {
    ROUTE_REPLAY_PAGE = 256, /* log entries read at once */
    ROUTE_REPLAY_RETRY_MS = 250,
    ROUTE_REPLAY_PATIENCE_MS = 10000, /* how long an unreadable log is waited for */
    /* after that look again whether this bridge has caught up with a node */
    ROUTE_REPLAY_LAG_MS = 50,
    /* another bridge is answered with no more than about this at once */
    ROUTE_REPLAY_BRIDGE_BYTES = 1024 * 1024,
};

/** Append a replay to the member's, of ids up to ${to_id} (0 = its position); it is served by
 * route_member_resume(). ${topics} are copied. OK or NO_MEMORY. */
MUST_CHECK enum status route_replay_add(struct route_member *member, uint32_t request,
                                        uint64_t to_id, const struct link_topic *topics,
                                        size_t count);
/** Go on with it as far as the link takes messages. True when it is done: then it has been freed.
 */
bool route_replay_step(struct route_replay *replay);
void route_replay_free(struct route_replay *replay);
/** The replay whose place in route_member.replays is ${node}. */
struct route_replay *route_replay_from(struct list_node *node);

#endif
