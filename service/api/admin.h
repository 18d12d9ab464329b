/* SPDX-License-Identifier: MIT */
/* admin: what operators and monitors ask a node: /, /metrics, /status, /live, /ready. Bytes in,
 * bytes out. */
#ifndef HUBPLANE_SERVICE_ADMIN_H
#define HUBPLANE_SERVICE_ADMIN_H

#include "common/base/metrics.h"
#include "service/backplane/backplane.h"
#include "service/http/http_exchange.h"

/* What it reports on; all borrowed. */
struct admin {
    const struct metrics *metrics;
    const struct backplane *backplane;
    /* Append how the node is: a table for people, or JSON. */
    void (*write_table)(const void *owner, struct buffer *out);
    void (*write_json)(const void *owner, struct buffer *out);
    const void *owner;
};

/** Answer one request: 200, 503 (not ready), 404, 405. Link loop only. */
void admin_handle(const struct admin *admin, struct http_exchange *exchange);

#endif
