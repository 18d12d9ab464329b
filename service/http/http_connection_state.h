/* SPDX-License-Identifier: MIT */
/* http_connection_state: what http_connection.c and http_exchange.c share about one connection.
 * Private to this folder. */
#ifndef HUBPLANE_SERVICE_HTTP_CONNECTION_STATE_H
#define HUBPLANE_SERVICE_HTTP_CONNECTION_STATE_H

#include "service/http/http_connection.h"
#include "service/http/http_request_parser.h"
#include "service/websocket/websocket.h"

/*
 *            bytes               complete            respond, finish
 *   IDLE ------------> RECEIVING ---------> PENDING -----------------> IDLE
 *                                             |  start                  ^
 *                                             +-------> STREAMING ------+
 *                                             |  upgrade
 *                                             +-------> WEBSOCKET
 *   and from any of them but WEBSOCKET to FINISHING.
 */
enum http_connection_state {
    HTTP_CONNECTION_IDLE,      /* between requests; holds no storage; idle timer */
    HTTP_CONNECTION_RECEIVING, /* a request is arriving; request timer */
    HTTP_CONNECTION_PENDING,   /* the request is with its handler; later bytes go to the backlog */
    HTTP_CONNECTION_STREAMING, /* the answer has started; the request is released */
    HTTP_CONNECTION_WEBSOCKET, /* bytes go to the WebSocket, which ends the sink itself */
    HTTP_CONNECTION_FINISHING, /* the last answer is out: input is ignored until the sink is closed
                                */
};

struct http_exchange {
    void *owner;
    http_exchange_closed_fn on_closed;
    http_exchange_drained_fn on_drained;
};

struct http_connection {
    struct http_server *server;
    struct sink *sink;
    struct http_request_parser *parser; /* RECEIVING and PENDING, else NULL */
    struct websocket *websocket;        /* WEBSOCKET, else NULL */
    struct http_exchange exchange;      /* PENDING and STREAMING */
    struct timer timer;                 /* what for depends on the state */
    struct buffer backlog; /* bytes that came while an exchange was open; without memory else */
    const char *peer_address;
    uint32_t backlog_offset; /* of it has been read already */
    uint8_t state;           /* enum http_connection_state */
    uint8_t framing;         /* STREAMING: enum http_framing */
    uint8_t version_minor;   /* of the present request */
    bool is_head;            /* the present request is HEAD */
    bool is_bodiless;        /* STREAMING: nothing is written after the headers */
    bool keeps_alive;        /* the client wants to, and we are not draining */
    bool is_tls;
    bool is_reading; /* inside the reading loop, which goes on by itself after an answer */
    bool is_paused;  /* the sink reads nothing: the backlog is long enough */
    bool is_stuck;   /* IDLE, but the next request waits until the client has taken answers */
};

struct http_connection *http_connection_of(struct http_exchange *exchange);
const struct http_connection *http_connection_of_const(const struct http_exchange *exchange);
/** The only way to change the state: stops the old state's timer and starts the new one's. */
void http_connection_set_state(struct http_connection *connection,
                               enum http_connection_state state);
/** Write ${payload} and release the caller's reference; NULL (out of memory) closes the sink, which
 * is reported later as ever. */
void http_connection_write(struct http_connection *connection, struct payload *payload);
/** The exchange is over and its owner hears no more of it: forget both. */
void http_connection_forget_exchange(struct http_connection *connection);
/** The request has been read by its handler: free its storage. */
void http_connection_release_request(struct http_connection *connection);
/** The answer is complete: go on with the next request, or finish. */
void http_connection_answered(struct http_connection *connection);
/** No more answers: flush and close. */
void http_connection_finish(struct http_connection *connection, const char *reason);
/** Close at once. */
void http_connection_abort(struct http_connection *connection, const char *reason);
/** After an upgrade: bytes that came behind the request are given to the WebSocket once its owner
 * has it. */
void http_connection_become_websocket(struct http_connection *connection,
                                      struct websocket *websocket);

#endif
