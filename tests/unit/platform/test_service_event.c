/* SPDX-License-Identifier: MIT */
/* Goal of this test: the numbers of events never change, since monitoring rules match them; the log
 * has every line, the Event Log each kind once a minute. */
#include "service/platform/service_event.h"
#include "tests/support/test.h"

#include <string.h>

static void
numbers_and_levels_never_change(void **state)
{
    /* In the order of the enum. A new event gets a new row here; no row is ever changed. */
    static const struct {
        unsigned number;
        enum log_level level;
    } rows[] = {
        {1, LOG_ERROR},   {100, LOG_INFO}, {101, LOG_INFO},  {102, LOG_INFO},  {103, LOG_INFO},
        {104, LOG_INFO},  {105, LOG_WARN}, {110, LOG_ERROR}, {111, LOG_ERROR}, {112, LOG_ERROR},
        {113, LOG_ERROR}, {200, LOG_WARN}, {201, LOG_INFO},  {210, LOG_WARN},  {211, LOG_INFO},
        {212, LOG_ERROR}, {220, LOG_WARN}, {221, LOG_ERROR}, {222, LOG_WARN},  {300, LOG_WARN},
        {301, LOG_WARN},
    };
    (void)state;

    assert_int_equal(SERVICE_EVENT_COUNT, sizeof(rows) / sizeof(rows[0]));
    for (int i = 0; i < SERVICE_EVENT_COUNT; i++) {
        assert_int_equal(service_event_number((enum service_event)i), rows[i].number);
        assert_int_equal(service_event_level((enum service_event)i), rows[i].level);
    }
}

static void
lines_of_events_are_known(void **state)
{
    (void)state;
    assert_true(service_event_wrote("service: could not start: service: the port is taken"));
    assert_true(service_event_wrote("link: messages were lost to the whole farm count=3"));
    assert_false(service_event_wrote("service: cannot start a thread: no memory"));
    assert_false(service_event_wrote("link: could not start"));
    assert_false(service_event_wrote("service"));
}

static void
what_repeats_is_written_once_a_minute(void **state)
{
    struct service_event_limit limit = {0};
    unsigned left_out;
    (void)state;

    assert_true(service_event_allows(&limit, SERVICE_EVENT_BRIDGE_LOST, 5, &left_out));
    assert_int_equal(left_out, 0);
    for (uint64_t now_ms = 6; now_ms < 9; now_ms++) {
        assert_false(service_event_allows(&limit, SERVICE_EVENT_BRIDGE_LOST, now_ms, &left_out));
    }
    /* Another kind has a minute of its own. */
    assert_true(service_event_allows(&limit, SERVICE_EVENT_BRIDGE_REGAINED, 9, &left_out));
    assert_false(service_event_allows(&limit, SERVICE_EVENT_BRIDGE_LOST, 60004, &left_out));
    assert_true(service_event_allows(&limit, SERVICE_EVENT_BRIDGE_LOST, 60005, &left_out));
    assert_int_equal(left_out, 4);
    assert_true(service_event_allows(&limit, SERVICE_EVENT_BRIDGE_LOST, 120005, &left_out));
    assert_int_equal(left_out, 0);
}

static void
what_an_administrator_causes_is_always_written(void **state)
{
    struct service_event_limit limit = {0};
    unsigned left_out;
    (void)state;

    for (int i = 0; i < 3; i++) {
        assert_true(service_event_allows(&limit, SERVICE_EVENT_PAUSED, 1, &left_out));
        assert_true(
            service_event_allows(&limit, SERVICE_EVENT_CONFIGURATION_REJECTED, 1, &left_out));
        assert_int_equal(left_out, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_levels_never_change),
        cmocka_unit_test(lines_of_events_are_known),
        cmocka_unit_test(what_repeats_is_written_once_a_minute),
        cmocka_unit_test(what_an_administrator_causes_is_always_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
