/* SPDX-License-Identifier: MIT */
/* Goal of this test: a buffer grows by doubling up to its limit; an append takes all or nothing. */
#include "tests/support/test.h"

#include <string.h>

static void
capacity_doubles(void **state)
{
    struct buffer buffer;
    size_t growth_count = 0;

    (void)state;
    buffer_init(&buffer, 1000000);
    for (size_t i = 0; i < 1000000; i++) {
        size_t before = buffer.capacity;

        assert_status(buffer_append_byte(&buffer, (uint8_t)i), STATUS_OK);
        growth_count += before != buffer.capacity ? 1 : 0;
    }
    assert_in_range(growth_count, 10, 20);
    assert_int_equal(buffer.capacity, 1000000);
    for (size_t i = 0; i < 1000000; i++) {
        if (buffer.data[i] != (uint8_t)i) {
            fail_msg("byte %zu", i);
        }
    }
    buffer_deinit(&buffer);
}

static void
limit_is_exact(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 5);
    assert_status(buffer_append_string(&buffer, "abc"), STATUS_OK);
    assert_status(buffer_append_string(&buffer, "def"), STATUS_LIMIT);
    assert_text(buffer_bytes(&buffer), "abc");
    assert_status(buffer.status, STATUS_LIMIT);
    assert_status(buffer_append_string(&buffer, "de"), STATUS_OK);
    assert_text(buffer_bytes(&buffer), "abcde");
    assert_status(buffer.status, STATUS_LIMIT);
    buffer_clear(&buffer);
    assert_status(buffer.status, STATUS_OK);
    assert_int_equal(buffer.length, 0);
    buffer_deinit(&buffer);
    assert_int_equal(buffer.limit_bytes, 5);
    assert_null(buffer.data);
}

static void
huge_requests_do_not_overflow(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, SIZE_MAX);
    assert_status(buffer_append_byte(&buffer, 'a'), STATUS_OK);
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_status(buffer.status, STATUS_LIMIT);
    assert_text(buffer_bytes(&buffer), "a");
    buffer_deinit(&buffer);
}

static void
reserve_then_commit(void **state)
{
    struct buffer buffer;
    uint8_t *room;

    (void)state;
    buffer_init(&buffer, 300);
    buffer_append_string(&buffer, "ab");
    room = buffer_reserve(&buffer, 200);
    assert_non_null(room);
    memcpy(room, "cd", 2);
    buffer_commit(&buffer, 2);
    assert_text(buffer_bytes(&buffer), "abcd");
    assert_null(buffer_reserve(&buffer, 297));
    assert_non_null(buffer_reserve(&buffer, 296));
    buffer_deinit(&buffer);
    assert_non_null(buffer_reserve(&buffer, 0));
    buffer_deinit(&buffer);
}

static void
consume_and_truncate(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 100);
    buffer_append_string(&buffer, "abcdef");
    buffer_consume(&buffer, 0);
    buffer_consume(&buffer, 2);
    assert_text(buffer_bytes(&buffer), "cdef");
    buffer_truncate(&buffer, 3);
    assert_text(buffer_bytes(&buffer), "cde");
    buffer_consume(&buffer, 3);
    assert_int_equal(buffer_bytes(&buffer).length, 0);
    assert_non_null(buffer_bytes(&buffer).data);
    buffer_deinit(&buffer);
    assert_non_null(buffer_bytes(&buffer).data);
}

static void
nothing_costs_nothing(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 0);
    assert_status(buffer_append(&buffer, BYTES_NONE), STATUS_OK);
    assert_status(buffer_append_string(&buffer, NULL), STATUS_OK);
    assert_null(buffer.data);
    assert_status(buffer_append_byte(&buffer, 'a'), STATUS_LIMIT);
    buffer_deinit(&buffer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capacity_doubles),
        cmocka_unit_test(limit_is_exact),
        cmocka_unit_test(huge_requests_do_not_overflow),
        cmocka_unit_test(reserve_then_commit),
        cmocka_unit_test(consume_and_truncate),
        cmocka_unit_test(nothing_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
