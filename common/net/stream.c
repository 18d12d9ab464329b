/* SPDX-License-Identifier: MIT */
#include "common/net/stream.h"

#include "common/net/net_address.h"
#include "common/net/net_error.h"
#include "common/net/socket.h"
#include "common/net/stream_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_HIGH_BYTES = 256 * 1024,
    QUEUE_LIMIT_BYTES = 8 * 1024 * 1024,
    HANDSHAKE_TIMEOUT_MS = 10000,
    USER_TIMEOUT_MS = 30000,
    LINGER_MS = 5000,      /* without progress, a peer that should take the rest is given up */
    LINGER_ROUNDS_MAX = 6, /* and with progress after so many times that */
    HELD_LIMIT_BYTES = 1024 * 1024,
    UNSENT_LIMIT_BYTES = 1024 * 1024,
};

static const struct sink_operations stream_operations;

static struct stream *
stream_of(struct sink *sink)
{
    return CONTAINER_OF(sink, struct stream, sink);
}

/* ---- state ------------------------------------------------------------------------------------
 */

#define TO(state) (1U << STREAM_##state)

static const unsigned int legal_moves[] = {
    [STREAM_CONNECTING] = TO(CONNECTED) | TO(CLOSING),
    [STREAM_CONNECTED] = TO(HANDSHAKE) | TO(OPEN) | TO(CLOSING),
    [STREAM_HANDSHAKE] = TO(OPEN) | TO(FINISHING) | TO(CLOSING),
    [STREAM_OPEN] = TO(FINISHING) | TO(CLOSING),
    [STREAM_FINISHING] = TO(LINGERING) | TO(CLOSING),
    [STREAM_LINGERING] = TO(CLOSING),
    [STREAM_CLOSING] = 0,
};

void
stream_set_state(struct stream *stream, enum stream_state state)
{
    assert((legal_moves[stream->state] & (1U << state)) != 0);
    stream->state = state;
}

/* ---- making and freeing -----------------------------------------------------------------------
 */

static enum status
add_tls(struct stream *stream, const struct stream_options *options)
{
    stream->tls = calloc(1, sizeof *stream->tls);
    if (stream->tls == NULL) {
        return STATUS_NO_MEMORY;
    }
    buffer_init(&stream->tls->unsent, UNSENT_LIMIT_BYTES);
    buffer_init(&stream->tls->held, HELD_LIMIT_BYTES);
    return tls_session_new(options->tls, options->tls_server_name, &stream->tls->session);
}

static void at_turn_end(struct loop_turn_task *task);

static uint32_t
or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

enum status
stream_new(struct loop *loop, const struct stream_options *options,
           const struct stream_handler *handler, void *owner, struct stream **out)
{
    static const struct stream_options defaults;
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (options == NULL) {
        options = &defaults;
    }
    stream->sink.operations = &stream_operations;
    stream->handler = handler;
    stream->owner = owner;
    stream->loop = loop;
    stream->queue_high_bytes =
        options->queue_high_bytes == 0 ? QUEUE_HIGH_BYTES : options->queue_high_bytes;
    stream->queue_limit_bytes =
        options->queue_limit_bytes == 0 ? QUEUE_LIMIT_BYTES : options->queue_limit_bytes;
    stream->handshake_timeout_ms = or_default(options->handshake_timeout_ms, HANDSHAKE_TIMEOUT_MS);
    stream->user_timeout_ms = or_default(options->user_timeout_ms, USER_TIMEOUT_MS);
    stream->state = STREAM_CONNECTING;
    stream->turn_end.run = at_turn_end;
    stream->tcp.data = stream;
    slice_queue_init(&stream->queue);
    if (options->tls != NULL) {
        enum status status = add_tls(stream, options);
        if (status != STATUS_OK) {
            stream_discard(stream);
            return status;
        }
    }
    *out = stream;
    return STATUS_OK;
}

