/* SPDX-License-Identifier: MIT */
/* client_sockets: the HTTP client sockets of one loop: a stream below, an http_connection above. */
#ifndef HUBPLANE_SERVICE_CLIENT_SOCKETS_H
#define HUBPLANE_SERVICE_CLIENT_SOCKETS_H

#include "common/base/list.h"
#include "common/base/metrics.h"
#include "common/net/stream.h"
#include "service/http/http_connection.h"
#include "service/http/http_forwarded.h"
#include "service/identity/client_limits.h"

struct client_sockets {
    struct loop *loop;
    struct tls_context *tls; /* NULL = plain */
    struct http_server *server;
    /* Set after the init: where open sockets are counted, and how many an address may have that is
     * none of ${proxies}'. NULL = nowhere, and any number. */
    struct metrics *metrics;
    struct client_limits *limits;
    const struct http_proxies *proxies;
    struct log_limit refusal_limit;
    struct list list;
    size_t count;
    bool is_draining;
    /* Every time the last socket has closed while draining. */
    void (*on_empty)(void *owner);
    void *owner;
};

/** ${server}->timers and ->log must be set; all pointers are borrowed. */
void client_sockets_init(struct client_sockets *sockets, struct loop *loop, struct tls_context *tls,
                         struct http_server *server, void (*on_empty)(void *owner), void *owner);
/** Adopt an accepted socket, or close it when memory is out or its address has too many. */
void client_sockets_add(struct client_sockets *sockets, stream_socket socket);
/** Close idle ones now, busy ones after their present answer. */
void client_sockets_drain(struct client_sockets *sockets);
/** Close all of them. */
void client_sockets_close(struct client_sockets *sockets, const char *reason);

#endif
