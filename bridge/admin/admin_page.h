/* SPDX-License-Identifier: MIT */
/* admin_page: what the bridge tells monitors and people: /metrics, /status, /live, /ready, and /
 * for reading. */
#ifndef HUBPLANE_BRIDGE_ADMIN_PAGE_H
#define HUBPLANE_BRIDGE_ADMIN_PAGE_H

#include "bridge/admin/admin_server.h"
#include "bridge/bridge_apps.h"
#include "bridge/node_link/bridge_peers.h"
#include "bridge/node_link/node_links.h"

/* What is reported on; all borrowed. */
struct admin_page {
    const struct bridge_options *options;
    struct metrics *metrics;
    const struct bridge_apps *apps;
    const struct node_links *links;
    const struct bridge_peers *peers;
    struct clock *clock;
    uint64_t started_ms; /* in clock->now_ms terms */
};

/** An admin_answer_fn; ${owner} is a struct admin_page. */
void admin_page_answer(void *owner, struct bytes path, struct admin_answer *answer);

#endif
