/* SPDX-License-Identifier: MIT */
/*
 * hub_relay_rules: the rules of one hub or raw connection, found by event, method and argument
 * count.
 *
 * Names on the left side, in a section [hub app/Hub]:
 *   Send        a method; case ignored
 *   Send/2      the same for exactly two arguments: overloads; an exact count wins over any count
 *   @connected, @reconnected, @disconnected      lifecycle; without them nothing happens
 * and in a section [connection app/name]:
 *   receive     what to do with data that came in
 *   @connected, @reconnected, @disconnected
 */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_RULES_H
#define HUBPLANE_SERVICE_HUB_RELAY_RULES_H

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

/** The rule for this call; NULL when there is none. */
const struct hub_relay_rule *hub_relay_rules_find(const struct hub_relay_rules *rules,
                                                  const struct hub_call_info *info);

/** Append one line for each rule of that method: "Send($1, $2)". */
enum status hub_relay_rules_append_candidates(const struct hub_relay_rules *rules,
                                              struct bytes method, struct buffer *out);

#endif
