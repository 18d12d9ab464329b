/* SPDX-License-Identifier: MIT */
/* hub_relay_action: what a compiled relay rule consists of; between hub_relay_rule (parses) and
 * hub_relay_run. */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_ACTION_H
#define HUBPLANE_SERVICE_HUB_RELAY_ACTION_H

#include "service/hubs/hub_relay_template.h"

enum hub_relay_action_kind {
    HUB_RELAY_SEND,
    HUB_RELAY_JOIN,
    HUB_RELAY_LEAVE,
    HUB_RELAY_RETURN,
    HUB_RELAY_PROGRESS,
    HUB_RELAY_SET_STATE,
    HUB_RELAY_THROW,
    HUB_RELAY_FAIL,
};

/* A word of the language that starts an action. */
struct hub_relay_word {
    const char *name;
    enum hub_relay_action_kind kind;
    enum hub_target target; /* of SEND */
    int places;             /* where it may stand: bits by enum hub_relay_rule_place */
    int values_min;         /* in parentheses behind it */
    int values_max;
    bool is_last; /* it ends the call */
};

struct hub_relay_action {
    const struct hub_relay_word *word;
    struct hub_relay_template values[2]; /* the target's name, or what the word takes */
    int value_count;
    struct bytes method;               /* of a hub's SEND; a view into the rule's text */
    struct hub_relay_template payload; /* of a SEND: the array of arguments, or the raw value */
};

struct hub_relay_rule {
    char *text;
    int argument_count;
    size_t count;
    struct hub_relay_action *actions;
};

#endif
