/* SPDX-License-Identifier: MIT */
/*
 * route_spelling: the hubs and groups of one app that somebody listens to, whatever the case of
 * their names. SignalR tells names apart by case, so a message to "Room" never reaches who joined
 * "room"; this is how the bridge notices that it was probably meant to.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_SPELLING_H
#define HUBPLANE_BRIDGE_ROUTE_SPELLING_H

#include "common/base/map.h"

enum { ROUTE_SPELLING_BYTES_MAX = 1024 }; /* longer names are not watched */

struct route_spelling {
    struct map names; /* folded name -> struct spelled_name */
};

void route_spelling_init(struct route_spelling *spelling);
/** Every name must have been removed. */
void route_spelling_deinit(struct route_spelling *spelling);
/** Somebody began to listen to a topic that nobody listened to. Topics other than of hubs (h-) and
 * groups (hg-, pcg-) are ignored here and below. OK or NO_MEMORY. */
MUST_CHECK enum status route_spelling_add(struct route_spelling *spelling, struct bytes topic);
/** Nobody listens to ${topic} any more. */
void route_spelling_remove(struct route_spelling *spelling, struct bytes topic);
/** Whether somebody listens to ${topic} in some case (letters of ASCII). */
bool route_spelling_has(const struct route_spelling *spelling, struct bytes topic);

#endif
