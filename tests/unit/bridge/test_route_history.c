/* SPDX-License-Identifier: MIT */
/* The history of an app: bounded by bytes, found by id and by topic. */
#include <stdio.h>
#include <string.h>

#include "bridge/route/route_history.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"

enum { SMALL_BYTES = 64 * 1024, AMPLE_BYTES = 1024 * 1024 };

struct fixture {
    struct route_topics topics;
    struct route_history history;
};

static void
init(struct fixture *fixture, size_t limit_bytes)
{
    route_topics_init(&fixture->topics);
    route_history_init(&fixture->history, &fixture->topics, limit_bytes);
}

static void
deinit(struct fixture *fixture)
{
    route_history_deinit(&fixture->history);
    assert_int_equal(map_count(&fixture->topics.map), 0);
    route_topics_deinit(&fixture->topics);
}

static enum status
append(struct fixture *fixture, uint64_t id, const char *topic)
{
    const struct signalr_message message = {.topic = bytes_from_string(topic),
                                            .value = BYTES("value")};
    struct signalr_message_reader reader;
    struct route_entry *entry;
    struct payload *payload;
    struct buffer frame;
    enum status status;

    buffer_init(&frame, 4096);
    status = signalr_message_encode(&message, 1, 0, &frame);
    payload = status == STATUS_OK ? payload_from(buffer_bytes(&frame)) : NULL;
    buffer_deinit(&frame);
    if (payload == NULL) {
        return STATUS_NO_MEMORY;
    }
    status = signalr_message_open(payload_bytes(payload), &reader);
    if (status == STATUS_OK) {
        status = route_history_append(&fixture->history, id, payload_whole(payload), false, &reader,
                                      &entry);
    }
    payload_unref(payload);
    return status;
}

static size_t
topic_count(const struct fixture *fixture, struct bytes name)
{
    const struct route_topic *topic = route_topics_find(&fixture->topics, name);
    size_t count = 0;

    if (topic != NULL) {
        LIST_FOR_EACH (node, &topic->messages) {
            (void)node;
            count++;
        }
    }
    return count;
}

static void
finds_by_id(void **state)
{
    struct fixture fixture;

    (void)state;
    init(&fixture, AMPLE_BYTES);
    assert_int_equal(route_history_index_after(&fixture.history, 0), 0);
    for (uint64_t id = 10; id <= 2000; id += 10) {
        assert_status(append(&fixture, id, "t"), STATUS_OK);
    }
    assert_int_equal(route_history_index_after(&fixture.history, 9), 0);
    assert_int_equal(route_history_index_after(&fixture.history, 10), 1);
    assert_int_equal(route_history_index_after(&fixture.history, 15), 1);
    assert_int_equal(route_history_index_after(&fixture.history, 5000), 200);
    assert_int_equal(route_history_find(&fixture.history, 70)->id, 70);
    assert_null(route_history_find(&fixture.history, 71));
    assert_null(route_history_find(&fixture.history, 9));
    assert_int_equal(fixture.history.complete_since, 0);
    deinit(&fixture);
}

static void
drops_the_oldest(void **state)
{
    struct fixture fixture;

    (void)state;
    init(&fixture, SMALL_BYTES);
    for (uint64_t id = 1; id <= 5000; id++) {
        assert_status(append(&fixture, id, id % 2 == 0 ? "even" : "odd"), STATUS_OK);
        assert_true(fixture.history.bytes <= SMALL_BYTES);
    }
    assert_true(fixture.history.count > 50 && fixture.history.count < 500);
    assert_int_equal(fixture.history.complete_since, 5000 - fixture.history.count);
    assert_int_equal(fixture.history.dropped_to, fixture.history.complete_since);
    assert_int_equal(topic_count(&fixture, BYTES("even")) + topic_count(&fixture, BYTES("odd")),
                     fixture.history.count);
    route_history_incomplete_to(&fixture.history, 4999);
    assert_int_equal(fixture.history.complete_since, 4999);
    assert_int_equal(fixture.history.dropped_to, 5000 - fixture.history.count);
    deinit(&fixture);
}

static void
topics_go_with_their_last_message(void **state)
{
    struct fixture fixture;
    char name[16];

    (void)state;
    init(&fixture, SMALL_BYTES);
    for (uint64_t id = 1; id <= 5000; id++) {
        snprintf(name, sizeof(name), "c-%llu", (unsigned long long)id);
        assert_status(append(&fixture, id, name), STATUS_OK);
        assert_int_equal(map_count(&fixture.topics.map), fixture.history.count);
    }
    deinit(&fixture);
}

static void
survives_without_memory(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct fixture fixture;
        enum status status = STATUS_OK;

        init(&fixture, AMPLE_BYTES);
        fail_alloc_at(n);
        for (uint64_t id = 1; id <= 100 && status == STATUS_OK; id++) {
            status = append(&fixture, id, id % 2 == 0 ? "even" : "odd");
        }
        if (!fail_alloc_off()) {
            deinit(&fixture);
            break;
        }
        assert_status(status, STATUS_NO_MEMORY);
        deinit(&fixture);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_id),
        cmocka_unit_test(drops_the_oldest),
        cmocka_unit_test(topics_go_with_their_last_message),
        cmocka_unit_test(survives_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
