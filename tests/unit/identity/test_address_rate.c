/* SPDX-License-Identifier: MIT */
/* Goal of this test: an address may do so much a minute, others are not its business, and no number
 * of strangers makes the table grow past its bound. */
#include "service/identity/address_rate.h"
#include "tests/support/test.h"

#include <stdio.h>

static bool
take(struct address_rate *rate, const char *address, uint64_t now_ms)
{
    uint64_t wait_ms = 0;
    bool may = address_rate_take(rate, bytes_from_string(address), now_ms, &wait_ms);

    assert_true(may == (wait_ms == 0));
    return may;
}

static void
so_much_a_minute(void **state)
{
    struct address_rate rate;
    uint64_t wait_ms;

    (void)state;
    address_rate_init(&rate, 3, 1000);
    for (int i = 0; i < 3; i++) {
        assert_true(take(&rate, "192.0.2.1", 1000));
    }
    assert_false(address_rate_take(&rate, BYTES("192.0.2.1"), 1000, &wait_ms));
    assert_int_equal(wait_ms, 20000);
    assert_true(take(&rate, "192.0.2.2", 1000));
    assert_false(take(&rate, "192.0.2.1", 1000 + wait_ms - 1));
    assert_true(take(&rate, "192.0.2.1", 1000 + wait_ms));
    assert_false(take(&rate, "192.0.2.1", 1000 + wait_ms));
    /* A long rest does not save up more than a minute's worth. */
    for (int i = 0; i < 3; i++) {
        assert_true(take(&rate, "192.0.2.1", 10000000));
    }
    assert_false(take(&rate, "192.0.2.1", 10000000));
    address_rate_deinit(&rate);
}

/* However often one asks in vain. */
static void
time_is_not_lost_by_asking(void **state)
{
    struct address_rate rate;

    (void)state;
    address_rate_init(&rate, 1, 0);
    assert_true(take(&rate, "a", 0));
    for (uint64_t now_ms = 1; now_ms < 60000; now_ms++) {
        assert_false(take(&rate, "a", now_ms));
    }
    assert_true(take(&rate, "a", 60000));
    address_rate_deinit(&rate);
}

static void
strangers_do_not_fill_the_memory(void **state)
{
    struct address_rate rate;
    char address[32];
    size_t allowed = 0;

    (void)state;
    address_rate_init(&rate, 10, 0);
    for (int i = 0; i < 2 * ADDRESS_RATE_ADDRESSES_MAX; i++) {
        snprintf(address, sizeof(address), "address %d", i);
        allowed += take(&rate, address, 0);
    }
    assert_int_equal(map_count(&rate.buckets), ADDRESS_RATE_ADDRESSES_MAX);
    assert_int_equal(allowed, ADDRESS_RATE_ADDRESSES_MAX + 10);
    /* Those known before are served as before, and a minute later everybody is. */
    assert_true(take(&rate, "address 0", 0));
    assert_true(take(&rate, "a newcomer", 60000));
    assert_int_equal(map_count(&rate.buckets), 1);
    address_rate_deinit(&rate);
}

static void
without_a_limit(void **state)
{
    struct address_rate rate;

    (void)state;
    address_rate_init(&rate, 0, 0);
    for (int i = 0; i < 1000; i++) {
        assert_true(take(&rate, "a", 0));
    }
    assert_int_equal(map_count(&rate.buckets), 0);
    address_rate_deinit(&rate);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_much_a_minute),
        cmocka_unit_test(time_is_not_lost_by_asking),
        cmocka_unit_test(strangers_do_not_fill_the_memory),
        cmocka_unit_test(without_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
