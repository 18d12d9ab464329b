/* SPDX-License-Identifier: MIT */
/*
 * http_exchange: one request and its answer. The handler gets it when the request is complete, and answers at once or
 * later: whole, streamed, or by becoming a WebSocket.
 */
#ifndef HUBPLANE_SERVICE_HTTP_EXCHANGE_H
#define HUBPLANE_SERVICE_HTTP_EXCHANGE_H

#include "common/base/payload.h"
#include "service/http/http_request.h"

struct http_exchange;
struct websocket;
struct websocket_handler;

/** Valid until the exchange is answered completely or has been reported closed. */
const struct http_request *http_exchange_request(const struct http_exchange *exchange);

struct http_response {
    uint16_t status;             /* 200 */
    const char *reason;          /* NULL = the standard phrase */
    const char *content_type;    /* NULL = none */
    const struct http_header *headers;
    size_t header_count;
    struct bytes body;
};

/** http_exchange_respond(exchange, response): Answer with everything at once; copies ${response}. The exchange is gone afterwards. */
void http_exchange_respond(struct http_exchange *exchange, const struct http_response *response);

/** http_exchange_on_closed(exchange, owner, fn): ${fn} fires exactly once, if the client goes away before the answer is complete
 *  (${reason} for the log); the exchange is gone afterwards. Needed by everyone who answers later. ${fn} NULL takes it back. */
typedef void (*http_exchange_closed_fn)(void *owner, const char *reason);
void http_exchange_on_closed(struct http_exchange *exchange, void *owner, http_exchange_closed_fn fn);

/** Start a streamed answer: status line and headers go out at once (body and its length unknown: chunked for HTTP/1.1, ended by close
 *  for 1.0). ${response}->body is ignored. */
void http_exchange_start(struct http_exchange *exchange, const struct http_response *response);

/*
 * A piece of a streamed body, encoded once and shared by many exchanges: chunk framing around the data. HTTP/1.1 exchanges write the
 * whole, HTTP/1.0 exchanges the data only.
 */
struct http_chunk {
    struct payload *payload;
    size_t data_offset;
    size_t data_length;
};

/** Build a chunk out of ${data}; payload has one reference, NULL when out of memory. */
struct http_chunk http_chunk_from(struct bytes data);
/** Write it (takes its own reference). Only between start and finish. */
void http_exchange_write(struct http_exchange *exchange, struct http_chunk chunk);
/** Complete the streamed answer; a kept-alive connection goes on with its next request. The exchange is gone afterwards. */
void http_exchange_finish(struct http_exchange *exchange);
/** Close the connection without completing the answer. The exchange is gone afterwards; on_closed does not fire. */
void http_exchange_abort(struct http_exchange *exchange, const char *reason);
/** Bytes the client has not taken yet. */
size_t http_exchange_queued_bytes(const struct http_exchange *exchange);

/** http_exchange_is_websocket(exchange): Whether the request is a well-formed WebSocket upgrade (RFC 6455 section 4.2.1, version 13). */
bool http_exchange_is_websocket(const struct http_exchange *exchange);
/** Answer 101 and become a WebSocket. The exchange is gone; its request views too. ${handler} is static. OK or NO_MEMORY (then the exchange
 *  was answered 503 and is gone). */
MUST_CHECK enum status http_exchange_upgrade(struct http_exchange *exchange, const struct websocket_handler *handler,
                                             void *owner, size_t message_max_bytes, struct websocket **out);

#endif
