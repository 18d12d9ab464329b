/* SPDX-License-Identifier: MIT */
/* acceptor: listens on every client address and spreads the sockets over the workers in turn. */
#ifndef HUBPLANE_SERVICE_ACCEPTOR_H
#define HUBPLANE_SERVICE_ACCEPTOR_H

#include "common/net/listener.h"

struct acceptor;

struct acceptor_options {
    struct loop *loop;
    const char *addresses; /* HOST:PORT, ... */
    const char *option;    /* "[service] listen": what to correct */
    size_t worker_count;
    /* Takes over ${socket} on the acceptor's loop; hands it to worker ${worker}. */
    void (*hand_over)(void *owner, size_t worker, stream_socket socket);
    void *owner;
};

/** All addresses are bound when it returns OK; otherwise ${problem} has a sentence that names the
 * address, and ${*out}, when not NULL, must still be closed and freed. */
MUST_CHECK enum status acceptor_new(const struct acceptor_options *options, struct buffer *problem,
                                    struct acceptor **out);
/** Accept what is waiting, then close; ${on_closed} fires later, once. */
void acceptor_close(struct acceptor *acceptor, void (*on_closed)(void *owner), void *owner);
void acceptor_free(struct acceptor *acceptor);
/** Port of the first address. */
uint16_t acceptor_port(const struct acceptor *acceptor);

#endif
