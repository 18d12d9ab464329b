/* SPDX-License-Identifier: MIT */
/* route_query: one QUERY: whether another node, here or at another bridge, listens to a topic. */
#ifndef HUBPLANE_BRIDGE_ROUTE_QUERY_H
#define HUBPLANE_BRIDGE_ROUTE_QUERY_H

#include "bridge/route/route_member.h"

/** Answer it: at once when a node of this bridge listens, or a bridge asks; else when the others
 * have been asked. */
void route_query_add(struct route_member *member, uint32_t request, struct bytes topic);
/** Whoever asked is gone. ${node} is a place in route_member.queries. */
void route_query_abandon(struct list_node *node);

#endif
