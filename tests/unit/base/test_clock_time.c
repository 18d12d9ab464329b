/* SPDX-License-Identifier: MIT */
/* Goal of this test: virtual time moves only by hand, system time by itself, and dates are right.
 */
#include "common/base/clock.h"
#include "tests/support/test.h"

static void
virtual_time_stands_still(void **state)
{
    struct clock clock;

    (void)state;
    clock_init_virtual(&clock, 5, 1000);
    clock_update(&clock);
    assert_true(clock.now_ms == 5 && clock.wall_ms == 1000);
    clock_advance(&clock, 10);
    assert_true(clock.now_ms == 15 && clock.wall_ms == 1010);
}

static void
system_time_runs(void **state)
{
    struct clock clock;
    uint64_t before;

    (void)state;
    clock_init_system(&clock);
    before = clock.now_ms;
    assert_true(clock.wall_ms > UINT64_C(1700000000000)); /* later than 2023 */
    assert_true(clock.wall_ms < UINT64_C(4102444800000)); /* earlier than 2100 */
    clock_advance(&clock, 1000000);
    while (clock.now_ms < before + 2) {
        clock_update(&clock);
    }
    assert_true(clock.now_ms < before + 1000000);
}

static void
monotonic_time_never_goes_back(void **state)
{
    struct clock clock;

    (void)state;
    clock_init_system(&clock);
    clock.now_ms += 3600000;
    clock_update(&clock);
    assert_true(clock.now_ms >= 3600000);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t before = clock.now_ms;

        clock_update(&clock);
        assert_true(clock.now_ms >= before);
    }
}

static void
assert_date(uint64_t wall_ms, const char *expected)
{
    char text[CLOCK_UTC_TEXT_BYTES + 1];

    clock_format_utc(wall_ms, text);
    assert_string_equal(text, expected);
}

static void
dates(void **state)
{
    (void)state;
    assert_date(0, "1970-01-01T00:00:00.000Z");
    assert_date(UINT64_C(951782399999), "2000-02-28T23:59:59.999Z");
    assert_date(UINT64_C(951782400000), "2000-02-29T00:00:00.000Z");
    assert_date(UINT64_C(951868800000), "2000-03-01T00:00:00.000Z");
    assert_date(UINT64_C(1767323045678), "2026-01-02T03:04:05.678Z");
    assert_date(UINT64_C(4107542400000), "2100-03-01T00:00:00.000Z");
    assert_date(UINT64_C(253402300799999), "9999-12-31T23:59:59.999Z");
}

static void
ticks_of_dotnet(void **state)
{
    struct clock clock;

    (void)state;
    clock_init_virtual(&clock, 0, 0);
    assert_true(clock_dotnet_ticks(&clock) == INT64_C(621355968000000000));
    /* new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc).Ticks */
    clock_init_virtual(&clock, 0, UINT64_C(1767323045678));
    assert_true(clock_dotnet_ticks(&clock) == INT64_C(639029198456780000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(virtual_time_stands_still),
        cmocka_unit_test(system_time_runs),
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(dates),
        cmocka_unit_test(ticks_of_dotnet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
