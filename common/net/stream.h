/* SPDX-License-Identifier: MIT */
/*
 * stream: a TCP (or Unix socket) byte stream, plain or TLS, as a sink with a reading side. Writes
 * of one loop turn leave in one system call; payloads are queued by reference, never copied
 * (plain), and everything queued is counted.
 */
#ifndef HUBPLANE_NET_STREAM_H
#define HUBPLANE_NET_STREAM_H

#include "common/base/sink.h"
#include "common/net/loop.h"
#include "common/net/tls.h"

struct stream;

/* A socket as the operating system names it (int, or SOCKET on Windows), before any loop has met
 * it. */
typedef uintptr_t stream_socket;

struct stream_handler {
    /* The stream is usable: at once for accepted plain sockets, after the handshake for TLS.
     * Optional. */
    void (*on_open)(void *owner, struct stream *stream);
    /* ${input} is valid during the call only and has been consumed when it returns. */
    void (*on_data)(void *owner, struct stream *stream, struct bytes input);
    /* The queue fell below the low watermark after having been above the high one. Optional. */
    void (*on_drained)(void *owner, struct stream *stream);
    /* Exactly once, always later, never inside another call; afterwards the stream is gone.
     * ${status} OK = finished by us, CLOSED = by the peer, else the error; ${reason} is a sentence
     * or word for the log. */
    void (*on_closed)(void *owner, enum status status, const char *reason);
};

struct stream_options {
    struct tls_context *tls;     /* NULL = plain */
    const char *tls_server_name; /* client side: SNI; NULL = none */
    size_t queue_high_bytes;     /* 0 = 256 KiB: above it stream_is_full() says so */
    size_t
        queue_limit_bytes; /* 0 = 8 MiB: above it the stream closes itself with "slow-consumer" */
    uint32_t handshake_timeout_ms; /* 0 = 10 s */
    uint32_t user_timeout_ms; /* TCP_USER_TIMEOUT / keep-alive: a silently dead peer is noticed; 0 =
                                 30 s */
};

/** stream_open_accepted(loop, socket, options, handler, owner, out): Adopt an accepted socket. On
 * failure the socket is closed and no callback fires. ${handler} is static; ${owner} is passed
 * back. Loop thread only, as all here. */
MUST_CHECK enum status stream_open_accepted(struct loop *loop, stream_socket socket,
                                            const struct stream_options *options,
                                            const struct stream_handler *handler, void *owner,
                                            struct stream **out);
/** The stream as a sink: sink_write, sink_finish, sink_close ... all apply. */
struct sink *stream_sink(struct stream *stream);
/** The same as sink_close(). Idempotent; on_closed still fires, later. */
void stream_close(struct stream *stream, const char *reason);
bool stream_is_full(const struct stream *stream);
/** Change who is told, as when HTTP becomes WebSocket. */
void stream_set_handler(struct stream *stream, const struct stream_handler *handler, void *owner);
/** "192.0.2.1:5000", or "unix"; lives as long as the stream. */
const char *stream_peer_address(const struct stream *stream);
/** Who the peer's certificate says it is; NULL when plain, before on_open, or without a
 * certificate. */
const struct tls_peer *stream_tls_peer(const struct stream *stream);

#endif
