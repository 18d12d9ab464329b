/* SPDX-License-Identifier: MIT */
/* service_metrics: the metrics of the node's own parts; those of the SignalR core follow behind
 * them in the same registry. */
#ifndef HUBPLANE_SERVICE_SERVICE_METRICS_H
#define HUBPLANE_SERVICE_SERVICE_METRICS_H

#include "common/base/metrics.h"

enum service_metric {
#define SERVICE_METRIC(identifier, name, kind, help) SERVICE_METRIC_##identifier,
#include "service/node/service_metrics.def"
#undef SERVICE_METRIC
    SERVICE_METRIC_COUNT,
};

extern const struct metric_row service_metric_rows[];

#endif
