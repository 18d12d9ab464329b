/* SPDX-License-Identifier: MIT */
/* http_connection: one client connection: parses requests, hands them out one after the other,
 * keeps alive, enforces limits. */
#ifndef HUBPLANE_SERVICE_HTTP_CONNECTION_H
#define HUBPLANE_SERVICE_HTTP_CONNECTION_H

#include "common/base/log.h"
#include "common/base/sink.h"
#include "common/base/timer.h"
#include "service/http/http_exchange.h"

struct http_connection;

/* Statuses with which it refuses what it cannot read. */
enum { HTTP_REFUSALS = 9 };

struct http_limits {
    size_t line_max_bytes;       /* request line: 414 above; at least 16 KiB for SignalR */
    size_t headers_max_bytes;    /* all header lines together: 431 above */
    size_t body_max_bytes;       /* 413 above */
    uint32_t request_timeout_ms; /* first byte to end of body: 408; also the time to take the last
                                    answer of a connection */
    uint32_t idle_timeout_ms;    /* between requests: closed silently */
};

/* What all connections of a worker share. */
struct http_server {
    struct timers *timers;
    struct log *log; /* NULL = silent */
    struct http_limits limits;
    /* A request is complete. Must answer the exchange, now or later. */
    void (*on_request)(void *owner, struct http_exchange *exchange);
    /* The connection's end has been seen to; forget it. ${reason} as logged. Optional. */
    void (*on_closed)(void *owner, struct http_connection *connection, const char *reason);
    void *owner;
    struct log_limit refusal_limits[HTTP_REFUSALS]; /* for http_connection; zero-initialised */
};

/** ${server} outlives the connection. ${sink} and ${peer_address} belong to the caller and
 * outlive it until http_connection_closed(). OK or NO_MEMORY. */
MUST_CHECK enum status http_connection_new(struct http_server *server, struct sink *sink,
                                           const char *peer_address, bool is_tls,
                                           struct http_connection **out);
/** Bytes from the client (HTTP, and WebSocket after an upgrade). ${input} is consumed in the call,
 * and overwritten where it is WebSocket frames: they are unmasked in place, so it must view
 * writable memory, such as a stream's read buffer. */
void http_connection_receive(struct http_connection *connection, struct bytes input);
/** The client read again after the sink was full. */
void http_connection_drained(struct http_connection *connection);
/** The sink is closed (by whomever): tells the exchange or WebSocket, then frees the connection.
 * Never inside another call on it. */
void http_connection_closed(struct http_connection *connection, const char *reason);
/** Draining: idle connections close now, busy ones after their present answer. WebSockets are
 * closed by their owners. */
void http_connection_drain(struct http_connection *connection);

#endif
