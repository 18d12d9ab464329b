/* SPDX-License-Identifier: MIT */
/* listener: a bound, listening socket that hands out raw accepted sockets, for this loop or another
 * one. */
#ifndef HUBPLANE_NET_LISTENER_H
#define HUBPLANE_NET_LISTENER_H

#include "common/net/loop.h"
#include "common/net/stream.h"

struct listener;

struct listener_handler {
    /* Takes over ${socket}: open it with stream_open_accepted() on any loop, or listener_reject()
     * it. */
    void (*on_socket)(void *owner, stream_socket socket);
    void (*on_closed)(void *owner);
};

/** listener_open(loop, address, handler, owner, out): ${address} is HOST:PORT, [IPv6]:PORT, or
 * "unix:PATH" (not on Windows). Port 0 = chosen by the system. Returns OK, ADDRESS_IN_USE, DENIED,
 * UNREACHABLE - not an address of this machine, INVALID, IO, NO_MEMORY; after OK it is listening.
 */
MUST_CHECK enum status listener_open(struct loop *loop, const char *address,
                                     const struct listener_handler *handler, void *owner,
                                     struct listener **out);
/** Append one sentence on why ${address} cannot be listened on and what to do; ${option} is what
 * names it, such as "[service] listen". */
void listener_explain(enum status status, const char *address, const char *option,
                      struct buffer *problem);
/** Accept what is waiting, then close; on_closed fires later. */
void listener_close(struct listener *listener);
/** The bound port; 0 for a Unix socket. */
uint16_t listener_port(const struct listener *listener);
/** Close a socket nobody wants. Any thread. */
void listener_reject(stream_socket socket);

#endif
