/* SPDX-License-Identifier: MIT */
#include "tests/unit/hubs/hub_relay_fixture.h"

#include <string.h>

void
add_rule(struct hub_relay_rules *rules, const char *name, const char *text)
{
    struct hub_relay_rule_problem problem;
    enum status status =
        hub_relay_rules_add(rules, bytes_from_string(name), bytes_from_string(text), &problem);

    if (status != STATUS_OK) {
        fail_msg("%s = %s: column %zu: %s", name, text, problem.column, problem.text);
    }
}

void
assert_call(const struct hub_relay_rules *rules, struct hub_call *call, const char *expected)
{
    struct hub_backend *backend = hub_relay_new(rules);

    assert_non_null(backend);
    backend->operations->call(backend, call);
    assert_int_equal(call->end_count, 1);
    assert_bytes(buffer_bytes(&call->record), bytes_from_string(expected));
    backend->operations->free(backend);
    fake_hub_call_deinit(call);
}

void
assert_rule(const char *text, const char *arguments, const char *expected)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(false);
    struct hub_call call;

    assert_non_null(rules);
    add_rule(rules, "M", text);
    fake_hub_call_init(&call, "m", arguments);
    call.info.user = BYTES("Ann");
    call.info.state = BYTES("{\"Nick\":\"an\",\"n\":[1.0]}");
    assert_call(rules, &call, expected);
    hub_relay_rules_free(rules);
}

void
assert_problem(bool is_raw, const char *name, const char *text, size_t column, const char *sentence)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(is_raw);
    struct hub_relay_rule_problem problem = {0};

    assert_non_null(rules);
    assert_status(hub_relay_rules_add(rules, bytes_from_string(name), bytes_from_string(text),
                                      &problem),
                  STATUS_INVALID);
    if (problem.column != column || strstr(problem.text, sentence) == NULL) {
        fail_msg("%s = %s: column %zu: %s", name, text, problem.column, problem.text);
    }
    hub_relay_rules_free(rules);
}
