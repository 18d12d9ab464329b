/* SPDX-License-Identifier: MIT */
/* http_response_parser: reads the answers to our own requests out of bytes in any chunking; llhttp
 * does the grammar, this the limits and the storage. */
#ifndef HUBPLANE_SERVICE_HTTP_RESPONSE_PARSER_H
#define HUBPLANE_SERVICE_HTTP_RESPONSE_PARSER_H

#include "common/base/bytes.h"

struct http_response_parser;

/* One complete answer. Views live until http_response_parser_next(). */
struct http_answer {
    uint16_t status;
    struct bytes content_type;  /* without parameters; empty when absent */
    struct bytes body;          /* empty, never absent */
    bool keeps_alive;           /* the connection may carry another request */
    uint32_t keep_alive_max_ms; /* idle time the server announced (Keep-Alive: timeout=5); 0 = none
                                 */
};

/** http_response_parser_new(body_max_bytes): For one answer after the other. NULL when out of
 * memory. */
struct http_response_parser *http_response_parser_new(size_t body_max_bytes);
/** NULL does nothing. */
void http_response_parser_free(struct http_response_parser *parser);
/** Another request has been sent: forget the answer to the one before, if it was complete. */
void http_response_parser_next(struct http_response_parser *parser);
/**
 * http_response_parser_feed(parser, input):
 * Consume ${input} until one answer is complete or the input runs out.
 *   Shape:    RFC 9112; HTTP/1.0 and 1.1; body by Content-Length, chunked, or up to the end of the
 *             connection. Interim answers (1xx) are skipped; 101 is refused, nobody asked for it.
 *   Owns:     ${input} is borrowed and advanced; everything is copied.
 *   Returns:  OK - complete, ${input} is what follows;  NEED_MORE - all input consumed;
 *             PROTOCOL - not HTTP;  LIMIT - head or body too large;  NO_MEMORY. After a failure the
 *             parser is dead; after OK it wants http_response_parser_next() first.
 *   Source:   fuzzed by tests/fuzz/fuzz_http_response.c.
 */
MUST_CHECK enum status http_response_parser_feed(struct http_response_parser *parser,
                                                 struct bytes *input);
/** The connection has ended. OK - that completed the answer;  PROTOCOL - it did not. */
MUST_CHECK enum status http_response_parser_end(struct http_response_parser *parser);
/** After OK. */
struct http_answer http_response_parser_answer(const struct http_response_parser *parser);
/** After OK: move the body into ${out}, which is empty; the answer's view of it is void then. */
void http_response_parser_take_body(struct http_response_parser *parser, struct buffer *out);

#endif
