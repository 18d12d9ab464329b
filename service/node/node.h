/* SPDX-License-Identifier: MIT */
/* node: one running service: workers, acceptor, backplane and its link, wired together. Several may
 * run in one process. */
#ifndef HUBPLANE_SERVICE_NODE_H
#define HUBPLANE_SERVICE_NODE_H

#include "service/node/service_options.h"
#include "service/platform/service_host.h"

struct node;

enum node_exit { NODE_EXIT_OK = 0, NODE_EXIT_FAILED = 1, NODE_EXIT_CONFIGURATION = 2 };

/* How the configuration is read again while the node runs. */
struct node_reload {
    /* OK; otherwise it was logged what is wrong. ${out} is the node's to deinit in any case. */
    enum status (*read)(void *owner, struct service_options *out);
    void *owner;
};

/** node_run(options, log, host, reload): Start, serve until told to stop, drain, end. Returns a
 * node_exit; everything that went wrong has been logged in one sentence that says what to do.
 * ${reload} NULL: nothing can be reloaded. */
int node_run(const struct service_options *options, struct log *log, struct service_host *host,
             const struct node_reload *reload);

#endif
