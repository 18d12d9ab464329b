/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "service/signalr/topic.h"
#include "tests/support/test.h"

static struct topic *
acquire(struct topic_table *table, const char *name)
{
    struct topic *topic = topic_acquire(table, bytes_from_string(name));

    assert_non_null(topic);
    return topic;
}

static void
add(struct topic_table *table, struct topic_set *set, const char *name)
{
    assert_status(topic_set_add(set, acquire(table, name)), STATUS_OK);
}

static void
clear(struct topic_table *table, struct topic_set *set)
{
    while (set->count > 0) {
        topic_release(table, topic_set_take(set, 0));
    }
    topic_set_deinit(set);
}

static void
names_are_found_while_they_are_used(void **state)
{
    (void)state;
    struct topic_table table;

    topic_table_init(&table);
    assert_null(topic_find(&table, BYTES("h-ChatHub")));
    struct topic *topic = acquire(&table, "h-ChatHub");
    assert_ptr_equal(acquire(&table, "h-ChatHub"), topic);
    assert_ptr_equal(topic_find(&table, BYTES("h-ChatHub")), topic);
    assert_null(topic_find(&table, BYTES("h-chathub")));
    assert_text(topic_name_of(topic), "h-ChatHub");
    topic_release(&table, topic);
    assert_non_null(topic_find(&table, BYTES("h-ChatHub")));
    topic_release(&table, topic);
    assert_null(topic_find(&table, BYTES("h-ChatHub")));
    topic_table_deinit(&table);
}

static void
thousands_of_names(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static struct topic *topics[COUNT];
    struct topic_table table;
    char name[32];

    topic_table_init(&table);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "c-%d", i);
        topics[i] = acquire(&table, name);
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "c-%d", i);
        assert_ptr_equal(topic_find(&table, bytes_from_string(name)), topics[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        topic_release(&table, topics[i]);
    }
    assert_int_equal(table.count, 0);
    topic_table_deinit(&table);
}

/* Every attachment knows its slot and every slot its attachment. */
static void
check_links(const struct topic_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct topic_membership *item = &set->items[i];
        if (item->index != TOPIC_DETACHED) {
            assert_in_range(item->index + 1, 1, item->topic->attached_count);
            assert_ptr_equal(item->topic->attachments[item->index].set, set);
            assert_int_equal(item->topic->attachments[item->index].slot, i);
        }
    }
}

static void
arrays_stay_compact(void **state)
{
    (void)state;
    enum { SETS = 50, TOPICS = 7 };
    static struct topic_set sets[SETS];
    struct topic_table table;
    char name[32];

    topic_table_init(&table);
    for (size_t i = 0; i < SETS; i++) {
        for (int k = 0; k < TOPICS; k++) {
            snprintf(name, sizeof(name), "t%d", k);
            add(&table, &sets[i], name);
        }
        assert_status(topic_set_attach_all(&sets[i]), STATUS_OK);
        assert_status(topic_set_attach_all(&sets[i]), STATUS_OK);
    }
    struct topic *topic = topic_find(&table, BYTES("t3"));
    assert_int_equal(topic->attached_count, SETS);

    /* Some leave a topic, some detach altogether, in an order with a system. */
    for (size_t i = 0; i < SETS; i += 3) {
        topic_release(&table, topic_set_take(&sets[i], topic_set_find(&sets[i], topic)));
    }
    for (size_t i = 1; i < SETS; i += 3) {
        topic_set_detach_all(&sets[i]);
    }
    for (size_t i = 0; i < SETS; i++) {
        check_links(&sets[i]);
    }
    assert_int_equal(topic->attached_count, SETS - 17 - 17);
    for (size_t i = 0; i < SETS; i++) {
        clear(&table, &sets[i]);
    }
    topic_table_deinit(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_while_they_are_used),
        cmocka_unit_test(thousands_of_names),
        cmocka_unit_test(arrays_stay_compact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
