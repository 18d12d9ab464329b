/* SPDX-License-Identifier: MIT */
/* Goal of this test: a call finds its rule by name in any case and by number of arguments (T53,
 * T54). */
#include "tests/unit/hubs/hub_relay_fixture.h"

static void
assert_method(const struct hub_relay_rules *rules, const char *method, const char *arguments,
              const char *expected)
{
    struct hub_call call;

    fake_hub_call_init(&call, method, arguments);
    assert_call(rules, &call, expected);
}

static struct hub_relay_rules *
make_rules(void)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(false);

    add_rule(rules, "Send", "all.one($1)");
    add_rule(rules, "Send/3", "all.three($1)");
    add_rule(rules, "SEND/2", "all.two");
    add_rule(rules, "Any", "all.any");
    add_rule(rules, "any/1", "all.single");
    add_rule(rules, "Ping", "return(\"pong\")");
    add_rule(rules, "@connected", "caller.hello");
    return rules;
}

static void
the_number_of_arguments_decides(void **state)
{
    struct hub_relay_rules *rules = make_rules();

    (void)state;
    assert_method(rules, "send", "[1]", "send all one [1]\nreturn\n");
    assert_method(rules, "SeNd", "[1,2]", "send all two [1,2]\nreturn\n");
    assert_method(rules, "send", "[1,2,3]", "send all three [1]\nreturn\n");
    assert_method(rules, "any", "[]", "send all any []\nreturn\n");
    assert_method(rules, "any", "[1]", "send all single [1]\nreturn\n");
    assert_method(rules, "any", "[1,2]", "send all any [1,2]\nreturn\n");
    assert_method(rules, "ping", "[]", "return \"pong\"\n");
    hub_relay_rules_free(rules);
}

static void
other_numbers_are_unknown(void **state)
{
    struct hub_relay_rules *rules = make_rules();

    (void)state;
    assert_method(rules, "Send", "[]", "unknown Send($1)\nSend($1, $2, $3)\nSEND($1, $2)\n");
    assert_method(rules, "Send", "[1,2,3,4]", "unknown Send($1)\nSend($1, $2, $3)\nSEND($1, $2)\n");
    assert_method(rules, "Ping", "[1]", "unknown Ping()\n");
    assert_method(rules, "Nix", "[]", "unknown\n");
    assert_method(rules, "", "[]", "unknown\n");
    assert_method(rules, "@connected", "[]", "unknown\n");
    assert_method(rules, "Send/3", "[1,2,3]", "unknown\n");
    hub_relay_rules_free(rules);
}

static void
hundreds_of_arguments_are_any(void **state)
{
    struct hub_relay_rules *rules = make_rules();
    struct hub_call call;
    struct buffer text;

    (void)state;
    buffer_init(&text, 10000);
    buffer_append_string(&text, "[1");
    for (int i = 1; i < 300; i++) {
        buffer_append_string(&text, ",1");
    }
    buffer_append(&text, BYTES("]\0"));
    fake_hub_call_init(&call, "Send", (const char *)text.data);
    assert_int_equal(call.info.argument_count, 300);
    assert_call(rules, &call, "unknown Send($1)\nSend($1, $2, $3)\nSEND($1, $2)\n");
    buffer_deinit(&text);
    hub_relay_rules_free(rules);
}

static void
methods_are_listed_once(void **state)
{
    struct hub_relay_rules *rules = make_rules();
    struct hub_backend *backend = hub_relay_new(rules);
    struct bytes name;

    (void)state;
    assert_true(backend->operations->method(backend, 0, &name));
    assert_text(name, "Send");
    assert_true(backend->operations->method(backend, 1, &name));
    assert_text(name, "Any");
    assert_true(backend->operations->method(backend, 2, &name));
    assert_text(name, "Ping");
    assert_false(backend->operations->method(backend, 3, &name));
    backend->operations->free(backend);
    hub_relay_rules_free(rules);
}

static void
the_same_twice_is_refused(void **state)
{
    struct hub_relay_rules *rules = make_rules();
    struct hub_relay_rule_problem problem;

    (void)state;
    assert_status(hub_relay_rules_add(rules, BYTES("SEND/1"), BYTES("all.x"), &problem),
                  STATUS_EXISTS);
    assert_string_equal(problem.text, "there is a rule of that name for as many arguments already");
    assert_status(hub_relay_rules_add(rules, BYTES("aNY"), BYTES("all.x"), &problem),
                  STATUS_EXISTS);
    assert_status(hub_relay_rules_add(rules, BYTES("@Connected"), BYTES("all.x"), &problem),
                  STATUS_EXISTS);
    hub_relay_rules_free(rules);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_arguments_decides),
        cmocka_unit_test(other_numbers_are_unknown),
        cmocka_unit_test(hundreds_of_arguments_are_any),
        cmocka_unit_test(methods_are_listed_once),
        cmocka_unit_test(the_same_twice_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
