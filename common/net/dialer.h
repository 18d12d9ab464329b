/* SPDX-License-Identifier: MIT */
/* dialer: resolve a name, connect, do the TLS handshake, within one time-out. */
#ifndef HUBPLANE_NET_DIALER_H
#define HUBPLANE_NET_DIALER_H

#include "common/net/stream.h"

/** dialer_open(loop, address, timeout_ms, options, handler, owner, out): ${address} is HOST:PORT,
 * [IPv6]:PORT or "unix:PATH"; every address a name resolves to is tried in turn, each with its
 * share of the time that is left. The stream exists at once, may be written to and closed; on_open
 * fires when it is usable, or on_closed with UNREACHABLE, TIMED_OUT, TLS. INVALID for a malformed
 * address (then no callback fires). */
MUST_CHECK enum status dialer_open(struct loop *loop, const char *address, uint32_t timeout_ms,
                                   const struct stream_options *options,
                                   const struct stream_handler *handler, void *owner,
                                   struct stream **out);

#endif
