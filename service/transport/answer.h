/* SPDX-License-Identifier: MIT */
/* answer: whole responses to SignalR requests, with the headers every one of them carries. */
#ifndef HUBPLANE_SERVICE_ANSWER_H
#define HUBPLANE_SERVICE_ANSWER_H

#include "service/http/http_exchange.h"
#include "service/signalr/app.h"

enum { ANSWER_HEADERS_MAX = 12 };

/* Headers for one response. Views point into the request or are static. */
struct answer_headers {
    struct http_header items[ANSWER_HEADERS_MAX];
    size_t count;
};

/** nosniff, no caching, and CORS for origins on the list. */
void answer_headers_init(struct answer_headers *headers, const struct app *app,
                         const struct http_exchange *exchange);
void answer_headers_add(struct answer_headers *headers, struct bytes name, struct bytes value);

/* Each answers the exchange, which is gone afterwards. */

/** Plain text; ${reason} NULL = the standard phrase. */
void answer_text(const struct app *app, struct http_exchange *exchange, uint16_t status,
                 const char *reason, struct bytes text);
/** JSON, or a call of ${callback} with it when that is not empty. */
void answer_json(const struct app *app, struct http_exchange *exchange, struct bytes callback,
                 struct bytes json);
/** 200 without body and type. */
void answer_empty(const struct app *app, struct http_exchange *exchange);
/** A body of any type. */
void answer_body(const struct app *app, struct http_exchange *exchange, const char *content_type,
                 struct bytes body);
/** 503: for want of memory. */
void answer_out_of_memory(const struct app *app, struct http_exchange *exchange);
/** 503 with Retry-After. */
void answer_unavailable(const struct app *app, struct http_exchange *exchange, struct bytes text);
/** 429 with Retry-After, rounded up to seconds. */
void answer_too_many(const struct app *app, struct http_exchange *exchange, uint64_t wait_ms);
/** 401: a token is needed, or with ${sentence} why the one that came is not believed (RFC 6750). */
void answer_unauthorized(const struct app *app, struct http_exchange *exchange,
                         struct bytes sentence);
/** The answer to OPTIONS: a CORS preflight, or what is allowed here. */
void answer_options(const struct app *app, struct http_exchange *exchange);

#endif
