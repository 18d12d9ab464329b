/* SPDX-License-Identifier: MIT */
/*
 * route_memory: the backplane without Redis: one bridge that counts ids itself. Everything but
 * crossing bridges works. Ids start at Unix milliseconds, or above any id a node remembers, so that
 * cursors of an earlier life are never ahead of them.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_MEMORY_H
#define HUBPLANE_BRIDGE_ROUTE_MEMORY_H

#include "bridge/route/route_backplane.h"
#include "common/base/timer.h"

/** OK or NO_MEMORY. ${timers} must outlive it. */
MUST_CHECK enum status route_memory_new(struct timers *timers, struct route_backplane **out);
/** Its channels must be closed. NULL does nothing. */
void route_memory_free(struct route_backplane *backplane);

#endif