void
stream_discard(struct stream *stream)
{
    if (stream->tls != NULL) {
        tls_session_free(stream->tls->session);
        buffer_deinit(&stream->tls->unsent);
        buffer_deinit(&stream->tls->held);
        free(stream->tls);
    }
    slice_queue_deinit(&stream->queue);
    free(stream->peer_address);
    free(stream);
}

void
stream_on_handle_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    loop_entered(stream->loop);
    /* libuv has completed every request before this. */
    assert(stream->request == NULL && stream->turn_end.next == NULL);
    if (!stream->is_silent && stream->handler->on_closed != NULL) {
        stream->handler->on_closed(stream->owner, stream->final_status, stream->reason);
    }
    stream_discard(stream);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void
remember_peer(struct stream *stream)
{
    struct sockaddr_storage address;
    int length = sizeof address;
    char text[NET_ADDRESS_TEXT_BYTES] = "?";
    if (uv_tcp_getpeername(&stream->tcp, (struct sockaddr *)&address, &length) == 0) {
        net_address_print((const struct sockaddr *)&address, text);
    }
    stream->peer_address = bytes_duplicate(bytes_from_string(text));
}

static void
set_socket_options(struct stream *stream)
{
    uv_os_fd_t descriptor;
    /* All of them fail on a Unix socket, which needs none. */
    (void)uv_tcp_nodelay(&stream->tcp, 1);
    (void)uv_tcp_keepalive(&stream->tcp, 1, (stream->user_timeout_ms + 999) / 1000);
    if (uv_fileno((const uv_handle_t *)&stream->tcp, &descriptor) == 0) {
        socket_set_user_timeout((stream_socket)descriptor, stream->user_timeout_ms);
    }
}

void
stream_socket_connected(struct stream *stream)
{
    stream_set_state(stream, STREAM_CONNECTED);
    set_socket_options(stream);
    remember_peer(stream);
    loop_at_turn_end(stream->loop, &stream->turn_end);
}

enum status
stream_open_accepted(struct loop *loop, stream_socket socket, const struct stream_options *options,
                     const struct stream_handler *handler, void *owner, struct stream **out)
{
    struct stream *stream;
    enum status status = stream_new(loop, options, handler, owner, &stream);
    if (status != STATUS_OK) {
        socket_close(socket);
        return status;
    }
    int code = uv_tcp_init(loop_uv(loop), &stream->tcp);
    if (code != 0) {
        socket_close(socket);
        stream_discard(stream);
        return net_error_status(code);
    }
    /* Also for Unix sockets: libuv treats every connected stream socket alike, and its pipe handle
     * would be larger on Windows without being of use there. */
    code = uv_tcp_open(&stream->tcp, (uv_os_sock_t)socket);
    if (code != 0) {
        socket_close(socket);
        stream->is_silent = true;
        stream_fail(stream, net_error_status(code), net_error_sentence(code));
        return net_error_status(code);
    }
    stream_socket_connected(stream);
    *out = stream;
    return STATUS_OK;
}

static void
handshake_timed_out(struct timer *timer)
{
    struct stream *stream = CONTAINER_OF(timer, struct stream, timer);
    stream_fail(stream, STATUS_TIMED_OUT, "the TLS handshake took too long");
}

void
stream_become_open(struct stream *stream)
{
    timer_stop(loop_timers(stream->loop), &stream->timer);
    stream_set_state(stream, STREAM_OPEN);
    if (stream->handler->on_open != NULL) {
        stream->handler->on_open(stream->owner, stream);
    }
    stream_update_reading(stream);
    if (stream->queue.count > 0 && stream->state == STREAM_OPEN) {
        loop_at_turn_end(stream->loop, &stream->turn_end);
    }
}

static void
start(struct stream *stream)
{
    if (stream->tls == NULL) {
        stream_become_open(stream);
        return;
    }
    stream_set_state(stream, STREAM_HANDSHAKE);
    timer_start(loop_timers(stream->loop), &stream->timer, stream->handshake_timeout_ms,
                handshake_timed_out);
    stream_update_reading(stream);
    stream_take_cipher(stream, BYTES_NONE);
}

