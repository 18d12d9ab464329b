/* SPDX-License-Identifier: MIT */
/* bridge: one running bridge on a loop: the door for nodes, the apps, the backplane. Several may
 * live in one process. */
#ifndef HUBPLANE_BRIDGE_H
#define HUBPLANE_BRIDGE_H

#include "bridge/bridge_options.h"
#include "common/base/metrics.h"
#include "common/net/loop.h"

struct bridge;

/**
 * bridge_open(loop, options, on_closed, owner, problem, out):
 * Listen for nodes and begin to connect to Redis.
 *   Owns:     ${options} (resolved) must outlive it.
 *   Returns:  OK - ${on_closed} fires once, later, after bridge_drain() or bridge_close();
 *             anything else - nothing was left open that the loop does not close, and ${problem}
 * has one sentence: INVALID, NOT_FOUND, EXPIRED for what the configuration names, ADDRESS_IN_USE,
 * DENIED, IO, NO_MEMORY.
 */
MUST_CHECK enum status bridge_open(struct loop *loop, const struct bridge_options *options,
                                   void (*on_closed)(void *owner), void *owner,
                                   struct buffer *problem, struct bridge **out);
/** Ask the nodes to leave, wait for them at most ${timeout_ms}, then close. Idempotent. */
void bridge_drain(struct bridge *bridge, uint64_t timeout_ms);
/** Close every link now. The bridge is freed when on_closed has fired. Idempotent. */
void bridge_close(struct bridge *bridge);
/** Read the credentials at the path ${credentials}, for links to come. As bridge_open(); on failure
 * the old ones stay. */
MUST_CHECK enum status bridge_reload(struct bridge *bridge, const char *credentials,
                                     struct buffer *problem);
/** The port nodes connect to. */
uint16_t bridge_port(const struct bridge *bridge);
const struct metrics *bridge_metrics(const struct bridge *bridge);

/** Whether everything the configuration names can be used: credentials, authorities, password. As
 * bridge_open(). */
MUST_CHECK enum status bridge_check(const struct bridge_options *options, struct buffer *problem);
/** The TLS that [redis] asks for; NULL in ${out} when it asks for none. As bridge_open(). Free with
 * tls_context_free(). */
struct tls_context;
MUST_CHECK enum status bridge_redis_tls(const struct bridge_options *options,
                                        struct buffer *problem, struct tls_context **out);

#endif
