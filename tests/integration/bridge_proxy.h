/* SPDX-License-Identifier: MIT */
/* bridge_proxy: a wire between a bridge and Redis that a test can freeze, or make lose an answer.
 * Runs on the rig's loop. */
#ifndef HUBPLANE_TESTS_INTEGRATION_BRIDGE_PROXY_H
#define HUBPLANE_TESTS_INTEGRATION_BRIDGE_PROXY_H

#include "common/base/list.h"
#include "common/net/listener.h"

struct bridge_proxy {
    struct loop *loop;
    struct listener *listener;
    char target[64];
    struct list wires;
    bool is_frozen; /* setting: nothing passes, nobody is told */
    /* setting: the next request that contains this is delivered, its answer is not: the wire breaks
     */
    const char *swallows;
    size_t swallowed_count;
};

void bridge_proxy_open(struct bridge_proxy *proxy, struct loop *loop, uint16_t target_port);
/** Break every wire there is: the bridge notices at once. */
void bridge_proxy_cut(struct bridge_proxy *proxy);
/** Closes every wire; run the loop afterwards. */
void bridge_proxy_close(struct bridge_proxy *proxy);
uint16_t bridge_proxy_port(const struct bridge_proxy *proxy);

#endif
