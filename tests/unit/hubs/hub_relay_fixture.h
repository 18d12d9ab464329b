/* SPDX-License-Identifier: MIT */
/* hub_relay_fixture: checks that say in one line what a rule does with a call. */
#ifndef HUBPLANE_TESTS_UNIT_HUBS_HUB_RELAY_FIXTURE_H
#define HUBPLANE_TESTS_UNIT_HUBS_HUB_RELAY_FIXTURE_H

#include "service/hubs/hub_relay.h"
#include "tests/support/test.h"
#include "tests/unit/hubs/fake_hub_call.h"

/** Add a rule that must be right. */
void add_rule(struct hub_relay_rules *rules, const char *name, const char *text);
/** Hand ${call} to a backend made from ${rules}; it must end once, and order exactly what is
 * ${expected}. */
void assert_call(const struct hub_relay_rules *rules, struct hub_call *call, const char *expected);
/** Method M with this one rule, called with ${arguments} by user Ann; her state is {"Nick":"an"}.
 */
void assert_rule(const char *text, const char *arguments, const char *expected);
/** The rule must be refused; ${column} 0 = of the whole rule. */
void assert_problem(bool is_raw, const char *name, const char *text, size_t column,
                    const char *sentence);

#endif
