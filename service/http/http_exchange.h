/* SPDX-License-Identifier: MIT */
/*
 * http_exchange: one request and its answer. The handler gets it when the request is complete, and
 * answers at once or later: whole, streamed, or by becoming a WebSocket. Until then further
 * requests of the client wait.
 */
#ifndef HUBPLANE_SERVICE_HTTP_EXCHANGE_H
#define HUBPLANE_SERVICE_HTTP_EXCHANGE_H

#include "service/http/http_chunk.h"
#include "service/http/http_request.h"
#include "service/http/http_response.h"

struct http_exchange;
struct websocket;
struct websocket_handler;

/** Valid until the answer starts (respond, start, upgrade, abort) or the exchange has been reported
 * closed; so must not be asked for after http_exchange_start(). */
const struct http_request *http_exchange_request(const struct http_exchange *exchange);

/** http_exchange_respond(exchange, response): Answer with everything at once; copies ${response},
 * which may view the request. The exchange is gone afterwards. */
void http_exchange_respond(struct http_exchange *exchange, const struct http_response *response);

/** http_exchange_on_closed(exchange, owner, fn): ${fn} fires exactly once, if the client goes away
 * before the answer is complete
 *  (${reason} for the log); the exchange is gone afterwards. Needed by everyone who answers later.
 * ${fn} NULL takes it back. */
typedef void (*http_exchange_closed_fn)(void *owner, const char *reason);
void http_exchange_on_closed(struct http_exchange *exchange, void *owner,
                             http_exchange_closed_fn fn);

/** http_exchange_on_drained(exchange, fn): ${fn} fires, with the owner given to
 * http_exchange_on_closed(), whenever the client has taken what it was too slow to take before.
 * NULL takes it back. */
typedef void (*http_exchange_drained_fn)(void *owner);
void http_exchange_on_drained(struct http_exchange *exchange, http_exchange_drained_fn fn);

/** Start a streamed answer: status line and headers go out at once (body and its length unknown:
 * chunked for HTTP/1.1, ended by close for 1.0). ${response}->body is ignored. The request and its
 * views are gone afterwards, the exchange is not. */
void http_exchange_start(struct http_exchange *exchange, const struct http_response *response);
/** Write it (takes its own reference). Only between start and finish. Nothing is sent to a HEAD
 * request. */
void http_exchange_write(struct http_exchange *exchange, struct http_chunk chunk);
/** Complete the streamed answer; a kept-alive connection goes on with its next request. The
 * exchange is gone afterwards. */
void http_exchange_finish(struct http_exchange *exchange);
/** Close the connection without completing the answer. The exchange is gone afterwards; on_closed
 * does not fire. ${reason} is a short static word for the log. */
void http_exchange_abort(struct http_exchange *exchange, const char *reason);
/** Bytes the client has not taken yet. */
size_t http_exchange_queued_bytes(const struct http_exchange *exchange);

/** http_exchange_is_websocket(exchange): Whether the request is a well-formed WebSocket upgrade
 * (RFC 6455 section 4.2.1, version 13). */
bool http_exchange_is_websocket(const struct http_exchange *exchange);
/** If the request is a WebSocket upgrade of another version than 13: answer 426 naming 13, and
 * return true (the exchange is gone). */
bool http_exchange_refuse_websocket_version(struct http_exchange *exchange);
/** Answer 101 and become a WebSocket; only where http_exchange_is_websocket(). The exchange is
 * gone; its request views too. ${handler} is static. Nothing is received on ${out} inside this
 * call. OK or NO_MEMORY (then the exchange was answered 503 and is gone). */
MUST_CHECK enum status http_exchange_upgrade(struct http_exchange *exchange,
                                             const struct websocket_handler *handler, void *owner,
                                             size_t message_max_bytes, struct websocket **out);

#endif
