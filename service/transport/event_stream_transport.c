/* SPDX-License-Identifier: MIT */
/* event_stream_transport: server-sent events. */
#include "service/transport/http_stream.h"

static enum status
start(struct transport *transport, const struct transport_request *request, void *owner)
{
    struct buffer opening;

    buffer_init(&opening, 1024);
    client_frame_append_opening(&opening, CLIENT_FRAME_EVENT_STREAM, 0);
    enum status status = http_stream_start(transport, &event_stream_transport, request,
                                           "text/event-stream", buffer_bytes(&opening), owner);
    buffer_deinit(&opening);
    return status;
}

static void
end(struct transport *transport, enum transport_end why, struct http_chunk last)
{
    (void)last;
    http_stream_end(transport, why);
}

const struct transport_operations event_stream_transport = {
    .name = "serverSentEvents",
    .kind = CLIENT_FRAME_EVENT_STREAM,
    .is_streaming = true,
    .start = start,
    .deliver = http_stream_write,
    .keep_alive = http_stream_write,
    .end = end,
    .queued_bytes = http_stream_queued_bytes,
};
