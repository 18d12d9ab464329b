/* SPDX-License-Identifier: MIT */
/* hub_relay_run: carries out a relay rule for one call. */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_RUN_H
#define HUBPLANE_SERVICE_HUB_RELAY_RUN_H

#include "service/hubs/hub_relay_rule.h"

enum { HUB_RELAY_RUN_BYTES_MAX = 16 * 1024 * 1024 }; /* of one message a rule makes */

/**
 * hub_relay_run(rule, call):
 * Order the actions on ${call} and end it, all inside this function. A value used as a name must be
 * text or a number, and not empty, else the call ends with an error; only a user without name is
 * nobody: nothing is sent.
 */
void hub_relay_run(const struct hub_relay_rule *rule, struct hub_call *call);

#endif
