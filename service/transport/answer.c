/* SPDX-License-Identifier: MIT */
#include "service/transport/answer.h"

#include <assert.h>
#include <stdio.h>

#include "service/signalr/jsonp.h"

enum { JSONP_BYTES_MAX = 64 * 1024 * 1024 };

void
answer_headers_add(struct answer_headers *headers, struct bytes name, struct bytes value)
{
    assert(headers->count < ANSWER_HEADERS_MAX);
    headers->items[headers->count] = (struct http_header){name, value};
    headers->count++;
}

static bool
has_allowed_origin(const struct app *app, const struct http_request *request)
{
    struct bytes origin = http_request_header(request, BYTES("Origin"));

    return origin.data != NULL && app_allows_origin(app, origin);
}

void
answer_headers_init(struct answer_headers *headers, const struct app *app,
                    const struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);

    headers->count = 0;
    answer_headers_add(headers, BYTES("X-Content-Type-Options"), BYTES("nosniff"));
    answer_headers_add(headers, BYTES("Cache-Control"), BYTES("no-cache"));
    answer_headers_add(headers, BYTES("Pragma"), BYTES("no-cache"));
    answer_headers_add(headers, BYTES("Expires"), BYTES("-1"));
    if (app->origin_count == 0) {
        return;
    }
    answer_headers_add(headers, BYTES("Vary"), BYTES("Origin"));
    if (has_allowed_origin(app, request)) {
        /* Clients send credentials, with which "*" is not allowed: echo. */
        answer_headers_add(headers, BYTES("Access-Control-Allow-Origin"),
                           http_request_header(request, BYTES("Origin")));
        answer_headers_add(headers, BYTES("Access-Control-Allow-Credentials"), BYTES("true"));
    }
}

/* ${response} is completed by the headers that all have. */
static void
respond(const struct app *app, struct http_exchange *exchange, struct http_response response)
{
    struct answer_headers headers;

    answer_headers_init(&headers, app, exchange);
    response.headers = headers.items;
    response.header_count = headers.count;
    http_exchange_respond(exchange, &response);
}

void
answer_text(const struct app *app, struct http_exchange *exchange, uint16_t status,
            const char *reason, struct bytes text)
{
    struct http_response response = {.status = status,
                                     .reason = reason,
                                     .content_type = "text/plain",
                                     .body = text};

    respond(app, exchange, response);
}

void
answer_out_of_memory(const struct app *app, struct http_exchange *exchange)
{
    answer_text(app, exchange, 503, NULL, BYTES("Out of memory."));
}

void
answer_body(const struct app *app, struct http_exchange *exchange, const char *content_type,
            struct bytes body)
{
    struct http_response response = {.status = 200, .content_type = content_type, .body = body};

    respond(app, exchange, response);
}

void
answer_json(const struct app *app, struct http_exchange *exchange, struct bytes callback,
            struct bytes json)
{
    struct buffer call;

    if (callback.length == 0) {
        answer_body(app, exchange, "application/json; charset=UTF-8", json);
        return;
    }
    buffer_init(&call, JSONP_BYTES_MAX);
    if (jsonp_append(&call, callback, json) == STATUS_OK) {
        answer_body(app, exchange, "application/javascript; charset=UTF-8", buffer_bytes(&call));
    } else {
        http_exchange_abort(exchange, "no-memory");
    }
    buffer_deinit(&call);
}

void
answer_empty(const struct app *app, struct http_exchange *exchange)
{
    struct http_response response = {.status = 200, .body = BYTES("")};

    respond(app, exchange, response);
}

void
answer_unavailable(const struct app *app, struct http_exchange *exchange, struct bytes text)
{
    struct answer_headers headers;

    answer_headers_init(&headers, app, exchange);
    answer_headers_add(&headers, BYTES("Retry-After"), BYTES("5"));
    struct http_response response = {.status = 503,
                                     .content_type = "text/plain",
                                     .headers = headers.items,
                                     .header_count = headers.count,
                                     .body = text};
    http_exchange_respond(exchange, &response);
}

void
answer_too_many(const struct app *app, struct http_exchange *exchange, uint64_t wait_ms)
{
    struct answer_headers headers;
    char seconds[24];

    snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)((wait_ms + 999) / 1000));
    answer_headers_init(&headers, app, exchange);
    answer_headers_add(&headers, BYTES("Retry-After"), bytes_from_string(seconds));
    struct http_response response = {.status = 429,
                                     .content_type = "text/plain",
                                     .headers = headers.items,
                                     .header_count = headers.count,
                                     .body = BYTES("Too many requests from this address.")};
    http_exchange_respond(exchange, &response);
}

void
answer_unauthorized(const struct app *app, struct http_exchange *exchange, struct bytes sentence)
{
    struct answer_headers headers;
    char challenge[160] = "Bearer";

    if (sentence.length > 0) {
        snprintf(challenge, sizeof(challenge),
                 "Bearer error=\"invalid_token\", error_description=\"%.*s\"",
                 BYTES_PRINTF(sentence));
    }
    answer_headers_init(&headers, app, exchange);
    answer_headers_add(&headers, BYTES("WWW-Authenticate"), bytes_from_string(challenge));
    struct http_response response = {.status = 401,
                                     .headers = headers.items,
                                     .header_count = headers.count,
                                     .body = BYTES("")};
    http_exchange_respond(exchange, &response);
}

void
answer_options(const struct app *app, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct bytes wanted = http_request_header(request, BYTES("Access-Control-Request-Headers"));
    struct answer_headers headers;

    answer_headers_init(&headers, app, exchange);
    answer_headers_add(&headers, BYTES("Allow"), BYTES("GET, POST, OPTIONS"));
    if (has_allowed_origin(app, request)) {
        answer_headers_add(&headers, BYTES("Access-Control-Allow-Methods"),
                           BYTES("GET, POST, OPTIONS"));
        answer_headers_add(&headers, BYTES("Access-Control-Allow-Headers"),
                           wanted.length > 0 ? wanted : BYTES("content-type, authorization"));
        answer_headers_add(&headers, BYTES("Access-Control-Max-Age"), BYTES("600"));
    }
    struct http_response response = {.status = 204,
                                     .headers = headers.items,
                                     .header_count = headers.count,
                                     .body = BYTES("")};
    http_exchange_respond(exchange, &response);
}
