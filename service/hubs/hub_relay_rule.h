/* SPDX-License-Identifier: MIT */
/*
 * hub_relay_rule: the little language of relay rules: "Join = join($1); group($1).announce($2)".
 * Compiled once when the configuration is read; immutable afterwards, so that all workers share it.
 *
 *   line    = name [ "/" count ] "=" rule       ; the INI line; names: see hub_relay_rules.h
 *   rule    = action *( ";" action )
 *   action  = target [ "." method [ "(" [ values ] ")" ] ]
 *           | "join"      "(" group [ "," connection ] ")"      ; the caller by default
 *           | "leave"     "(" group [ "," connection ] ")"
 *           | "progress"  "(" value ")"
 *           | "set_state" "(" name "," value ")"                ; a member of the hub state
 *           | "return"    "(" [ value ] ")"                     ; the result; last action
 *           | "throw"     "(" text [ "," data ] ")"             ; hub exception; last action
 *           | "fail"      "(" text ")"                          ; other error; last action
 *   target  = "all" | "others" | "caller" | "client" "(" connection ")" | "group" "(" group ")"
 *           | "others_in_group" "(" group ")" | "user" "(" user ")"
 *   value   = "$1" ... "$9" | "$user" | "$connection" | "$state." member | "$data" | "$json"
 *           | JSON, in which any value may again be one of these    ; {"from": $user, "text": $2}
 *   values  = value *( "," value ) [ "," "$*" ] | "$*"
 *
 * Group, connection, user, name, text and data are values; the first five must give text or a
 * number.
 *
 * "all.method" without parentheses passes all arguments on, as "all.method($*)" does; "$*" stands
 * last. In rules of raw connections a target has no method: "all" sends what came as text,
 * "all.send(value)" something else; "$data" is what came as a JSON string, "$json" what came as it
 * is when it is JSON (else as a string). Blanks are free between words.
 */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_RULE_H
#define HUBPLANE_SERVICE_HUB_RELAY_RULE_H

#include "service/hubs/hub_backend.h"

enum {
    HUB_RELAY_RULE_PROBLEM_BYTES = 200,
    HUB_RELAY_RULE_ARGUMENTS_MAX = 9,
    HUB_RELAY_RULE_ACTIONS_MAX = 64,
    HUB_RELAY_RULE_DEPTH_MAX = 20,
    HUB_RELAY_RULE_BYTES_MAX = 16 * 1024,
    HUB_RELAY_RULE_ANY_COUNT = -1,
};

/* Where the rule runs decides which words it may use. */
enum hub_relay_rule_place {
    HUB_RELAY_RULE_METHOD, /* of a hub */
    HUB_RELAY_RULE_EVENT,  /* of a hub: no arguments, no result */
    HUB_RELAY_RULE_RAW,    /* receive of a raw connection */
    HUB_RELAY_RULE_RAW_EVENT,
};

/* What is wrong with a rule. */
struct hub_relay_rule_problem {
    size_t column; /* of the rule's text, from 1; 0 = of the whole rule or its name */
    char text[HUB_RELAY_RULE_PROBLEM_BYTES];
};

struct hub_relay_rule;

/**
 * hub_relay_rule_parse(text, place, argument_count, out, problem):
 * Compile the right side of a rule. ${argument_count}: what the name says after "/", or ANY_COUNT.
 *   Owns:     copies ${text}; ${*out} is released with hub_relay_rule_free().
 *   Returns:  OK;  INVALID - ${problem} says what and where;  NO_MEMORY.
 *   Source:   fuzzed by tests/fuzz/fuzz_hub_relay_rule.c.
 */
MUST_CHECK enum status hub_relay_rule_parse(struct bytes text, enum hub_relay_rule_place place,
                                            int argument_count, struct hub_relay_rule **out,
                                            struct hub_relay_rule_problem *problem);
void hub_relay_rule_free(struct hub_relay_rule *rule);

/**
 * How many arguments the method takes: what "/" says; else ANY_COUNT when all arguments are passed
 * on somewhere ("$*", or a target without parentheses); else the highest $n.
 */
int hub_relay_rule_argument_count(const struct hub_relay_rule *rule);

#endif