/* ---- closing ----------------------------------------------------------------------------------
 */

/* The first reason wins; but a stream that breaks while it is flushed was not finished well. */
static void
keep_reason(struct stream *stream, enum status status, const char *reason)
{
    if (stream->reason == NULL) {
        stream->final_status = status;
        stream->reason = reason == NULL ? "" : reason;
    } else if (stream->state == STREAM_FINISHING && stream->final_status == STATUS_OK) {
        stream->final_status = status;
    }
}

static void
close_handle(struct stream *stream)
{
    stream_set_state(stream, STREAM_CLOSING);
    timer_stop(loop_timers(stream->loop), &stream->timer);
    loop_turn_task_cancel(&stream->turn_end);
    if (stream->dialer != NULL) {
        dialer_detach(stream->dialer);
        stream->dialer = NULL;
    }
    /* Between two attempts the dialer is closing it; its callback then finishes the work. */
    if (!uv_is_closing((const uv_handle_t *)&stream->tcp)) {
        uv_close((uv_handle_t *)&stream->tcp, stream_on_handle_closed);
    }
}

void
stream_fail(struct stream *stream, enum status status, const char *reason)
{
    if (stream->state != STREAM_CLOSING) {
        keep_reason(stream, status, reason);
        close_handle(stream);
    }
}

/* The peer had its time. What it did not take is lost, and whoever ended the stream is told. */
static void
linger_over(struct timer *timer)
{
    struct stream *stream = CONTAINER_OF(timer, struct stream, timer);
    size_t left_bytes = stream_queued_bytes(stream);
    bool has_progressed = left_bytes < stream->linger_left_bytes;
    if (stream->state == STREAM_FINISHING && has_progressed &&
        stream->linger_rounds < LINGER_ROUNDS_MAX) {
        stream->linger_rounds++;
        stream->linger_left_bytes = left_bytes;
        timer_start(loop_timers(stream->loop), timer, LINGER_MS, linger_over);
        return;
    }
    if (stream->state == STREAM_FINISHING && stream->final_status == STATUS_OK) {
        stream->final_status = STATUS_TIMED_OUT;
    }
    close_handle(stream);
}

static void
on_shutdown(uv_shutdown_t *uv_request, int code)
{
    struct stream_request *request = uv_request->data;
    struct stream *stream = request->stream;
    loop_entered(stream->loop);
    stream_request_free(request);
    if (stream->state != STREAM_CLOSING && (code != 0 || stream->has_peer_ended)) {
        close_handle(stream);
    }
}

/* Everything has left: close our direction, then wait for the peer to close its own, since closing
 * with unread input would reset the connection and could destroy what the peer has not read yet. */
static void
shut_down(struct stream *stream)
{
    struct stream_request *request = stream_request_new(stream);
    if (request == NULL) {
        return;
    }
    stream_set_state(stream, STREAM_LINGERING);
    timer_start(loop_timers(stream->loop), &stream->timer, LINGER_MS, linger_over);
    request->as.shutdown.data = request;
    int code = uv_shutdown(&request->as.shutdown, (uv_stream_t *)&stream->tcp, on_shutdown);
    if (code != 0) {
        stream_request_free(request);
        close_handle(stream);
    }
}

