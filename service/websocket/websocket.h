/* SPDX-License-Identifier: MIT */
/* websocket: one open WebSocket (RFC 6455): whole messages in, shared frames out, ping, close
 * handshake. */
#ifndef HUBPLANE_SERVICE_WEBSOCKET_H
#define HUBPLANE_SERVICE_WEBSOCKET_H

#include "common/base/payload.h"
#include "common/base/sink.h"
#include "common/base/timer.h"

struct websocket;

enum websocket_close_code {
    WEBSOCKET_CLOSE_NORMAL = 1000,
    WEBSOCKET_CLOSE_GOING_AWAY = 1001,
    WEBSOCKET_CLOSE_PROTOCOL = 1002,
    WEBSOCKET_CLOSE_UNSUPPORTED = 1003, /* a binary message */
    WEBSOCKET_CLOSE_INVALID_TEXT = 1007,
    WEBSOCKET_CLOSE_TOO_BIG = 1009,
    WEBSOCKET_CLOSE_INTERNAL = 1011, /* out of memory */
};

enum { WEBSOCKET_CLOSE_WAIT_MS = 250 };

struct websocket_handler {
    /* One whole text message, valid UTF-8, unmasked; valid during the call only. The owner may send
     * and close inside. */
    void (*on_text)(void *owner, struct websocket *websocket, struct bytes text);
    /* The send queue fell below its low watermark after having been full. Optional. */
    void (*on_drained)(void *owner, struct websocket *websocket);
    /* The client broke a rule and is told ${code}; on_closed follows. Optional. */
    void (*on_broken)(void *owner, uint16_t code, const char *reason);
    /* Exactly once, unless websocket_close() was called by the owner first (then never); afterwards
     * it is gone. */
    void (*on_closed)(void *owner, const char *reason);
};

/** websocket_frame_from(text): A whole, unmasked text frame (FIN) to be shared by many sockets; one
 * reference, NULL when out of memory. Any thread. */
struct payload *websocket_frame_from(struct bytes text);
/** Queue a frame made by websocket_frame_from(); takes its own reference. Dropped once the close
 * handshake has begun. */
void websocket_send(struct websocket *websocket, struct payload *frame);
/** Close handshake: sends Close with ${code} and no text, waits at most WEBSOCKET_CLOSE_WAIT_MS for
 * the echo, then ends the stream. The owner hears no more of it and must not use it again.
 * ${reason} is a short static word for the log. */
void websocket_close(struct websocket *websocket, enum websocket_close_code code,
                     const char *reason);
size_t websocket_queued_bytes(const struct websocket *websocket);

/*
 * The side of whoever owns the byte stream: http_connection, and tests.
 */

struct websocket_options {
    struct sink *sink;                       /* outlives the WebSocket */
    struct timers *timers;                   /* outlives the WebSocket */
    const struct websocket_handler *handler; /* static */
    void *owner;                             /* passed back to ${handler} */
    size_t message_max_bytes;
};

/** websocket_new(options, out): Over a stream whose opening handshake is done. OK or NO_MEMORY. */
MUST_CHECK enum status websocket_new(const struct websocket_options *options,
                                     struct websocket **out);
/** Bytes from the client; unmasked in place, so ${input} must view writable memory (see
 * websocket_decode). */
void websocket_receive(struct websocket *websocket, struct bytes input);
/** The client read again after the sink was full. */
void websocket_drained(struct websocket *websocket);
/** The sink is closed, by whomever: tells the owner who has not closed it himself, then frees the
 * WebSocket. */
void websocket_closed(struct websocket *websocket, const char *reason);

#endif
