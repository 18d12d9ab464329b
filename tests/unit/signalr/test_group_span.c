/* SPDX-License-Identifier: MIT */
#include "service/signalr/group_span.h"
#include "tests/support/test.h"

static void
spans_follow_joins_and_leaves(void **state)
{
    (void)state;
    struct topic_table table;
    struct group_spans spans = {0};

    topic_table_init(&table);
    assert_status(group_spans_join(&spans, &table, BYTES("hg-A.x"), 10, 0), STATUS_OK);
    const struct topic *topic = topic_find(&table, BYTES("hg-A.x"));
    assert_false(group_spans_contain(&spans, topic, 10));
    assert_true(group_spans_contain(&spans, topic, 11));
    group_spans_leave(&spans, topic, 20);
    assert_true(group_spans_contain(&spans, topic, 20));
    assert_false(group_spans_contain(&spans, topic, 21));
    assert_false(group_spans_is_open(&spans, topic));

    /* Again, from an id before the command said so. */
    assert_status(group_spans_join(&spans, &table, BYTES("hg-A.x"), 25, 0), STATUS_OK);
    assert_status(group_spans_join(&spans, &table, BYTES("hg-A.x"), 12, 0), STATUS_OK);
    assert_int_equal(spans.count, 2);
    assert_false(group_spans_contain(&spans, topic, 25));
    assert_true(group_spans_contain(&spans, topic, 1000));
    assert_int_equal(group_spans_first(&spans, topic), 10);
    assert_true(group_spans_has_before(&spans, 1, topic));
    assert_false(group_spans_has_before(&spans, 0, topic));
    group_spans_deinit(&spans, &table);
    topic_table_deinit(&table);
}

static void
truncation_starts_over(void **state)
{
    (void)state;
    struct topic_table table;
    struct group_spans spans = {0};

    topic_table_init(&table);
    assert_status(group_spans_join(&spans, &table, BYTES("hg-A.x"), 10, 0), STATUS_OK);
    const struct topic *topic = topic_find(&table, BYTES("hg-A.x"));
    group_spans_leave(&spans, topic, 20);
    /* Said again, which no earlier word undoes. */
    assert_status(group_spans_join(&spans, &table, BYTES("hg-A.y"), 30, 35), STATUS_OK);
    group_spans_leave(&spans, topic_find(&table, BYTES("hg-A.y")), 34);
    assert_true(group_spans_is_open(&spans, topic_find(&table, BYTES("hg-A.y"))));
    group_spans_truncate(&spans, 1, &table);
    assert_int_equal(spans.count, 1);
    assert_true(group_spans_is_open(&spans, topic));
    assert_null(topic_find(&table, BYTES("hg-A.y")));
    group_spans_deinit(&spans, &table);
    topic_table_deinit(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_follow_joins_and_leaves),
        cmocka_unit_test(truncation_starts_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
