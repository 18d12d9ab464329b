/* SPDX-License-Identifier: MIT */
#include "service/transport/transport.h"

#include "service/websocket/websocket.h"

enum { FRAME_BYTES_MAX = 64 * 1024 * 1024 };

static const struct transport_operations *const all_transports[] = {
    &websocket_transport,
    &event_stream_transport,
    &forever_frame_transport,
    &long_polling_transport,
};

const struct transport_operations *
transport_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof(all_transports) / sizeof(all_transports[0]); i++) {
        if (bytes_equal_ignore_case(bytes_from_string(all_transports[i]->name), name)) {
            return all_transports[i];
        }
    }
    return NULL;
}

const char *
transport_end_name(enum transport_end why)
{
    switch (why) {
    case TRANSPORT_END_DONE:
        return "done";
    case TRANSPORT_END_REPLACED:
        return "replaced";
    case TRANSPORT_END_MOVED:
        return "moved";
    case TRANSPORT_END_DRAIN:
        return "drain";
    case TRANSPORT_END_SLOW:
        return "slow-consumer";
    case TRANSPORT_END_FAILED:
        break;
    }
    return "failed";
}

/* Put the transport's own framing around what has been encoded, and release ${text}. */
static struct http_chunk
wrap(enum client_frame_kind kind, struct buffer *text)
{
    struct http_chunk chunk = {0};

    if (text->status == STATUS_OK && kind == CLIENT_FRAME_WEBSOCKET) {
        chunk.payload = websocket_frame_from(buffer_bytes(text));
    } else if (text->status == STATUS_OK) {
        chunk = http_chunk_from(buffer_bytes(text));
    }
    buffer_deinit(text);
    return chunk;
}

struct http_chunk
transport_frame_from(enum client_frame_kind kind, const struct client_frame *frame)
{
    struct buffer text;

    buffer_init(&text, FRAME_BYTES_MAX);
    client_frame_append(&text, kind, frame);
    return wrap(kind, &text);
}

struct http_chunk
transport_frame_from_json(enum client_frame_kind kind, struct bytes json)
{
    struct buffer text;

    buffer_init(&text, FRAME_BYTES_MAX);
    client_frame_append_json(&text, kind, json);
    return wrap(kind, &text);
}

struct http_chunk
transport_frame_keep_alive(enum client_frame_kind kind)
{
    struct buffer text;

    buffer_init(&text, FRAME_BYTES_MAX);
    client_frame_append_keep_alive(&text, kind);
    return wrap(kind, &text);
}
