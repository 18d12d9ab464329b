/* SPDX-License-Identifier: MIT */
/* bridge_metrics: the numbers the bridge exports, one row each in bridge_metrics.def. */
#ifndef HUBPLANE_BRIDGE_METRICS_H
#define HUBPLANE_BRIDGE_METRICS_H

#include "common/base/metrics.h"

enum bridge_metric {
#define BRIDGE_METRIC(id, kind, name, help) BRIDGE_METRIC_##id,
#include "bridge/bridge_metrics.def"
#undef BRIDGE_METRIC
    BRIDGE_METRIC_COUNT
};

/** A registry of these rows, all zero. OK or NO_MEMORY; ends with metrics_deinit(). */
MUST_CHECK enum status bridge_metrics_init(struct metrics *metrics);

#endif
