/* SPDX-License-Identifier: MIT */
/* Goal of this test: topics are spelled and taken apart as .NET nodes spell them, for any group
 * name (T62). */
#include "service/signalr/topic_name.h"
#include "tests/support/test.h"

#include <string.h>

#define ODD_GROUP "r.o|o,m&=+/:@[] \xE2\x82\xAC"

static const struct {
    enum topic_name_kind kind;
    const char *owner;
    const char *name;
    const char *topic;
} topics[] = {
    {TOPIC_NAME_HUB, "ChatHub", "", "h-ChatHub"},
    {TOPIC_NAME_HUB_CONNECTION, "ChatHub", "d1f3-a3", "hc-ChatHub.d1f3-a3"},
    {TOPIC_NAME_HUB_USER, "ChatHub", "a.b@example.com", "hu-ChatHub.a.b@example.com"},
    {TOPIC_NAME_HUB_GROUP, "ChatHub", ODD_GROUP, "hg-ChatHub." ODD_GROUP},
    {TOPIC_NAME_HUB_GROUP, "ChatHub", "", "hg-ChatHub."},
    {TOPIC_NAME_RAW, "My.Name.Type", "", "pc-My.Name.Type"},
    {TOPIC_NAME_CONNECTION, "", "d1f3-a3", "c-d1f3-a3"},
    {TOPIC_NAME_SERVER, "", "", "__SIGNALR__SERVER__"},
    {TOPIC_NAME_NODE, "", "", "__HUBPLANE__"},
};
enum { TOPIC_COUNT = sizeof(topics) / sizeof(topics[0]) };

static void
names_are_built(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 10000);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        buffer_clear(&out);
        assert_status(topic_name_append(&out, topics[i].kind, bytes_from_string(topics[i].owner),
                                        bytes_from_string(topics[i].name)),
                      STATUS_OK);
        assert_bytes(buffer_bytes(&out), bytes_from_string(topics[i].topic));
    }
    buffer_clear(&out);
    assert_status(topic_name_append(&out, TOPIC_NAME_RAW_GROUP, BYTES("My.Name.Type"),
                                    BYTES("g.1")),
                  STATUS_OK);
    assert_text(buffer_bytes(&out), "pcg-My.Name.Type.g.1");
    buffer_deinit(&out);
}

static void
names_are_split(void **state)
{
    struct bytes owner, name;

    (void)state;
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        assert_int_equal(topic_name_split(bytes_from_string(topics[i].topic), &owner, &name),
                         topics[i].kind);
        assert_bytes(owner, bytes_from_string(topics[i].owner));
        assert_bytes(name, bytes_from_string(topics[i].name));
    }
}

static void
other_names_are_other(void **state)
{
    static const char *const others[] = {"",
                                         "h-",
                                         "c-",
                                         "pc-",
                                         "hg-NoDot",
                                         "hc-",
                                         "H-ChatHub",
                                         "x",
                                         "__SIGNALR__SERVER__x",
                                         "__HUBPLANE__."};
    struct bytes owner, name;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (topic_name_split(bytes_from_string(others[i]), &owner, &name) != TOPIC_NAME_OTHER) {
            fail_msg("%s is taken for a topic of ours", others[i]);
        }
        assert_bytes(name, bytes_from_string(others[i]));
    }
}

static void
owners_with_dots_are_told_apart(void **state)
{
    struct bytes name;

    (void)state;
    assert_true(
        topic_name_in(BYTES("pcg-My.Type.g.1"), TOPIC_NAME_RAW_GROUP, BYTES("My.Type"), &name));
    assert_text(name, "g.1");
    assert_false(
        topic_name_in(BYTES("pcg-My.TypeX.g"), TOPIC_NAME_RAW_GROUP, BYTES("My.Type"), &name));
    assert_false(
        topic_name_in(BYTES("hg-chathub.a"), TOPIC_NAME_HUB_GROUP, BYTES("ChatHub"), &name));
    assert_false(
        topic_name_in(BYTES("hg-ChatHub.a"), TOPIC_NAME_HUB_USER, BYTES("ChatHub"), &name));
    assert_true(topic_name_in(BYTES("h-ChatHub"), TOPIC_NAME_HUB, BYTES("ChatHub"), &name));
    assert_false(topic_name_in(BYTES("h-ChatHub2"), TOPIC_NAME_HUB, BYTES("ChatHub"), &name));
    assert_true(topic_name_in(BYTES("c-id"), TOPIC_NAME_CONNECTION, BYTES(""), &name));
    assert_text(name, "id");
}

static void
tokens_hold_groups_without_prefix(void **state)
{
    struct bytes name;

    (void)state;
    assert_text(topic_name_group(BYTES("hg-ChatHub.room1")), "ChatHub.room1");
    assert_text(topic_name_group(BYTES("pcg-My.Type.room1")), "My.Type.room1");
    assert_text(topic_name_group(BYTES("h-ChatHub")), "");
    assert_true(topic_name_group_of(BYTES("chathub.Room.1"), BYTES("ChatHub"), &name));
    assert_text(name, "Room.1");
    assert_false(topic_name_group_of(BYTES("ChatHub2.Room"), BYTES("ChatHub"), &name));
    assert_false(topic_name_group_of(BYTES("ChatHub"), BYTES("ChatHub"), &name));
}

static void
filters_name_connections(void **state)
{
    const struct bytes ids[] = {BYTES("id1"), BYTES("id2")};
    struct buffer out;

    (void)state;
    buffer_init(&out, 100);
    assert_status(topic_name_append_filter(&out, ids, 0), STATUS_OK);
    assert_int_equal(out.length, 0);
    assert_status(topic_name_append_filter(&out, ids, 2), STATUS_OK);
    assert_text(buffer_bytes(&out), "c-id1|c-id2");
    buffer_deinit(&out);
    assert_true(topic_name_filters_connection(BYTES("c-id1"), BYTES("id1")));
    assert_true(topic_name_filters_connection(BYTES("ID1"), BYTES("id1")));
    assert_false(topic_name_filters_connection(BYTES("c-ID1"), BYTES("id1")));
    assert_false(topic_name_filters_connection(BYTES("c-id1"), BYTES("id12")));
    assert_false(topic_name_filters_connection(BYTES(""), BYTES("id1")));
}

static void
long_names_are_refused(void **state)
{
    char text[TOPIC_NAME_BYTES_MAX];
    struct buffer out;

    (void)state;
    memset(text, 'g', sizeof(text));
    buffer_init(&out, 2 * TOPIC_NAME_BYTES_MAX);
    assert_status(topic_name_append(&out, TOPIC_NAME_HUB_GROUP, BYTES("H"),
                                    bytes_from(text, sizeof(text))),
                  STATUS_LIMIT);
    assert_int_equal(out.length, 0);
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_built),
        cmocka_unit_test(names_are_split),
        cmocka_unit_test(other_names_are_other),
        cmocka_unit_test(owners_with_dots_are_told_apart),
        cmocka_unit_test(tokens_hold_groups_without_prefix),
        cmocka_unit_test(filters_name_connections),
        cmocka_unit_test(long_names_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
