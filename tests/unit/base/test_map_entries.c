/* SPDX-License-Identifier: MIT */
/* Goal of this test: a map finds what was put, in the order it was put, under any bytes as key. */
#include "common/base/map.h"
#include "tests/support/test.h"

#include <stdio.h>

static int values[10];

static void
put_get_remove(void **state)
{
    struct map map;

    (void)state;
    map_init(&map);
    assert_null(map_get(&map, BYTES("a")));
    assert_null(map_remove(&map, BYTES("a")));
    assert_status(map_put(&map, BYTES("a"), &values[0]), STATUS_OK);
    assert_status(map_put(&map, BYTES("b"), &values[1]), STATUS_OK);
    assert_ptr_equal(map_get(&map, BYTES("a")), &values[0]);
    assert_ptr_equal(map_get(&map, BYTES("b")), &values[1]);
    assert_null(map_get(&map, BYTES("A")));
    assert_int_equal(map_count(&map), 2);
    assert_status(map_put(&map, BYTES("a"), &values[2]), STATUS_OK);
    assert_int_equal(map_count(&map), 2);
    assert_ptr_equal(map_remove(&map, BYTES("a")), &values[2]);
    assert_null(map_get(&map, BYTES("a")));
    assert_int_equal(map_count(&map), 1);
    map_deinit(&map);
    assert_int_equal(map_count(&map), 0);
    assert_status(map_put(&map, BYTES("a"), &values[0]), STATUS_OK);
    map_deinit(&map);
}

static void
any_bytes_are_a_key(void **state)
{
    struct map map;

    (void)state;
    map_init(&map);
    assert_status(map_put(&map, BYTES(""), &values[0]), STATUS_OK);
    assert_status(map_put(&map, BYTES("a\0b"), &values[1]), STATUS_OK);
    assert_status(map_put(&map, BYTES("a\0c"), &values[2]), STATUS_OK);
    assert_ptr_equal(map_get(&map, BYTES_NONE), &values[0]);
    assert_ptr_equal(map_get(&map, BYTES("a\0b")), &values[1]);
    assert_ptr_equal(map_get(&map, BYTES("a\0c")), &values[2]);
    assert_null(map_get(&map, BYTES("a")));
    assert_ptr_equal(map_remove(&map, BYTES("")), &values[0]);
    map_deinit(&map);
}

static void
keys_are_copied(void **state)
{
    char key[] = "room";
    struct map map;

    (void)state;
    map_init(&map);
    assert_status(map_put(&map, bytes_from(key, 4), &values[0]), STATUS_OK);
    key[0] = 'z';
    assert_ptr_equal(map_get(&map, BYTES("room")), &values[0]);
    assert_text(map_entry_key(map_first(&map)), "room");
    map_deinit(&map);
}

static void
iteration_is_in_insertion_order(void **state)
{
    struct map map;
    struct map_entry *entry, *next;
    size_t count = 0;

    (void)state;
    map_init(&map);
    for (int i = 0; i < 1000; i++) {
        char key[16];

        snprintf(key, sizeof(key), "key %d", i);
        assert_status(map_put(&map, bytes_from_string(key), &values[i % 10]), STATUS_OK);
    }
    for (entry = map_first(&map); entry != NULL; entry = next) {
        char key[16];

        next = map_next(entry);
        snprintf(key, sizeof(key), "key %zu", count);
        assert_bytes(map_entry_key(entry), bytes_from_string(key));
        assert_ptr_equal(map_entry_value(entry), &values[count % 10]);
        if (count % 2 == 0) {
            assert_non_null(map_remove(&map, map_entry_key(entry)));
        }
        count++;
    }
    assert_int_equal(count, 1000);
    assert_int_equal(map_count(&map), 500);
    assert_null(map_get(&map, BYTES("key 500")));
    assert_non_null(map_get(&map, BYTES("key 501")));
    map_deinit(&map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_get_remove),
        cmocka_unit_test(any_bytes_are_a_key),
        cmocka_unit_test(keys_are_copied),
        cmocka_unit_test(iteration_is_in_insertion_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
