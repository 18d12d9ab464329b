/* SPDX-License-Identifier: MIT */
/* websocket: one open WebSocket (RFC 6455): whole messages in, shared frames out, ping, close handshake. */
#ifndef HUBPLANE_SERVICE_WEBSOCKET_H
#define HUBPLANE_SERVICE_WEBSOCKET_H

#include "common/base/payload.h"

struct websocket;

enum websocket_close_code {
    WEBSOCKET_CLOSE_NORMAL = 1000,
    WEBSOCKET_CLOSE_GOING_AWAY = 1001,
    WEBSOCKET_CLOSE_PROTOCOL = 1002,
    WEBSOCKET_CLOSE_UNSUPPORTED = 1003, /* a binary message */
    WEBSOCKET_CLOSE_INVALID_TEXT = 1007,
    WEBSOCKET_CLOSE_TOO_BIG = 1009,
};

struct websocket_handler {
    /* One whole text message, valid UTF-8, unmasked; valid during the call only. */
    void (*on_text)(void *owner, struct websocket *websocket, struct bytes text);
    /* The send queue fell below its low watermark after having been full. Optional. */
    void (*on_drained)(void *owner, struct websocket *websocket);
    /* Exactly once, unless websocket_close() was called by the owner first (then never); afterwards it is gone. */
    void (*on_closed)(void *owner, const char *reason);
};

/** websocket_frame_from(text): A whole, unmasked text frame (FIN) to be shared by many sockets; one reference, NULL when out of memory. */
struct payload *websocket_frame_from(struct bytes text);
/** Queue a frame made by websocket_frame_from(); takes its own reference. */
void websocket_send(struct websocket *websocket, struct payload *frame);
/** Close handshake: sends Close, waits at most 250 ms for the echo, then ends the stream. The owner hears no more of it. */
void websocket_close(struct websocket *websocket, enum websocket_close_code code, const char *reason);
size_t websocket_queued_bytes(const struct websocket *websocket);

#endif
