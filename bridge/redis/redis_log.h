/* SPDX-License-Identifier: MIT */
/* redis_log: the log of one app: a sorted set of channel messages by id, which several bridges may
 * add to in any order. */
#ifndef HUBPLANE_BRIDGE_REDIS_LOG_H
#define HUBPLANE_BRIDGE_REDIS_LOG_H

#include "bridge/redis/redis_channel.h"

void redis_log_read(struct redis_channel *channel, struct route_log_read *read);
/** Add what a .NET node published. Another bridge may do the same; the set is the same afterwards.
 */
void redis_log_append(struct redis_channel *channel, uint64_t id, struct bytes message);
/** How many messages the log may hold at their present size; 0 = there is none. */
uint64_t redis_log_limit(const struct redis_channel *channel);
/** A message of ${bytes} went into the log. */
void redis_log_note_size(struct redis_channel *channel, size_t bytes);

#endif
