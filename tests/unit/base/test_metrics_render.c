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

/* Buckets are cumulative, and everything is in seconds. */
static void
durations_are_put_into_buckets(void **state)
{
    static const struct metric_row row = {"wait_seconds", METRIC_HISTOGRAM, "Waits"};
    static const uint64_t durations_ms[] = {0, 1, 2, 30, 30000, 30001};
    struct metrics metrics;
    struct buffer out;

    (void)state;
    assert_status(metrics_init(&metrics, &row, 1), STATUS_OK);
    for (size_t i = 0; i < sizeof(durations_ms) / sizeof(durations_ms[0]); i++) {
        metrics_observe_ms(&metrics, 0, durations_ms[i]);
    }
    assert_int_equal(metrics_observed(&metrics, 0), 6);
    buffer_init(&out, 10000);
    assert_status(metrics_render(&metrics, &out), STATUS_OK);
    assert_text(buffer_bytes(&out), "# HELP hubplane_wait_seconds Waits\n"
                                    "# TYPE hubplane_wait_seconds histogram\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.001\"} 2\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.005\"} 3\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.010\"} 3\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.025\"} 3\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.050\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.100\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.250\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"0.500\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"1.000\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"2.500\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"5.000\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"10.000\"} 4\n"
                                    "hubplane_wait_seconds_bucket{le=\"30.000\"} 5\n"
                                    "hubplane_wait_seconds_bucket{le=\"+Inf\"} 6\n"
                                    "hubplane_wait_seconds_sum 60.034\n"
                                    "hubplane_wait_seconds_count 6\n");
    buffer_deinit(&out);
    metrics_deinit(&metrics);
}

static void
labels_may_come_late(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    metrics_render_heading(&out, "last_id", METRIC_GAUGE, "Ids");
    metrics_render_value(&out, "last_id", "app", BYTES("a\"b\\c\nd"), 7);
    assert_text(buffer_bytes(&out), "# HELP hubplane_last_id Ids\n"
                                    "# TYPE hubplane_last_id gauge\n"
                                    "hubplane_last_id{app=\"a\\\"b\\\\c?d\"} 7\n");
    buffer_deinit(&out);
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
    static const struct metric_row histogram = {"wait_seconds", METRIC_HISTOGRAM, "Waits"};
    fail_alloc_at(1);
    assert_status(metrics_init(&metrics, &histogram, 1), STATUS_NO_MEMORY);
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
        cmocka_unit_test(durations_are_put_into_buckets),
        cmocka_unit_test(labels_may_come_late),
        cmocka_unit_test(failures_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
