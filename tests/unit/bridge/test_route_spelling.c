/* SPDX-License-Identifier: MIT */
/* Names of hubs and groups are found whatever their case, as long as somebody listens. */
#include "bridge/route/route_spelling.h"

#include <string.h>

#include "tests/support/test.h"

static bool
has(const struct route_spelling *spelling, const char *topic)
{
    return route_spelling_has(spelling, bytes_from_string(topic));
}

static void
names_are_found_in_any_case(void **state)
{
    struct route_spelling spelling;

    (void)state;
    route_spelling_init(&spelling);
    assert_false(has(&spelling, "hg-Chat.room"));
    assert_status(route_spelling_add(&spelling, BYTES("hg-Chat.Room")), STATUS_OK);
    assert_true(has(&spelling, "hg-chat.rOOM"));
    assert_false(has(&spelling, "hg-Chat.Room1"));
    assert_false(has(&spelling, "HG-Chat.Room"));
    route_spelling_remove(&spelling, BYTES("hg-Chat.Room"));
    assert_false(has(&spelling, "hg-Chat.room"));
    route_spelling_deinit(&spelling);
}

static void
each_spelling_counts(void **state)
{
    struct route_spelling spelling;

    (void)state;
    route_spelling_init(&spelling);
    assert_status(route_spelling_add(&spelling, BYTES("h-Chat")), STATUS_OK);
    assert_status(route_spelling_add(&spelling, BYTES("h-chat")), STATUS_OK);
    route_spelling_remove(&spelling, BYTES("h-Chat"));
    assert_true(has(&spelling, "h-CHAT"));
    route_spelling_remove(&spelling, BYTES("h-chat"));
    assert_false(has(&spelling, "h-CHAT"));
    route_spelling_deinit(&spelling);
}

static void
other_topics_are_not_watched(void **state)
{
    static char name[ROUTE_SPELLING_BYTES_MAX + 2] = "hg-";
    const char *const topics[] = {"c-1",          "hc-Chat.1", "hu-Chat.ann", "pc-Echo",
                                  "__HUBPLANE__", "",          name};
    struct route_spelling spelling;

    (void)state;
    memset(name + 3, 'x', sizeof(name) - 4);
    route_spelling_init(&spelling);
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        assert_status(route_spelling_add(&spelling, bytes_from_string(topics[i])), STATUS_OK);
        assert_false(has(&spelling, topics[i]));
        route_spelling_remove(&spelling, bytes_from_string(topics[i]));
    }
    assert_status(route_spelling_add(&spelling, BYTES("pcg-Echo.a")), STATUS_OK);
    assert_true(has(&spelling, "pcg-Echo.A"));
    route_spelling_remove(&spelling, BYTES("pcg-Echo.a"));
    route_spelling_deinit(&spelling);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_any_case),
        cmocka_unit_test(each_spelling_counts),
        cmocka_unit_test(other_topics_are_not_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
