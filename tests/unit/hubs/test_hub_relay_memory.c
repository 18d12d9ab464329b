/* SPDX-License-Identifier: MIT */
/* Goal of this test: whichever allocation fails, a rule is refused or its call ends with an error;
 * nothing leaks. */
#include "tests/support/fail_alloc.h"
#include "tests/unit/hubs/hub_relay_fixture.h"

#define RULE "join($1); group($1).m($user, {\"a\": $2}); set_state(\"x\", [$*]); return($2)"

static void
rules_survive(void **state)
{
    bool has_failed = true;

    (void)state;
    for (size_t n = 0; has_failed; n++) {
        struct hub_relay_rule_problem problem;
        struct hub_relay_rules *rules;
        enum status status = STATUS_NO_MEMORY;

        fail_alloc_at(n);
        rules = hub_relay_rules_new(false);
        if (rules != NULL) {
            status = hub_relay_rules_add(rules, BYTES("M"), BYTES(RULE), &problem);
        }
        has_failed = fail_alloc_off();
        assert_status(status, has_failed ? STATUS_NO_MEMORY : STATUS_OK);
        hub_relay_rules_free(rules);
    }
}

static void
calls_survive(void **state)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(false);
    struct hub_backend *backend;
    bool has_failed = true;

    (void)state;
    add_rule(rules, "M", RULE);
    backend = hub_relay_new(rules);
    for (size_t n = 0; has_failed; n++) {
        struct hub_call call;

        fake_hub_call_init(&call, "M", "[\"r\",1.0]");
        assert_non_null(buffer_reserve(&call.record, 4096)); /* the fake itself shall not fail */
        fail_alloc_at(n);
        backend->operations->call(backend, &call);
        has_failed = fail_alloc_off();
        assert_int_equal(call.end_count, 1);
        if (!has_failed) {
            assert_text(buffer_bytes(&call.record),
                        "join r\nsend group \"r\" m [null,{\"a\":1.0}]\n"
                        "set_state x [\"r\",1.0]\nreturn 1.0\n");
        }
        fake_hub_call_deinit(&call);
    }
    backend->operations->free(backend);
    hub_relay_rules_free(rules);
}

static void
no_memory_is_no_backend(void **state)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(false);

    (void)state;
    fail_alloc_at(0);
    assert_null(hub_relay_new(rules));
    (void)fail_alloc_off();
    hub_relay_rules_free(rules);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_survive),
        cmocka_unit_test(calls_survive),
        cmocka_unit_test(no_memory_is_no_backend),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
