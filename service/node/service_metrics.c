/* SPDX-License-Identifier: MIT */
#include "service/node/service_metrics.h"

const struct metric_row service_metric_rows[SERVICE_METRIC_COUNT] = {
#define SERVICE_METRIC(identifier, name, kind, help) {name, METRIC_##kind, help},
#include "service/node/service_metrics.def"
#undef SERVICE_METRIC
};
