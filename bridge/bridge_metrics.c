/* SPDX-License-Identifier: MIT */
#include "bridge/bridge_metrics.h"

static const struct metric_row rows[] = {
#define BRIDGE_METRIC(id, kind, name, help) {name, METRIC_##kind, help},
#include "bridge/bridge_metrics.def"
#undef BRIDGE_METRIC
};

enum status
bridge_metrics_init(struct metrics *metrics)
{
    return metrics_init(metrics, rows, BRIDGE_METRIC_COUNT);
}
