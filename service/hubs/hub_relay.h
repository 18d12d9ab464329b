/* SPDX-License-Identifier: MIT */
/*
 * hub_relay: a hub_backend that answers by rules from the configuration: the whole chat tutorial is
 * "Send = all.broadcastMessage". The language of the rules is in hub_relay_rule.h.
 *
 * Names on the left side, in a section [hub app/Hub]:
 *   Send          a method; case ignored
 *   Send/2        the same for exactly two arguments, so that overloads are possible; an exact
 * count wins over a rule for any
 *   @connected, @reconnected, @disconnected     lifecycle; without them nothing happens
 * and in a section [connection app/name]:
 *   receive       what to do with data that came in
 *   @connected, @reconnected, @disconnected
 */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_H
#define HUBPLANE_SERVICE_HUB_RELAY_H

#include "service/hubs/hub_backend.h"
#include "service/hubs/hub_relay_rule.h"

/* All rules of one hub or raw connection. Filled at start, immutable and shared by the workers
 * afterwards. */
struct hub_relay_rules;

/** ${is_raw}: of a raw connection. NULL when out of memory. */
struct hub_relay_rules *hub_relay_rules_new(bool is_raw);
/** Every backend made from it must be gone. */
void hub_relay_rules_free(struct hub_relay_rules *rules);

/**
 * hub_relay_rules_add(rules, name, text, problem):
 * Add "name = text".
 *   Owns:     copies both.
 *   Returns:  OK;  INVALID - ${problem} says what is wrong and where;  EXISTS - there is a rule of that name and
 *             argument count, ${problem} says so too;  NO_MEMORY.
 */
MUST_CHECK enum status hub_relay_rules_add(struct hub_relay_rules *rules, struct bytes name,
                                           struct bytes text,
                                           struct hub_relay_rule_problem *problem);

/** The ${index}-th method name, in the order added, overloads once; false when there is none. */
bool hub_relay_rules_method(const struct hub_relay_rules *rules, size_t index, struct bytes *name);

/**
 * hub_relay_new(rules):
 * A backend for one worker. Every call ends inside operations->call().
 *   Owns:     ${rules} is borrowed. Released with operations->free(). NULL when out of memory.
 */
struct hub_backend *hub_relay_new(const struct hub_relay_rules *rules);

#endif
