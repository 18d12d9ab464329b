/* SPDX-License-Identifier: MIT */
/* Goal of this test: values are put together from JSON and from what the call brought, without
 * changing a byte of it. */
#include "tests/unit/hubs/hub_relay_fixture.h"

static void
arguments_are_inserted_verbatim(void **state)
{
    (void)state;
    assert_rule("all.m($2, $1)", "[1.0,\"\\/\\u00e9\"]",
                "send all m [\"\\/\\u00e9\",1.0]\nreturn\n");
    assert_rule("all.m($1, $1)", "[{\"a\": [ ]}]",
                "send all m [{\"a\": [ ]},{\"a\": [ ]}]\nreturn\n");
    assert_rule("all.m($9)", "[1,2,3,4,5,6,7,8,9]", "send all m [9]\nreturn\n");
}

static void
all_arguments_follow_what_stands_before(void **state)
{
    (void)state;
    assert_rule("all.m($*)", "[1,2]", "send all m [1,2]\nreturn\n");
    assert_rule("all.m($user, $*)", "[1,2]", "send all m [\"Ann\",1,2]\nreturn\n");
    assert_rule("all.m($user, $*)", "[]", "send all m [\"Ann\"]\nreturn\n");
    assert_rule("all.m($*)", "[ ]", "send all m []\nreturn\n");
    assert_rule("all.m({\"args\": [$*]}, [0, $*])", "[]",
                "send all m [{\"args\":[]},[0]]\nreturn\n");
    assert_rule("all.m({\"args\": [$*]}, [[], $*])", "[1,2]",
                "send all m [{\"args\":[1,2]},[[],1,2]]\nreturn\n");
    assert_rule("all.m(\"[\", $*)", "[1]", "send all m [\"[\",1]\nreturn\n");
}

static void
json_may_have_holes(void **state)
{
    (void)state;
    assert_rule(
        "all.m({\"from\": $user, \"text\": $1, \"n\": [1.50, true, null, -2e3]})", "[\"hi\"]",
        "send all m [{\"from\":\"Ann\",\"text\":\"hi\",\"n\":[1.50,true,null,-2e3]}]\nreturn\n");
    assert_rule("all.m(\"a;b)\\\"$1\", {}, [], [ ], { })", "[]",
                "send all m [\"a;b)\\\"$1\",{},[],[],{}]\nreturn\n");
    assert_rule("return({\"\xC3\xBC\": \"\xE2\x82\xAC\"})", "[]",
                "return {\"\xC3\xBC\":\"\xE2\x82\xAC\"}\n");
}

static void
the_call_is_known(void **state)
{
    (void)state;
    assert_rule("all.m($user, $connection, $state.nick, $state.n, $state.none)", "[]",
                "send all m [\"Ann\",\"c1\",\"an\",[1.0],null]\nreturn\n");
}

static void
an_anonymous_user_is_null(void **state)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(false);
    struct hub_call call;

    (void)state;
    add_rule(rules, "M", "all.m($user, $state.x)");
    fake_hub_call_init(&call, "M", "[]");
    assert_call(rules, &call, "send all m [null,null]\nreturn\n");
    hub_relay_rules_free(rules);
}

static void
a_missing_argument_is_null(void **state)
{
    (void)state;
    assert_rule("all.m($2, $*)", "[1]", "send all m [null,1]\nreturn\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_inserted_verbatim),
        cmocka_unit_test(all_arguments_follow_what_stands_before),
        cmocka_unit_test(json_may_have_holes),
        cmocka_unit_test(the_call_is_known),
        cmocka_unit_test(an_anonymous_user_is_null),
        cmocka_unit_test(a_missing_argument_is_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
