/* SPDX-License-Identifier: MIT */
/* Goal of this test: a map without memory refuses the new entry and keeps the others. */
#include "common/base/map.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"

enum { ENTRY_COUNT = 400 };

static int value;

/* Enough entries to make it double its buckets several times. Returns how many went in. */
static size_t
fill(struct map *map)
{
    size_t count = 0;

    for (uint32_t i = 0; i < ENTRY_COUNT; i++) {
        if (map_put(map, bytes_from(&i, sizeof(i)), &value) == STATUS_OK) {
            count++;
        }
    }
    return count;
}

static void
each_failure_costs_one_entry(void **state)
{
    bool has_failed = true;

    (void)state;
    for (size_t n = 0; has_failed; n++) {
        struct map map;
        size_t count, found = 0;

        map_init(&map);
        fail_alloc_at(n);
        count = fill(&map);
        has_failed = fail_alloc_off();
        assert_int_equal(map_count(&map), count);
        assert_in_range(count, ENTRY_COUNT - (has_failed ? 1 : 0), ENTRY_COUNT);
        for (uint32_t i = 0; i < ENTRY_COUNT; i++) {
            found += map_get(&map, bytes_from(&i, sizeof(i))) != NULL ? 1 : 0;
        }
        assert_int_equal(found, count);
        map_deinit(&map);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_failure_costs_one_entry)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
