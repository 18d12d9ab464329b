/* SPDX-License-Identifier: MIT */
/* forever_frame_transport: an endless HTML page of script calls, for old Internet Explorer. */
#include "service/transport/http_stream.h"

static enum status
start(struct transport *transport, const struct transport_request *request, void *owner)
{
    struct buffer opening;

    buffer_init(&opening, 4096);
    client_frame_append_opening(&opening, CLIENT_FRAME_FOREVER_FRAME, request->frame_id);
    enum status status =
        http_stream_start(transport, &forever_frame_transport, request, "text/html; charset=UTF-8",
                          buffer_bytes(&opening), owner);
    buffer_deinit(&opening);
    return status;
}

static void
end(struct transport *transport, enum transport_end why, struct http_chunk last)
{
    (void)last;
    http_stream_end(transport, why);
}

const struct transport_operations forever_frame_transport = {
    .name = "foreverFrame",
    .kind = CLIENT_FRAME_FOREVER_FRAME,
    .is_streaming = true,
    .start = start,
    .deliver = http_stream_write,
    .keep_alive = http_stream_write,
    .end = end,
    .queued_bytes = http_stream_queued_bytes,
};
