/* SPDX-License-Identifier: MIT */
/*
 * metrics: a registry of named counters, gauges and histograms, written by any thread with relaxed
 * atomics and rendered as Prometheus text. Each program lists its metrics in one .def table, as:
 * METRIC(name, COUNTER|GAUGE|HISTOGRAM, "help").
 */
#ifndef HUBPLANE_BASE_METRICS_H
#define HUBPLANE_BASE_METRICS_H

#include <stdatomic.h>

#include "common/base/bytes.h"

/* A histogram is of durations, and has no labels; its name ends in _seconds. */
enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_BUCKETS = 13 };

/* How many durations were at most so long, and longer than those before; the last: all longer ones.
 */
struct metric_histogram {
    atomic_int_least64_t counts[METRIC_BUCKETS + 1];
};

struct metric {
    atomic_int_least64_t value;         /* of a histogram: the sum, in milliseconds */
    struct metric_histogram *histogram; /* NULL for the other kinds */
};

/* One row of a program's table: metric i of the table is values[i]. */
struct metric_row {
    /* Without the "hubplane_" prefix; may carry labels: closed_total{reason="done"} */
    const char *name;
    enum metric_kind kind;
    const char *help;
};

struct metrics {
    const struct metric_row *rows;
    struct metric *values;
    size_t count;
};

/** ${rows} is a static table. OK or NO_MEMORY. */
MUST_CHECK enum status metrics_init(struct metrics *metrics, const struct metric_row *rows,
                                    size_t count);
/** Frees the values; no other thread may use them any more. */
void metrics_deinit(struct metrics *metrics);
/* Any thread. */
void metrics_add(struct metrics *metrics, size_t index, int64_t delta);
void metrics_set(struct metrics *metrics, size_t index, int64_t value);
int64_t metrics_get(const struct metrics *metrics, size_t index);
/** Count one duration in a histogram. */
void metrics_observe_ms(struct metrics *metrics, size_t index, uint64_t duration_ms);
/** How many durations a histogram has counted. */
int64_t metrics_observed(const struct metrics *metrics, size_t index);
/** Append everything in Prometheus text format 0.0.4; rows of one name (other labels) share HELP
 * and TYPE. */
enum status metrics_render(const struct metrics *metrics, struct buffer *out);
/* A family whose labels are known only now: its HELP and TYPE, then a line for each label. */
void metrics_render_heading(struct buffer *out, const char *name, enum metric_kind kind,
                            const char *help);
void metrics_render_value(struct buffer *out, const char *name, const char *label,
                          struct bytes label_value, int64_t value);

#endif
