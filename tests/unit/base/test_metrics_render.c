/* SPDX-License-Identifier: MIT */
/* Goal of this test: metrics are rendered as Prometheus reads them. */
#include "common/base/metrics.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"

static const struct metric_row rows[] = {
    {"closed_total{reason=\"done\"}", METRIC_COUNTER, "Connections closed"},
    {"connections", METRIC_GAUGE, "Connections open"},
    {"closed_total{reason=\"abort\"}", METRIC_COUNTER, "Connections closed"},
};

static void
families_stay_together(void **state)
{
    struct metrics metrics;
    struct buffer out;

    (void)state;
    assert_status(metrics_init(&metrics, rows, 3), STATUS_OK);
    buffer_init(&out, 10000);
    metrics_add(&metrics, 0, 2);
    metrics_add(&metrics, 0, 3);
    metrics_set(&metrics, 1, -7);
    metrics_add(&metrics, 2, INT64_MAX);
    assert_true(metrics_get(&metrics, 0) == 5);
    assert_status(metrics_render(&metrics, &out), STATUS_OK);
    assert_text(buffer_bytes(&out), "# HELP hubplane_closed_total Connections closed\n"
                                    "# TYPE hubplane_closed_total counter\n"
                                    "hubplane_closed_total{reason=\"done\"} 5\n"
                                    "hubplane_closed_total{reason=\"abort\"} 9223372036854775807\n"
                                    "# HELP hubplane_connections Connections open\n"
                                    "# TYPE hubplane_connections gauge\n"
                                    "hubplane_connections -7\n");
    buffer_deinit(&out);
    metrics_deinit(&metrics);
}

static void
failures_are_reported(void **state)
{
    struct metrics metrics;
    struct buffer out;

    (void)state;
    fail_alloc_at(0);
    assert_status(metrics_init(&metrics, rows, 3), STATUS_NO_MEMORY);
    assert_true(fail_alloc_off());
    assert_status(metrics_init(&metrics, rows, 3), STATUS_OK);
    buffer_init(&out, 100);
    assert_status(metrics_render(&metrics, &out), STATUS_LIMIT);
    buffer_deinit(&out);
    metrics_deinit(&metrics);
    assert_status(metrics_init(&metrics, NULL, 0), STATUS_OK);
    metrics_deinit(&metrics);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_stay_together),
        cmocka_unit_test(failures_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
