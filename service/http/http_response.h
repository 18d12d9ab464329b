/* SPDX-License-Identifier: MIT */
/* http_response: what to answer, and its bytes on the wire. */
#ifndef HUBPLANE_SERVICE_HTTP_RESPONSE_H
#define HUBPLANE_SERVICE_HTTP_RESPONSE_H

#include "common/base/payload.h"
#include "service/http/http_request.h"

/* Content-Length, Transfer-Encoding and Connection are set here, never by the caller. Control
 * characters in any text are left out, so that nobody can smuggle in a header line. */
struct http_response {
    uint16_t status;          /* 200 to 599 */
    const char *reason;       /* NULL = the standard phrase */
    const char *content_type; /* NULL = none */
    const struct http_header *headers;
    size_t header_count;
    struct bytes body;
};

enum http_framing {
    HTTP_FRAMING_LENGTH,  /* the whole body is known: Content-Length */
    HTTP_FRAMING_CHUNKED, /* streamed to HTTP/1.1 */
    HTTP_FRAMING_CLOSE,   /* streamed to HTTP/1.0: the body ends with the connection */
};

/* How an answer is sent, which depends on the request. */
struct http_response_form {
    enum http_framing framing;
    uint8_t version_minor; /* of the request */
    bool is_head;          /* the request was HEAD: everything but the body */
    bool keeps_alive;
};

/** Whether answers with that status have no body, nor any header about one: 204 and 304. */
bool http_response_is_bodiless(uint16_t status);
/** Status line, headers, and the body where its length is known, in one payload; one reference,
 * NULL when out of memory. */
struct payload *http_response_encode(const struct http_response *response,
                                     const struct http_response_form *form);

#endif
