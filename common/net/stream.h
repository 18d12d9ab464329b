/* SPDX-License-Identifier: MIT */
/*
 * stream: a TCP (or Unix socket) byte stream, plain or TLS, as a sink with a reading side. Writes
 * of one loop turn leave in one system call; payloads are queued by reference, never copied
 * (plain), and everything queued is counted.
 *
 * What may be written before on_open waits for it. sink_finish() flushes, says goodbye
 * (close_notify, FIN) and waits for the peer's end: at most 5 s, or longer while the peer keeps
 * taking what is queued; input is discarded meanwhile. Before a dialed or TLS stream is open,
 * finish is close. When the peer ends its direction, the stream finishes by itself, with status
 * CLOSED.
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
    /* The stream is usable: at the end of this turn for accepted plain sockets, after the handshake
     * for TLS; never inside another call. Not called for a stream closed before. Optional. */
    void (*on_open)(void *owner, struct stream *stream);
    /* ${input} is valid during the call only and has been consumed when it returns. Never called
     * before on_open, while paused, or after finish or close. */
    void (*on_data)(void *owner, struct stream *stream, struct bytes input);
    /* The queue fell to half of queue_high_bytes after having been above it. Optional. */
    void (*on_drained)(void *owner, struct stream *stream);
    /* Exactly once, always later, never inside another call; afterwards the stream is gone.
     * ${status} OK = finished by us, CLOSED = by the peer, LIMIT = "slow-consumer", TLS, TIMED_OUT
     * (no answer, or the rest was not taken after finish), else the error; ${reason} is a sentence
     * or word for the log, valid during the call. */
    void (*on_closed)(void *owner, enum status status, const char *reason);
};

struct stream_options {
    struct tls_context *tls;     /* NULL = plain */
    const char *tls_server_name; /* client side: SNI; NULL = none */
    size_t queue_high_bytes;     /* 0 = 256 KiB: above it stream_is_full() says so */
    /* 0 = 8 MiB: above it the stream closes itself with "slow-consumer". */
    size_t queue_limit_bytes;
    uint32_t handshake_timeout_ms; /* 0 = 10 s */
    /* TCP_USER_TIMEOUT and keep-alive: a silently dead peer is noticed; 0 = 30 s. */
    uint32_t user_timeout_ms;
};

/** stream_open_accepted(loop, socket, options, handler, owner, out): Adopt an accepted socket. On
 * failure the socket is closed and no callback fires. ${options} NULL = all defaults; not kept.
 * ${handler} is static; ${owner} is passed back. Loop thread only, as all here. */
MUST_CHECK enum status stream_open_accepted(struct loop *loop, stream_socket socket,
                                            const struct stream_options *options,
                                            const struct stream_handler *handler, void *owner,
                                            struct stream **out);
/** The stream as a sink: sink_write, sink_finish, sink_close ... all apply. */
struct sink *stream_sink(struct stream *stream);
/** The same as sink_close(). Idempotent; on_closed still fires, later. ${reason} is static text. */
void stream_close(struct stream *stream, const char *reason);
/** Above the high watermark since; on_drained comes when it is no longer so. */
bool stream_is_full(const struct stream *stream);
/** "192.0.2.1:5000", or "unix"; lives as long as the stream. */
const char *stream_peer_address(const struct stream *stream);
/** Who the peer's certificate says it is; NULL when plain, before on_open, or without a
 * certificate. */
const struct tls_peer *stream_tls_peer(const struct stream *stream);

#endif