void
stream_end(struct stream *stream, enum status status, const char *reason)
{
    if (stream->state >= STREAM_FINISHING) {
        return;
    }
    if (stream->state == STREAM_CONNECTED && stream->tls == NULL) {
        stream_set_state(stream,
                         STREAM_OPEN); /* an answer and the end, before it was even started */
    }
    if (stream->state == STREAM_HANDSHAKE) {
        slice_queue_deinit(&stream->queue); /* could never be enciphered; an alert still leaves */
    } else if (stream->state != STREAM_OPEN) {
        stream_fail(stream, status, reason);
        return;
    }
    keep_reason(stream, status, reason);
    stream_set_state(stream, STREAM_FINISHING);
    stream_update_reading(stream);
    /* At once, so that only what the peer takes from now on counts as progress. */
    stream_flush(stream);
    if (stream->state == STREAM_FINISHING) {
        stream->linger_left_bytes = stream_queued_bytes(stream);
        timer_start(loop_timers(stream->loop), &stream->timer, LINGER_MS, linger_over);
        loop_at_turn_end(stream->loop, &stream->turn_end);
    }
}

/* ---- the end of a turn ------------------------------------------------------------------------
 */

static void
tell_drained(struct stream *stream)
{
    if (stream->is_full && stream_queued_bytes(stream) <= stream->queue_high_bytes / 2) {
        stream->is_full = false;
        if (stream->state == STREAM_OPEN && stream->handler->on_drained != NULL) {
            stream->handler->on_drained(stream->owner, stream);
        }
    }
}

static void
at_turn_end(struct loop_turn_task *task)
{
    struct stream *stream = CONTAINER_OF(task, struct stream, turn_end);
    if (stream->state == STREAM_CONNECTED) {
        start(stream);
    }
    if (stream->tls != NULL && stream->tls->held.length > 0 && !stream->is_paused &&
        stream->state == STREAM_OPEN) {
        stream_take_cipher(stream, BYTES_NONE);
        stream_update_reading(stream);
    }
    if (stream->state == STREAM_CONNECTING || stream->state == STREAM_CLOSING) {
        return;
    }
    stream_flush(stream);
    tell_drained(stream);
    if (stream->state == STREAM_FINISHING && stream_is_flushed(stream)) {
        shut_down(stream);
    }
}

/* ---- the sink ---------------------------------------------------------------------------------
 */

static void
sink_stream_write(struct sink *sink, struct payload_slice slice)
{
    stream_write_slice(stream_of(sink), slice);
}

static size_t
sink_stream_queued_bytes(const struct sink *sink)
{
    /* The sink is the first member, so its address is the stream's. */
    return stream_queued_bytes((const struct stream *)(const void *)sink);
}

static void
sink_stream_pause(struct sink *sink)
{
    struct stream *stream = stream_of(sink);
    stream->is_paused = true;
    stream_update_reading(stream);
}

static void
sink_stream_resume(struct sink *sink)
{
    struct stream *stream = stream_of(sink);
    stream->is_paused = false;
    stream_update_reading(stream);
    if (stream->tls != NULL && stream->tls->held.length > 0 && stream->state == STREAM_OPEN) {
        loop_at_turn_end(stream->loop, &stream->turn_end);
    }
}

static void
sink_stream_finish(struct sink *sink, const char *reason)
{
    stream_end(stream_of(sink), STATUS_OK, reason);
}

static void
sink_stream_close(struct sink *sink, const char *reason)
{
    stream_fail(stream_of(sink), STATUS_OK, reason);
}

static const struct sink_operations stream_operations = {
    .write = sink_stream_write,
    .queued_bytes = sink_stream_queued_bytes,
    .pause = sink_stream_pause,
    .resume = sink_stream_resume,
    .finish = sink_stream_finish,
    .close = sink_stream_close,
};

struct sink *
stream_sink(struct stream *stream)
{
    return &stream->sink;
}

void
stream_close(struct stream *stream, const char *reason)
{
    stream_fail(stream, STATUS_OK, reason);
}

/* ---- questions --------------------------------------------------------------------------------
 */

bool
stream_is_full(const struct stream *stream)
{
    return stream->is_full;
}

const char *
stream_peer_address(const struct stream *stream)
{
    return stream->peer_address == NULL ? "?" : stream->peer_address;
}

const struct tls_peer *
stream_tls_peer(const struct stream *stream)
{
    return stream->tls == NULL ? NULL : tls_session_peer(stream->tls->session);
}
