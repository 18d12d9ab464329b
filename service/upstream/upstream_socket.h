/* SPDX-License-Identifier: MIT */
/* upstream_socket: one kept-alive HTTP connection to a web application: one request at a time, one
 * answer each. Without I/O: a dialer gives it a sink and feeds it. */
#ifndef HUBPLANE_SERVICE_UPSTREAM_SOCKET_H
#define HUBPLANE_SERVICE_UPSTREAM_SOCKET_H

#include "common/base/sink.h"
#include "service/upstream/upstream_call.h"
#include "service/upstream/upstream_settings.h"

struct upstream_dialer;

struct upstream_dialer_operations {
    /* Begin to connect; ${sink} may be written to at once, what is written waits. Then
     * upstream_socket_opened(), _receive() and, exactly once and last, _closed() are called, never
     * inside dial(). On failure nothing is called. */
    enum status (*dial)(struct upstream_dialer *dialer, const struct upstream_settings *settings,
                        struct upstream_socket *socket, struct sink **sink);
};

/* Embedded first in whatever implements it. */
struct upstream_dialer {
    const struct upstream_dialer_operations *operations;
};

struct upstream_socket {
    struct list_node node;     /* in one of the lists of its upstream */
    struct upstream *upstream; /* NULL: let go, frees itself when closed */
    struct sink *sink;
    struct http_response_parser *parser;
    struct upstream_call *call; /* NULL = idle */
    struct timer idle_timer;
    bool is_open; /* what was written has left, or may have */
};

/** Dial and send ${call}. OK, or why not: then there is no socket and the call is untouched. */
MUST_CHECK enum status upstream_socket_open(struct upstream *upstream,
                                            struct upstream_dialer *dialer,
                                            const struct upstream_settings *settings,
                                            struct upstream_call *call,
                                            struct upstream_socket **out);
/** Send ${call} on an idle socket. */
void upstream_socket_send(struct upstream_socket *socket, struct upstream_call *call);
/** Close it and forget its upstream; it frees itself later. The call under way is the caller's. */
void upstream_socket_let_go(struct upstream_socket *socket, const char *reason);

/* For the dialer. */
void upstream_socket_opened(struct upstream_socket *socket);
void upstream_socket_receive(struct upstream_socket *socket, struct bytes input);
void upstream_socket_closed(struct upstream_socket *socket, enum status status, const char *reason);

/* What it tells its upstream (upstream.c). */

/** The call under way is answered: OK, and the parser holds the answer; or it is not HTTP. The
 * upstream decides what becomes of the socket. */
void upstream_on_answer(struct upstream *upstream, struct upstream_socket *socket,
                        enum status status);
/** It is closed and will be freed. The call under way may have reached the application if
 * socket->is_open. */
void upstream_on_socket_lost(struct upstream *upstream, struct upstream_socket *socket,
                             enum status status, const char *reason);

#endif
