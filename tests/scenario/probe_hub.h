/* SPDX-License-Identifier: MIT */
/*
 * probe_hub: a hub backend for scenarios: relay rules, with a log of every event and a few methods
 * that rules cannot express:
 *
 *   Hold            kept until the test ends it        Fail(text)     hub_call_fail
 *   Count(n)        n times progress, then returns n   Ambiguous      unknown method with
 * candidates
 */
#ifndef HUBPLANE_TESTS_PROBE_HUB_H
#define HUBPLANE_TESTS_PROBE_HUB_H

#include "service/hubs/hub_backend.h"
#include "service/hubs/hub_relay.h"

/* What the event handlers do. */
enum probe_mode { PROBE_PASS, PROBE_HOLD, PROBE_FAIL };

/* Shared by all backends made from it: one per hub of the scenario. */
struct probe_hub {
    struct hub_relay_rules *rules;
    struct buffer
        *events; /* "connected ChatHub <id>", one a line; disconnected lines end with stop=1 or 0 */
    enum probe_mode on_connected;
    const char *join_on_connected; /* a group, NULL = none */
    struct hub_call *held;         /* the latest call that is held */
    bool refuses_when_one_leaves;  /* the held call is refused inside of a disconnected event */
    size_t canceled_count;
};

void probe_hub_init(struct probe_hub *probe, struct buffer *events, bool is_raw);
void probe_hub_deinit(struct probe_hub *probe);
void probe_hub_rule(struct probe_hub *probe, const char *name, const char *text);
/** For struct app_hub; the configuration is the probe. */
enum status probe_hub_make(const void *configuration, const struct hub_backend_context *context,
                           struct hub_backend **out);

#endif
