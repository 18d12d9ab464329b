/* SPDX-License-Identifier: MIT */
/*
 * Any rule in any place: refused with a sentence, or run: then it ends its call once, and orders
 * only valid JSON (which fake_hub_call asserts).
 */
#include "service/hubs/hub_relay_run.h"
#include "tests/unit/hubs/fake_hub_call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run(const struct hub_relay_rule *rule, enum hub_relay_rule_place place)
{
    static const enum hub_event events[] = {HUB_INVOCATION, HUB_CONNECTED, HUB_RAW_DATA,
                                            HUB_CONNECTED};
    struct hub_call call;

    fake_hub_call_init(&call, "M", "[\"a\\u0062\",{\"x\":[1.0]} , null, 12345678901234567890]");
    call.info.event = events[place];
    call.info.user = BYTES("J\xC3\xBCrgen \"x\"");
    call.info.state = BYTES("{\"nick\":\"an\"}");
    hub_relay_run(rule, &call);
    assert(call.end_count == 1);
    fake_hub_call_deinit(&call);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int place = HUB_RELAY_RULE_METHOD; place <= HUB_RELAY_RULE_RAW_EVENT; place++) {
        struct hub_relay_rule_problem problem = {0};
        struct hub_relay_rule *rule;
        enum status status =
            hub_relay_rule_parse(bytes_from(data, size), (enum hub_relay_rule_place)place,
                                 HUB_RELAY_RULE_ANY_COUNT, &rule, &problem);

        if (status == STATUS_OK) {
            assert(hub_relay_rule_argument_count(rule) <= HUB_RELAY_RULE_ARGUMENTS_MAX);
            run(rule, (enum hub_relay_rule_place)place);
            hub_relay_rule_free(rule);
        } else {
            assert(problem.column >= 1 && problem.text[0] != '\0');
        }
    }
    return 0;
}
