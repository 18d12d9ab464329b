/* SPDX-License-Identifier: MIT */
/* Goal of this test: whoever writes a wrong rule is told what is wrong and where. */
#include "tests/unit/hubs/hub_relay_fixture.h"

#include <string.h>

static void
words_are_checked(void **state)
{
    (void)state;
    assert_problem(false, "M", "", 1, "expected an action here");
    assert_problem(false, "M", "  ", 3, "expected an action here");
    assert_problem(false, "M", "all.m;", 7, "expected an action here");
    assert_problem(false, "M", "all.m; $1", 8, "expected a word here");
    assert_problem(false, "M", "everyone.m", 1, "unknown word 'everyone'");
    assert_problem(false, "M", "all.m; grup($1).m", 8, "unknown word 'grup'");
    assert_problem(false, "M", "all", 4, "'all' needs the client's method");
    assert_problem(false, "M", "all.", 5, "expected the name of the client's method");
    assert_problem(false, "M", "group.m", 6, "expected '('");
    assert_problem(false, "M", "all.m x", 7, "expected ';' or the end");
    assert_problem(false, "M", "return(1); all.m", 11, "nothing can follow 'return'");
}

static void
values_are_checked(void **state)
{
    (void)state;
    assert_problem(false, "M", "all.m(bob)", 7, "'bob' is no value; text needs double quotes");
    assert_problem(false, "M", "all.m('bob')", 7, "expected a value here");
    assert_problem(false, "M", "all.m(1", 8, "expected ')'");
    assert_problem(false, "M", "all.m(1,)", 9, "expected a value here");
    assert_problem(false, "M", "all.m(01)", 7, "'01' is no value");
    assert_problem(false, "M", "all.m(\"a)", 7, "no closing quote");
    assert_problem(false, "M", "all.m(\"\\x\")", 7, "not a valid JSON string");
    assert_problem(false, "M", "all.m({a:1})", 8, "expected a member name in double quotes");
    assert_problem(false, "M", "all.m({\"a\" 1})", 12, "expected ':'");
    assert_problem(false, "M", "all.m([1}", 9, "expected ']'");
    assert_problem(false, "M", "join()", 6, "expected a value here");
    assert_problem(false, "M", "join(1,2,3)", 9, "expected ')'");
    assert_problem(false, "M", "set_state(\"a\")", 14, "set_state needs 2 values");
    assert_problem(false, "M", "all.\xC3\xBC(\xC3\xBC)", 7, "is no value");
}

static void
references_are_checked(void **state)
{
    (void)state;
    assert_problem(false, "M", "all.m($0)", 7, "arguments are $1 to $9");
    assert_problem(false, "M", "all.m($10)", 7, "arguments are $1 to $9");
    assert_problem(false, "M", "all.m($)", 7, "known are $1 to $9");
    assert_problem(false, "M", "all.m($usr)", 7, "known are $1 to $9");
    assert_problem(false, "M", "all.m($state)", 7, "$state needs a member");
    assert_problem(false, "M", "all.m($*, 1)", 7, "$* stands last");
    assert_problem(false, "M", "return($*)", 8, "$* stands last");
    assert_problem(false, "M", "all.m({\"a\": $*})", 13, "$* stands last");
    assert_problem(false, "M", "all.m($data)", 7, "raw connection");
    assert_problem(false, "M/1", "all.m($2)", 7, "the name says there are 1 arguments");
    assert_problem(true, "receive", "caller.send($1)", 13, "no arguments here");
    assert_problem(true, "receive", "caller.send($what)", 13, "$json");
}

static void
places_are_checked(void **state)
{
    (void)state;
    assert_problem(false, "@connected", "all.m($1)", 7, "no arguments here");
    assert_problem(false, "@connected", "all.m($*)", 7, "no arguments here");
    assert_problem(false, "@connected", "return(1)", 1, "'return' is not possible here");
    assert_problem(false, "@connected", "all.m($state.x)", 7, "only a method's caller");
    assert_problem(true, "receive", "user(\"a\")", 1, "'user' is not possible here");
    assert_problem(true, "receive", "all.m", 5, "raw connections have no methods");
    assert_problem(true, "@connected", "all", 4, "'all' needs something to send");
    assert_problem(true, "@connected", "all.send($data)", 10, "belong to receive");
}

static void
names_are_checked(void **state)
{
    (void)state;
    assert_problem(false, "", "all.m", 0, "a method's name is");
    assert_problem(false, "1st", "all.m", 0, "a method's name is");
    assert_problem(false, "a b", "all.m", 0, "a method's name is");
    assert_problem(false, "Send/", "all.m", 0, "the number of arguments");
    assert_problem(false, "Send/x", "all.m", 0, "the number of arguments");
    assert_problem(false, "Send/100", "all.m", 0, "the number of arguments");
    assert_problem(false, "@gone", "all.m", 0, "events are @connected");
    assert_problem(true, "Send", "all", 0, "a raw connection has receive");
}

static void
size_is_checked(void **state)
{
    char *text = test_malloc(HUB_RELAY_RULE_BYTES_MAX + 2);
    struct buffer many;

    (void)state;
    memset(text, ' ', HUB_RELAY_RULE_BYTES_MAX + 1);
    text[HUB_RELAY_RULE_BYTES_MAX + 1] = '\0';
    assert_problem(false, "M", text, 1, "longer than 16384 bytes");
    assert_problem(false, "M", "all.m(\"\xFF\")", 1, "not UTF-8");
    memset(text, '[', 30);
    memcpy(text, "all.m(", 6);
    text[30] = '\0';
    assert_problem(false, "M", text, 27, "nested too deeply");
    test_free(text);
    buffer_init(&many, 100000);
    for (int i = 0; i <= HUB_RELAY_RULE_ACTIONS_MAX; i++) {
        buffer_append_string(&many, (i > 0) ? ";all.m" : "all.m");
    }
    buffer_append_byte(&many, '\0');
    assert_problem(false, "M", (const char *)many.data, 6 * HUB_RELAY_RULE_ACTIONS_MAX + 1,
                   "more than 64 actions");
    buffer_deinit(&many);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_checked),      cmocka_unit_test(values_are_checked),
        cmocka_unit_test(references_are_checked), cmocka_unit_test(places_are_checked),
        cmocka_unit_test(names_are_checked),      cmocka_unit_test(size_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
