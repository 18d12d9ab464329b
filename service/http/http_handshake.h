/* SPDX-License-Identifier: MIT */
/* http_handshake: the opening handshake of a WebSocket (RFC 6455 section 4.2). */
#ifndef HUBPLANE_SERVICE_HTTP_HANDSHAKE_H
#define HUBPLANE_SERVICE_HTTP_HANDSHAKE_H

#include "common/base/payload.h"
#include "service/http/http_request.h"

enum http_handshake {
    HTTP_HANDSHAKE_NONE,          /* no well-formed upgrade to a WebSocket */
    HTTP_HANDSHAKE_OTHER_VERSION, /* one, but not of version 13: to be answered with 426 */
    HTTP_HANDSHAKE_VALID,
};

enum http_handshake http_handshake_of(const struct http_request *request);
/** The 101 answer to a VALID request, without subprotocol or extensions; one reference, NULL when
 * out of memory. */
struct payload *http_handshake_accept(const struct http_request *request);

#endif
