/* SPDX-License-Identifier: MIT */
/* websocket_transport: envelopes and hub results as text messages of one WebSocket. */
#include "service/transport/transport.h"
#include "service/websocket/websocket.h"

static void
on_text(void *owner, struct websocket *websocket, struct bytes text)
{
    (void)websocket;
    connection_transport_text(owner, text);
}

static void
on_closed(void *owner, const char *reason)
{
    connection_transport_lost(owner, reason);
}

static void
on_broken(void *owner, uint16_t code, const char *reason)
{
    connection_transport_broken(owner, code == WEBSOCKET_CLOSE_TOO_BIG, reason);
}

static const struct websocket_handler handler = {.on_text = on_text,
                                                 .on_broken = on_broken,
                                                 .on_closed = on_closed};

static enum status
start(struct transport *transport, const struct transport_request *request, void *owner)
{
    struct websocket *websocket = NULL;
    enum status status = http_exchange_upgrade(request->exchange, &handler, owner,
                                               request->websocket_message_bytes, &websocket);

    if (status == STATUS_OK) {
        *transport = (struct transport){.operations = &websocket_transport, .channel = websocket};
    }
    return status;
}

static void
deliver(struct transport *transport, struct http_chunk frame)
{
    websocket_send(transport->channel, frame.payload);
}

static void
end(struct transport *transport, enum transport_end why, struct http_chunk last)
{
    (void)last;
    websocket_close(transport->channel,
                    why == TRANSPORT_END_DRAIN ? WEBSOCKET_CLOSE_GOING_AWAY
                                               : WEBSOCKET_CLOSE_NORMAL,
                    transport_end_name(why));
}

static size_t
queued_bytes(const struct transport *transport)
{
    return websocket_queued_bytes(transport->channel);
}

const struct transport_operations websocket_transport = {
    .name = "webSockets",
    .kind = CLIENT_FRAME_WEBSOCKET,
    .is_streaming = true,
    .has_own_result = true,
    .start = start,
    .deliver = deliver,
    .keep_alive = deliver,
    .end = end,
    .queued_bytes = queued_bytes,
};
