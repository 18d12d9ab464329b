/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_relay.h"

#include "service/hubs/hub_relay_run.h"

#include <stdlib.h>

struct hub_relay {
    struct hub_backend backend;
    const struct hub_relay_rules *rules;
};

static const struct hub_relay_rules *
rules_of(const struct hub_backend *backend)
{
    return ((const struct hub_relay *)(const void *)backend)->rules;
}

static void
refuse_method(const struct hub_relay_rules *rules, struct hub_call *call)
{
    struct buffer candidates;

    buffer_init(&candidates, HUB_RELAY_RULE_BYTES_MAX);
    (void)hub_relay_rules_append_candidates(rules, hub_call_info(call)->method, &candidates);
    hub_call_unknown_method(call, buffer_bytes(&candidates));
    buffer_deinit(&candidates);
}

static void
call_relay(struct hub_backend *backend, struct hub_call *call)
{
    const struct hub_call_info *info = hub_call_info(call);
    const struct hub_relay_rule *rule = hub_relay_rules_find(rules_of(backend), info);

    if (rule != NULL) {
        hub_relay_run(rule, call);
    } else if (info->event == HUB_INVOCATION) {
        refuse_method(rules_of(backend), call);
    } else {
        hub_call_return(call, BYTES(""));
    }
}

static bool
name_method(const struct hub_backend *backend, size_t index, struct bytes *name)
{
    return hub_relay_rules_method(rules_of(backend), index, name);
}

static void
free_relay(struct hub_backend *backend)
{
    free(backend);
}

struct hub_backend *
hub_relay_new(const struct hub_relay_rules *rules)
{
    static const struct hub_backend_operations operations = {
        .call = call_relay,
        .method = name_method,
        .free = free_relay,
    };
    struct hub_relay *relay = calloc(1, sizeof(*relay));

    if (relay == NULL) {
        return NULL;
    }
    relay->backend.operations = &operations;
    relay->rules = rules;
    return &relay->backend;
}
