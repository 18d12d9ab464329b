/* SPDX-License-Identifier: MIT */
/* Goal of this test: lifecycle events run their rules, and raw data is sent on as text or as it is.
 */
#include "tests/unit/hubs/hub_relay_fixture.h"

static void
assert_event(const struct hub_relay_rules *rules, enum hub_event event, const char *data,
             const char *expected)
{
    struct hub_call call;

    fake_hub_call_init(&call, "", data);
    call.info.event = event;
    call.info.argument_count = 0;
    assert_call(rules, &call, expected);
}

static void
hub_events_have_rules(void **state)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(false);

    (void)state;
    add_rule(rules, "@connected", "join(\"lobby\"); others.joined($connection); caller.hello");
    add_rule(rules, "@DISCONNECTED", "all.left($connection)");
    assert_event(rules, HUB_CONNECTED, "",
                 "join lobby\nsend others joined [\"c1\"]\nsend caller hello []\nreturn\n");
    assert_event(rules, HUB_DISCONNECTED, "", "send all left [\"c1\"]\nreturn\n");
    assert_event(rules, HUB_RECONNECTED, "", "return\n");
    add_rule(rules, "@reconnected", "fail(\"no\")");
    assert_event(rules, HUB_RECONNECTED, "", "fail no\n");
    hub_relay_rules_free(rules);
}

static void
raw_data_is_text_unless_told_otherwise(void **state)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(true);

    (void)state;
    add_rule(rules, "receive",
             "caller; all.send($json); group(\"g\").send({\"d\": $data, \"by\": $connection})");
    assert_event(rules, HUB_RAW_DATA, " {\"a\":1.0} ",
                 "send caller \" {\\\"a\\\":1.0} \"\nsend all {\"a\":1.0}\n"
                 "send group \"g\" {\"d\":\" {\\\"a\\\":1.0} \",\"by\":\"c1\"}\nreturn\n");
    assert_event(rules, HUB_RAW_DATA, "[not json",
                 "send caller \"[not json\"\nsend all \"[not json\"\n"
                 "send group \"g\" {\"d\":\"[not json\",\"by\":\"c1\"}\nreturn\n");
    assert_event(rules, HUB_RAW_DATA, "",
                 "send caller \"\"\nsend all \"\"\n"
                 "send group \"g\" {\"d\":\"\",\"by\":\"c1\"}\nreturn\n");
    hub_relay_rules_free(rules);
}

static void
raw_groups_come_from_data(void **state)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(true);

    (void)state;
    add_rule(rules, "RECEIVE", "join($data); others_in_group($data)");
    add_rule(rules, "@connected", "caller.send(\"welcome\")");
    assert_event(rules, HUB_RAW_DATA, "room",
                 "join room\nsend others_in_group \"room\" \"room\"\nreturn\n");
    assert_event(rules, HUB_CONNECTED, "", "send caller \"welcome\"\nreturn\n");
    assert_event(rules, HUB_DISCONNECTED, "", "return\n");
    hub_relay_rules_free(rules);
}

static void
raw_data_without_rule_is_ignored(void **state)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(true);

    (void)state;
    assert_event(rules, HUB_RAW_DATA, "x", "return\n");
    hub_relay_rules_free(rules);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hub_events_have_rules),
        cmocka_unit_test(raw_data_is_text_unless_told_otherwise),
        cmocka_unit_test(raw_groups_come_from_data),
        cmocka_unit_test(raw_data_without_rule_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
