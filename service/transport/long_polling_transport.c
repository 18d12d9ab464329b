/* SPDX-License-Identifier: MIT */
/*
 * long_polling_transport: a request that is held until there is one envelope for it. Blanks keep it
 * alive, which JSON parsers skip; a JSONP poll has no place for them.
 */
#include <stdlib.h>

#include "service/signalr/jsonp.h"
#include "service/transport/http_stream.h"

enum { BODY_BYTES_MAX = 64 * 1024 * 1024 };

static enum status
start(struct transport *transport, const struct transport_request *request, void *owner)
{
    bool is_jsonp = request->callback.length > 0;
    char *callback = is_jsonp ? bytes_duplicate(request->callback) : NULL;

    if (is_jsonp && callback == NULL) {
        http_exchange_abort(request->exchange, "no-memory");
        return STATUS_NO_MEMORY;
    }
    enum status status = http_stream_start(transport, &long_polling_transport, request,
                                           is_jsonp ? "application/javascript; charset=UTF-8"
                                                    : "application/json; charset=UTF-8",
                                           BYTES_NONE, owner);
    if (status != STATUS_OK) {
        free(callback);
        return status;
    }
    transport->callback = callback;
    return STATUS_OK;
}

static void
write_call(struct transport *transport, struct http_chunk frame)
{
    struct buffer body;

    buffer_init(&body, BODY_BYTES_MAX);
    struct bytes json = bytes_from(frame.payload->data + frame.data_offset, frame.data_length);
    if (jsonp_append(&body, bytes_from_string(transport->callback), json) == STATUS_OK) {
        struct http_chunk call = http_chunk_from(buffer_bytes(&body));
        if (call.payload != NULL) {
            http_stream_write(transport, call);
            payload_unref(call.payload);
        }
    }
    buffer_deinit(&body);
}

static void
complete(struct transport *transport, struct http_chunk frame)
{
    if (frame.payload != NULL && transport->callback != NULL) {
        write_call(transport, frame);
    } else if (frame.payload != NULL) {
        http_stream_write(transport, frame);
    }
    free(transport->callback);
    transport->callback = NULL;
}

static void
deliver(struct transport *transport, struct http_chunk frame)
{
    complete(transport, frame);
    http_stream_end(transport, TRANSPORT_END_DONE);
}

static void
end(struct transport *transport, enum transport_end why, struct http_chunk last)
{
    complete(transport, last);
    http_stream_end(transport, why);
}

static void
keep_alive(struct transport *transport, struct http_chunk frame)
{
    if (transport->callback == NULL) {
        http_stream_write(transport, frame);
    }
}

const struct transport_operations long_polling_transport = {
    .name = "longPolling",
    .kind = CLIENT_FRAME_LONG_POLL,
    .is_streaming = false,
    .start = start,
    .deliver = deliver,
    .keep_alive = keep_alive,
    .end = end,
    .queued_bytes = http_stream_queued_bytes,
};
