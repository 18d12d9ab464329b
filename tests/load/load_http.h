/* SPDX-License-Identifier: MIT */
/* load_http: one HTTP request of a test client over a stream of its own, with the response handed
 * on as it comes. */
#ifndef HUBPLANE_TESTS_LOAD_HTTP_H
#define HUBPLANE_TESTS_LOAD_HTTP_H

#include "common/net/dialer.h"

struct load_http;

struct load_http_handler {
    /* The head is complete. For 101 the bytes after it come through on_data as they are. */
    void (*on_status)(void *owner, int status);
    /* Body bytes, decoded; valid during the call. */
    void (*on_data)(void *owner, struct bytes data);
    /* Exactly once, always the last call: OK = the response was complete. */
    void (*on_end)(void *owner, enum status status);
};

/** load_http_open(loop, address, request, handler, owner, out): Connect and send ${request}, whole
 * text with head and body. OK, INVALID, NO_MEMORY. */
MUST_CHECK enum status load_http_open(struct loop *loop, const char *address, struct bytes request,
                                      const struct load_http_handler *handler, void *owner,
                                      struct load_http **out);
/** Write more: WebSocket frames after a 101. */
void load_http_write(struct load_http *http, struct bytes data);
/** Drop it; on_end still fires, with CANCELED or what came before. */
void load_http_close(struct load_http *http);

#endif
