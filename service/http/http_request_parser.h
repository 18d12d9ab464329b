/* SPDX-License-Identifier: MIT */
/* http_request_parser: reads one request out of bytes in any chunking; llhttp does the grammar,
 * this the limits and the storage. */
#ifndef HUBPLANE_SERVICE_HTTP_REQUEST_PARSER_H
#define HUBPLANE_SERVICE_HTTP_REQUEST_PARSER_H

#include "service/http/http_connection.h"
#include "service/http/http_request.h"

struct http_request_parser;

/** http_request_parser_new(limits): For one request. ${limits} outlives it. NULL when out of
 * memory. */
struct http_request_parser *http_request_parser_new(const struct http_limits *limits);
/** Frees the request too. NULL does nothing. */
void http_request_parser_free(struct http_request_parser *parser);
/**
 * http_request_parser_feed(parser, input):
 * Consume ${input} until the request is complete or the input runs out.
 *   Shape:    RFC 9112; HTTP/1.0 and 1.1; body by Content-Length or chunked. Stricter than it
 *             must be: lines end in CR LF only, no folding, one Host header.
 *   Owns:     ${input} is borrowed and advanced; everything is copied.
 *   Returns:  OK - the request is complete, ${input} is what follows it;
 *             NEED_MORE - all input consumed;
 *             PROTOCOL - dead; http_request_parser_failure() says with which status to answer.
 *   Source:   fuzzed by tests/fuzz/fuzz_http_connection.c.
 */
MUST_CHECK enum status http_request_parser_feed(struct http_request_parser *parser,
                                                struct bytes *input);
/** After OK. peer_address and is_tls are the caller's to fill. Lives as long as the parser. */
struct http_request *http_request_parser_request(struct http_request_parser *parser);
/** After OK: whether the client wants to go on with this connection. */
bool http_request_parser_keeps_alive(const struct http_request_parser *parser);
/** After PROTOCOL: 400, 413, 414, 417, 431, 501, 503 (out of memory) or 505. */
uint16_t http_request_parser_failure(const struct http_request_parser *parser);
/** After NEED_MORE: whether the client waits for "100 Continue"; true once. */
bool http_request_parser_take_continue(struct http_request_parser *parser);

#endif
