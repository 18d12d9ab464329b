/* SPDX-License-Identifier: MIT */
/* Goal of this test: each action of a rule becomes one order, in the order written (T58, T59, T60).
 */
#include "tests/unit/hubs/hub_relay_fixture.h"

static void
the_tutorial_is_one_word(void **state)
{
    (void)state;
    assert_rule("all.broadcastMessage", "[\"ann\",\"hi\"]",
                "send all broadcastMessage [\"ann\",\"hi\"]\nreturn\n");
    assert_rule("all.broadcastMessage", "[]", "send all broadcastMessage []\nreturn\n");
    assert_rule("all.broadcastMessage", " [ 1.0 , 12345678901234567890 ] ",
                "send all broadcastMessage [1.0 , 12345678901234567890]\nreturn\n");
}

static void
every_target_can_be_named(void **state)
{
    (void)state;
    assert_rule("others.m", "[1]", "send others m [1]\nreturn\n");
    assert_rule("caller.m", "[1]", "send caller m [1]\nreturn\n");
    assert_rule("client($1).m($2)", "[\"c2\",7]", "send client \"c2\" m [7]\nreturn\n");
    assert_rule("group($1).m($2)", "[\"r\\u00e9\\n\",7]",
                "send group \"r\xC3\xA9\\n\" m [7]\nreturn\n");
    assert_rule("group(\"lobby\").m", "[]", "send group \"lobby\" m []\nreturn\n");
    assert_rule("group($1).m()", "[12345678901234567890]",
                "send group \"12345678901234567890\" m []\nreturn\n");
    assert_rule("others_in_group($1).m()", "[\"r\"]", "send others_in_group \"r\" m []\nreturn\n");
    assert_rule("user($1).m()", "[\"bob\"]", "send user \"bob\" m []\nreturn\n");
    assert_rule("user($user).m()", "[]", "send user \"Ann\" m []\nreturn\n");
}

static void
actions_keep_their_order(void **state)
{
    (void)state;
    assert_rule(
        "join($1); group($1).announce($2); progress(50); set_state(\"room\", $1); return($2)",
        "[\"r1\",{\"x\": 1.0}]",
        "join r1\nsend group \"r1\" announce [{\"x\": 1.0}]\nprogress 50\n"
        "set_state room \"r1\"\nreturn {\"x\": 1.0}\n");
    assert_rule("leave($1);leave(\"x\",$2)", "[\"r1\",\"c7\"]", "leave r1\nleave x c7\nreturn\n");
    assert_rule("join(\"x\" , $connection)", "[]", "join x c1\nreturn\n");
}

static void
calls_end_as_told(void **state)
{
    (void)state;
    assert_rule("return()", "[]", "return\n");
    assert_rule("return($1)", "[null]", "return null\n");
    assert_rule("throw(\"Not enough funds\", {\"code\": 12})", "[]",
                "throw Not enough funds {\"code\":12}\n");
    assert_rule("throw($1)", "[\"because\"]", "throw because\n");
    assert_rule("all.m(); fail(\"no\")", "[]", "send all m []\nfail no\n");
}

static void
a_name_must_be_text(void **state)
{
    static const char *const texts[] = {"join($1)",       "leave($1)",    "group($1).m()",
                                        "client($1).m()", "user($1).m()", "join(\"r\", $1)",
                                        "throw($1)",      "fail($1)",     "set_state($1, 2)"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_rule(
            texts[i], "[{\"a\":1}]",
            "fail A name or text was expected, but the argument is neither text nor a number.\n");
        assert_rule(
            texts[i], "[true]",
            "fail A name or text was expected, but the argument is neither text nor a number.\n");
    }
    assert_rule("all.m(); join($1); all.n()", "[null]",
                "send all m []\nfail A name was expected, but the argument is empty.\n");
    assert_rule("group($1).m()", "[\"\"]",
                "fail A name was expected, but the argument is empty.\n");
}

static void
a_user_without_name_is_nobody(void **state)
{
    (void)state;
    assert_rule("user($1).m(); all.n()", "[null]", "send all n []\nreturn\n");
    assert_rule("user($1).m(); all.n()", "[\"\"]", "send all n []\nreturn\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tutorial_is_one_word), cmocka_unit_test(every_target_can_be_named),
        cmocka_unit_test(actions_keep_their_order), cmocka_unit_test(calls_end_as_told),
        cmocka_unit_test(a_name_must_be_text),      cmocka_unit_test(a_user_without_name_is_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
