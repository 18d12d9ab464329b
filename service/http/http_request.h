/* SPDX-License-Identifier: MIT */
/* http_request: one parsed request: line, headers, body, and where it came from. */
#ifndef HUBPLANE_SERVICE_HTTP_REQUEST_H
#define HUBPLANE_SERVICE_HTTP_REQUEST_H

#include "common/base/bytes.h"

enum http_method {
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_OTHER,
};

struct http_header {
    struct bytes name;
    struct bytes value; /* without blanks around it; empty, never absent */
};

enum { HTTP_HEADERS_MAX = 100 };

/* All views live until the exchange's answer *starts*: http_exchange_respond(), _start(),
 * _upgrade() and _abort() release them, since a stream or a WebSocket that stays open for hours
 * keeps no request. Copy what is needed later. */
struct http_request {
    enum http_method method;
    struct bytes target;   /* as on the request line */
    struct bytes path;     /* before '?', as sent (not decoded); "/" when a full URL has none */
    struct bytes query;    /* after '?', without it; empty when absent */
    uint8_t version_minor; /* HTTP/1.0 or HTTP/1.1 */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    struct bytes body;        /* empty, never absent */
    const char *peer_address; /* of the socket: "192.0.2.1:5000" */
    bool is_tls;              /* of the socket; proxies are looked at by the caller */
};

/** The first header of that name (any case), or BYTES_NONE. */
struct bytes http_request_header(const struct http_request *request, struct bytes name);
/** Whether a comma-separated header contains ${token} (any case): Connection, Upgrade. Repeated
 * headers count as one list. */
bool http_request_header_has(const struct http_request *request, struct bytes name,
                             struct bytes token);
/** How many headers have that name (any case). */
size_t http_request_header_count(const struct http_request *request, struct bytes name);

#endif
