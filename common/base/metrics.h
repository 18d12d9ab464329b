/* SPDX-License-Identifier: MIT */
/*
 * metrics: a registry of named counters and gauges, written by any thread with one relaxed atomic
 * and rendered as Prometheus text. Each program lists its metrics in one .def table, as:
 * METRIC(name, COUNTER|GAUGE, "help").
 */
#ifndef HUBPLANE_BASE_METRICS_H
#define HUBPLANE_BASE_METRICS_H

#include <stdatomic.h>

#include "common/base/bytes.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
    atomic_int_least64_t value;
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
/** Append everything in Prometheus text format 0.0.4; rows of one name (other labels) share HELP
 * and TYPE. */
enum status metrics_render(const struct metrics *metrics, struct buffer *out);

#endif
