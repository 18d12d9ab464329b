/* SPDX-License-Identifier: MIT */
#include "service/transport/http_stream.h"

enum status
http_stream_start(struct transport *transport, const struct transport_operations *operations,
                  const struct transport_request *request, const char *content_type,
                  struct bytes opening, void *owner)
{
    struct http_response response = {.status = 200,
                                     .content_type = content_type,
                                     .headers = request->headers,
                                     .header_count = request->header_count};
    struct http_exchange *exchange = request->exchange;

    http_exchange_start(exchange, &response);
    if (opening.length > 0) {
        struct http_chunk chunk = http_chunk_from(opening);
        if (chunk.payload == NULL) {
            http_exchange_abort(exchange, "no-memory");
            return STATUS_NO_MEMORY;
        }
        http_exchange_write(exchange, chunk);
        payload_unref(chunk.payload);
    }
    http_exchange_on_closed(exchange, owner, connection_transport_lost);
    *transport = (struct transport){.operations = operations, .channel = exchange};
    return STATUS_OK;
}

void
http_stream_write(struct transport *transport, struct http_chunk frame)
{
    http_exchange_write(transport->channel, frame);
}

void
http_stream_end(struct transport *transport, enum transport_end why)
{
    struct http_exchange *exchange = transport->channel;

    http_exchange_on_closed(exchange, NULL, NULL);
    if (why == TRANSPORT_END_SLOW || why == TRANSPORT_END_FAILED) {
        http_exchange_abort(exchange, transport_end_name(why));
    } else {
        http_exchange_finish(exchange);
    }
}

size_t
http_stream_queued_bytes(const struct transport *transport)
{
    return http_exchange_queued_bytes(transport->channel);
}
