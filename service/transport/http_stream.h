/* SPDX-License-Identifier: MIT */
/* http_stream: what the transports that answer one request over a long time have in common. */
#ifndef HUBPLANE_SERVICE_HTTP_STREAM_H
#define HUBPLANE_SERVICE_HTTP_STREAM_H

#include "service/transport/transport.h"

/** Answer the head, then write ${opening} unless it is empty. OK or NO_MEMORY (aborted). */
MUST_CHECK enum status http_stream_start(struct transport *transport,
                                         const struct transport_operations *operations,
                                         const struct transport_request *request,
                                         const char *content_type, struct bytes opening,
                                         void *owner);
void http_stream_write(struct transport *transport, struct http_chunk frame);
/** Complete the answer; a slow or failed client is cut off instead. */
void http_stream_end(struct transport *transport, enum transport_end why);
size_t http_stream_queued_bytes(const struct transport *transport);

#endif
