/* SPDX-License-Identifier: MIT */
/* node_report: how a node is, as its admin listener and "hubplane-service status" say it: a table,
 * and the same as JSON. */
#ifndef HUBPLANE_SERVICE_NODE_REPORT_H
#define HUBPLANE_SERVICE_NODE_REPORT_H

#include <stdatomic.h>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "service/backplane/backplane.h"
#include "service/node/service_options.h"

/* What it reports on; all borrowed. Link loop only. */
struct node_report {
    const char *name;
    const struct service_options *options;
    const struct metrics *metrics;
    const struct backplane *backplane;
    const atomic_bool *is_paused;
    const struct clock *clock;
    uint64_t started_ms;
};

/** Append the table; ${owner} is a node_report. */
void node_report_write_table(const void *owner, struct buffer *out);
/** Append an object and a line end: name, version, uptime_ms, listen, bridge (null without one),
 * ready, paused, connections, sockets, certificate_expires (Unix time, 0 = unknown), published,
 * received, sent, lost (since the start), apps: [name, key, state, position, waiting_messages,
 * waiting_bytes]. */
void node_report_write_json(const void *owner, struct buffer *out);

#endif
