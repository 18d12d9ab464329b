/* SPDX-License-Identifier: MIT */
/*
 * hub_relay: a hub_backend that answers by rules from the configuration: the whole chat tutorial is
 * "Send = all.broadcastMessage". The language of the rules is in hub_relay_rule.h.
 */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_H
#define HUBPLANE_SERVICE_HUB_RELAY_H

#include "service/hubs/hub_relay_rules.h"

/**
 * hub_relay_new(rules):
 * A backend for one worker. Every call ends inside operations->call().
 *   Owns:     ${rules} is borrowed. Released with operations->free(). NULL when out of memory.
 */
struct hub_backend *hub_relay_new(const struct hub_relay_rules *rules);

#endif
