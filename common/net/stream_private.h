/* SPDX-License-Identifier: MIT */
/* stream_private: what stream.c (life), stream_read.c, stream_write.c and dialer.c (how it gets
 * connected) share. */
#ifndef HUBPLANE_NET_STREAM_PRIVATE_H
#define HUBPLANE_NET_STREAM_PRIVATE_H

#include "common/net/loop_uv.h"
#include "common/net/slice_queue.h"
#include "common/net/stream.h"
#include "common/net/tls_session.h"

#include <uv.h>

struct dialer;

/* The diagram is in common/DESIGN.md. */
enum stream_state {
    STREAM_CONNECTING, /* the dialer is at work; writes are queued */
    STREAM_CONNECTED,  /* has a socket; the turn's end starts it */
    STREAM_HANDSHAKE,  /* TLS; writes are queued */
    STREAM_OPEN,       /* on_open has been called */
    STREAM_FINISHING,  /* what is queued still leaves; input is discarded */
    STREAM_LINGERING,  /* our end is shut; waits for the peer's */
    STREAM_CLOSING,    /* waits for libuv's close callback */
};

/* A request to libuv under way: connect, then writes one by one, then shutdown. */
struct stream_request {
    union {
        uv_connect_t connect;
        uv_write_t write;
        uv_shutdown_t shutdown;
    } as;
    struct stream *stream;
    size_t length;        /* bytes of a write */
    struct buffer cipher; /* the records being written; a plain stream writes from its queue */
};

/* Only TLS streams have one. All buffers are without memory while idle. */
struct stream_tls {
    struct tls_session *session;
    struct buffer unsent; /* records made while a write was under way, or by the handshake */
    struct buffer held;   /* received while paused, not yet deciphered */
};

struct stream {
    struct sink sink; /* first, see stream_of() */
    const struct stream_handler *handler;
    void *owner;
    struct loop *loop;
    struct stream_tls *tls;         /* NULL = plain */
    struct dialer *dialer;          /* while CONNECTING to a host */
    struct stream_request *request; /* the one under way, or NULL */
    const char *reason;
    char *peer_address;
    size_t queue_high_bytes;
    size_t queue_limit_bytes;
    size_t linger_left_bytes; /* queued when the linger timer was last started */
    uint32_t handshake_timeout_ms;
    uint32_t user_timeout_ms;
    int attempt_error; /* of the dialer's last attempt, a libuv code */
    enum status final_status;
    uint8_t state; /* enum stream_state */
    uint8_t linger_rounds;
    bool is_silent; /* opening it failed: the owner never heard of it */
    bool is_paused;
    bool is_reading;
    bool is_full; /* above the high watermark since, and not yet below the low one */
    bool has_peer_ended;
    struct timer timer; /* connecting, handshake, linger */
    struct loop_turn_task turn_end;
    uv_tcp_t tcp;
    struct slice_queue queue;
};

/* stream.c */
MUST_CHECK enum status stream_new(struct loop *loop, const struct stream_options *options,
                                  const struct stream_handler *handler, void *owner,
                                  struct stream **out);
/** Frees what stream_new made; for one that never met the outside. */
void stream_discard(struct stream *stream);
void stream_set_state(struct stream *stream, enum stream_state state);
/** The socket is connected: begin at the end of the turn. */
void stream_socket_connected(struct stream *stream);
/** Close at once; the first status and reason win. ${reason} is static text. */
void stream_fail(struct stream *stream, enum status status, const char *reason);
/** Flush, shut down, linger, close. */
void stream_end(struct stream *stream, enum status status, const char *reason);
void stream_on_handle_closed(uv_handle_t *handle);
/** The TLS handshake is completed, or there is none. */
void stream_become_open(struct stream *stream);

/* dialer.c: the stream is going; the dialer frees itself when its resolver is done. */
void dialer_detach(struct dialer *dialer);

/* stream_read.c */
void stream_update_reading(struct stream *stream);
/** Feed the TLS session, or begin its handshake, from ${input} and what is held. */
void stream_take_cipher(struct stream *stream, struct bytes input);

/* stream_write.c */
size_t stream_queued_bytes(const struct stream *stream);
void stream_write_slice(struct stream *stream, struct payload_slice slice);
/** Everything queued to the system, as far as it takes it; calls nobody back. */
void stream_flush(struct stream *stream);
/** Nothing is queued or under way. */
bool stream_is_flushed(const struct stream *stream);
/** A new request, or NULL after the stream was failed. */
struct stream_request *stream_request_new(struct stream *stream);
void stream_request_free(struct stream_request *request);

#endif
