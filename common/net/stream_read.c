/* SPDX-License-Identifier: MIT */
#include "common/net/net_error.h"
#include "common/net/stream_private.h"

/* Records of the handshake or an alert leave at the end of the turn. */
static enum status
keep_answer(struct stream *stream, struct buffer *cipher)
{
    enum status status = STATUS_OK;
    if (cipher->length > 0) {
        status = buffer_append(&stream->tls->unsent, buffer_bytes(cipher));
        loop_at_turn_end(stream->loop, &stream->turn_end);
    }
    buffer_clear(cipher);
    return status;
}

static void
deliver(struct stream *stream, struct bytes input)
{
    stream->handler->on_data(stream->owner, stream, input);
}

/* The TLS session has ended, properly or not. An alert that tells the peer why still leaves. */
static void
end_session(struct stream *stream, enum status status)
{
    if (status == STATUS_CLOSED) {
        stream_end(stream, STATUS_CLOSED, "the peer has closed");
        return;
    }
    if (status != STATUS_TLS) {
        stream_fail(stream, status, status_sentence(status));
        return;
    }
    slice_queue_deinit(&stream->queue);
    stream_end(stream, STATUS_TLS, tls_session_problem(stream->tls->session));
}

/* One step of the session: up to the end of the handshake, or all there is. */
static void
take_step(struct stream *stream, struct bytes *input)
{
    struct buffer *plain = loop_plain_scratch(stream->loop);
    struct buffer *cipher = loop_cipher_scratch(stream->loop);
    enum status status = tls_session_receive(stream->tls->session, input, plain, cipher);
    enum status kept = keep_answer(stream, cipher);
    if (kept != STATUS_OK) {
        buffer_clear(plain);
        end_session(stream, kept);
        return;
    }
    if (stream->state == STREAM_HANDSHAKE && tls_session_is_open(stream->tls->session)) {
        stream_become_open(stream);
    }
    /* Before the end of the session: what came with it still counts. */
    if (plain->length > 0 && stream->state == STREAM_OPEN) {
        deliver(stream, buffer_bytes(plain));
    }
    buffer_clear(plain);
    if (status != STATUS_OK) {
        end_session(stream, status);
    }
}

static bool
takes_input(const struct stream *stream)
{
    return stream->state == STREAM_HANDSHAKE ||
           (stream->state == STREAM_OPEN && !stream->is_paused);
}

static void
take_all(struct stream *stream, struct bytes *input)
{
    do {
        take_step(stream, input);
    } while (input->length > 0 && takes_input(stream));
}

void
stream_take_cipher(struct stream *stream, struct bytes input)
{
    /* What was held comes first; meanwhile the stream holds nothing. */
    struct buffer held = stream->tls->held;
    buffer_init(&stream->tls->held, held.limit_bytes);
    enum status status = STATUS_OK;
    if (held.length > 0) {
        status = buffer_append(&held, input);
        input = buffer_bytes(&held);
    }
    if (status == STATUS_OK) {
        take_all(stream, &input);
    }
    if (status == STATUS_OK && input.length > 0 && stream->state == STREAM_OPEN) {
        status = buffer_append(&stream->tls->held, input);
    }
    buffer_deinit(&held);
    if (status != STATUS_OK) {
        stream_fail(stream, status, status_sentence(status));
    }
}

static void
end_of_input(struct stream *stream, int code)
{
    stream->has_peer_ended = true;
    stream->is_reading = false;
    switch ((enum stream_state)stream->state) {
    case STREAM_LINGERING:
        /* Both directions are closed. A shutdown under way closes when it is done. */
        if (stream->request == NULL) {
            stream_fail(stream, STATUS_OK, "");
        }
        return;
    case STREAM_FINISHING:
        if (code != UV_EOF) {
            stream_fail(stream, net_error_status(code), net_error_sentence(code));
        }
        return;
    case STREAM_HANDSHAKE:
        stream_fail(stream, STATUS_TLS, "the peer closed during the TLS handshake");
        return;
    default:
        break;
    }
    if (code == UV_EOF) {
        stream_end(stream, STATUS_CLOSED,
                   stream->tls == NULL ? "the peer has closed"
                                       : "the peer has closed without ending the TLS session");
    } else {
        stream_fail(stream, net_error_status(code), net_error_sentence(code));
    }
}

static void
on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct stream *stream = handle->data;
    (void)suggested;
    loop_entered(stream->loop);
    *out = uv_buf_init((char *)loop_lend_read_buffer(stream->loop), LOOP_READ_BYTES);
}

static void
on_read(uv_stream_t *handle, ssize_t length, const uv_buf_t *buffer)
{
    struct stream *stream = handle->data;
    struct loop *loop = stream->loop;
    loop_entered(loop);
    if (length > 0) {
        struct bytes input = bytes_from(buffer->base, (size_t)length);
        loop_count_read(loop, input.length);
        if (stream->state == STREAM_HANDSHAKE || stream->state == STREAM_OPEN) {
            if (stream->tls != NULL) {
                stream_take_cipher(stream, input);
            } else {
                deliver(stream, input);
            }
        }
    } else if (length < 0 && stream->state != STREAM_CLOSING) {
        end_of_input(stream, (int)length);
    }
    loop_return_read_buffer(loop);
}

/* Read exactly when somebody wants it: also while finishing, to see the peer's end, and what comes
 * is discarded. */
void
stream_update_reading(struct stream *stream)
{
    bool wants =
        !stream->has_peer_ended && (takes_input(stream) || stream->state == STREAM_FINISHING ||
                                    stream->state == STREAM_LINGERING);
    if (stream->tls != NULL && stream->state == STREAM_OPEN && stream->tls->held.length > 0) {
        wants = false; /* what is held comes first */
    }
    if (wants == stream->is_reading || stream->state == STREAM_CLOSING) {
        return;
    }
    stream->is_reading = wants;
    if (!wants) {
        (void)uv_read_stop((uv_stream_t *)&stream->tcp);
        return;
    }
    int code = uv_read_start((uv_stream_t *)&stream->tcp, on_allocate, on_read);
    if (code != 0) {
        stream_fail(stream, net_error_status(code), net_error_sentence(code));
    }
}
