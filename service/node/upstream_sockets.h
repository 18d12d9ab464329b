/* SPDX-License-Identifier: MIT */
/* upstream_sockets: dials web applications for an upstream, over the loop's own streams. */
#ifndef HUBPLANE_SERVICE_UPSTREAM_SOCKETS_H
#define HUBPLANE_SERVICE_UPSTREAM_SOCKETS_H

#include "common/net/loop.h"
#include "common/net/tls.h"
#include "service/upstream/upstream_settings.h"

struct upstream_dialer;
struct upstream_sockets;

/** upstream_sockets_new(loop, settings, count, problem, out): Reads the authorities of https
 * applications. OK; NO_MEMORY; otherwise ${problem} is a sentence. */
MUST_CHECK enum status upstream_sockets_new(struct loop *loop,
                                            const struct upstream_settings *const *settings,
                                            size_t count, struct buffer *problem,
                                            struct upstream_sockets **out);
/** What was dialed may still be open. NULL does nothing. */
void upstream_sockets_free(struct upstream_sockets *sockets);
struct upstream_dialer *upstream_sockets_dialer(struct upstream_sockets *sockets);

#endif
