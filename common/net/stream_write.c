/* SPDX-License-Identifier: MIT */
#include "common/net/net_error.h"
#include "common/net/socket.h"
#include "common/net/stream_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    VECTORS_MAX = 256,                   /* slices per system call; the kernel takes up to 1024 */
    FLUSH_BYTES_MAX = 4 * 1024 * 1024,   /* per stream and turn, then the others have their turn */
    CIPHER_BYTES = 4 * TLS_RECORD_BYTES, /* enciphered ahead of one system call */
    REQUEST_BYTES_MAX =
        1024 * 1024, /* left to libuv at a time; Windows reports progress only at its end */
};

/* ---- requests ---------------------------------------------------------------------------------
 */

struct stream_request *
stream_request_new(struct stream *stream)
{
    assert(stream->request == NULL);
    struct stream_request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        stream_fail(stream, STATUS_NO_MEMORY, "out of memory");
        return NULL;
    }
    request->stream = stream;
    buffer_init(&request->cipher, SIZE_MAX);
    stream->request = request;
    return request;
}

void
stream_request_free(struct stream_request *request)
{
    request->stream->request = NULL;
    buffer_deinit(&request->cipher);
    free(request);
}

/* ---- accounting -------------------------------------------------------------------------------
 */

size_t
stream_queued_bytes(const struct stream *stream)
{
    size_t queued_bytes = stream->queue.total_bytes;
    if (stream->tls != NULL) {
        queued_bytes += stream->tls->unsent.length;
    }
    if (stream->request != NULL && stream->request->length > 0) {
        /* libuv knows how much of the present request is left. A plain stream has it in its queue,
         * too. */
        size_t left_bytes = uv_stream_get_write_queue_size((const uv_stream_t *)&stream->tcp);
        queued_bytes += left_bytes;
        if (stream->tls == NULL) {
            queued_bytes -= stream->request->length;
        }
    }
    return queued_bytes;
}

bool
stream_is_flushed(const struct stream *stream)
{
    return stream->request == NULL && stream->queue.count == 0 &&
           (stream->tls == NULL || stream->tls->unsent.length == 0);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static void
fail_write(struct stream *stream, int code)
{
    stream_fail(stream, net_error_status(code), net_error_sentence(code));
}

/* As uv_try_write(), which is for several: a fan-out is mostly one slice for each of many. */
static int
try_write_one(struct stream *stream, const uv_buf_t *vector)
{
    uv_os_fd_t descriptor;
    int code = uv_fileno((const uv_handle_t *)&stream->tcp, &descriptor);
    if (code != 0) {
        return code;
    }
    int sent = socket_send((stream_socket)descriptor, vector->base, vector->len);
    return sent < 0 ? uv_translate_sys_error(-sent) : sent;
}

/* Try at once. Returns how much the system took, and fails the stream where it is broken. */
static size_t
try_write(struct stream *stream, const uv_buf_t *vectors, unsigned int count)
{
    int written = count == 1 ? try_write_one(stream, vectors)
                             : uv_try_write((uv_stream_t *)&stream->tcp, vectors, count);
    if (written < 0) {
        if (written != UV_EAGAIN) {
            fail_write(stream, written);
        }
        return 0;
    }
    loop_count_write(stream->loop, (size_t)written);
    return (size_t)written;
}

static void
on_written(uv_write_t *uv_request, int code)
{
    struct stream_request *request = uv_request->data;
    struct stream *stream = request->stream;
    size_t length = request->length;
    loop_entered(stream->loop);
    stream_request_free(request);
    if (stream->state == STREAM_CLOSING) {
        return;
    }
    if (code != 0) {
        fail_write(stream, code);
        return;
    }
    loop_count_write(stream->loop, length);
    if (stream->tls == NULL) {
        slice_queue_consume(&stream->queue, length);
    }
    loop_at_turn_end(stream->loop, &stream->turn_end);
}

/* Leave it to libuv, which calls back when the peer has made room. */
static void
write_later(struct stream *stream, struct stream_request *request, const uv_buf_t *vectors,
            unsigned int count)
{
    request->as.write.data = request;
    int code =
        uv_write(&request->as.write, (uv_stream_t *)&stream->tcp, vectors, count, on_written);
    if (code != 0) {
        stream_request_free(request);
        fail_write(stream, code);
    }
}

static uv_buf_t
vector_of(struct bytes bytes)
{
    /* libuv's type has no const; it only reads. */
    return uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned int)bytes.length);
}

/* ---- plain ------------------------------------------------------------------------------------
 */

/* The front of the queue as vectors, at most ${limit_bytes} (but at least one slice). */
static unsigned int
gather_vectors(struct slice_queue *queue, size_t limit_bytes, uv_buf_t *vectors, size_t *length)
{
    unsigned int count = 0;
    *length = 0;
    while (count < VECTORS_MAX && count < queue->count && (count == 0 || *length < limit_bytes)) {
        struct bytes slice = slice_queue_peek(queue, count);
        /* A vector's length has 32 bits on Windows. */
        slice.length = slice.length > INT32_MAX ? INT32_MAX : slice.length;
        vectors[count++] = vector_of(slice);
        *length += slice.length;
        if (slice.length == INT32_MAX) {
            break;
        }
    }
    return count;
}

static void
flush_plain(struct stream *stream)
{
    uv_buf_t vectors[VECTORS_MAX];
    size_t flushed_bytes = 0;
    size_t length;
    while (stream->queue.count > 0 && flushed_bytes < FLUSH_BYTES_MAX) {
        unsigned int count = gather_vectors(&stream->queue, SIZE_MAX, vectors, &length);
        size_t written = try_write(stream, vectors, count);
        if (stream->state == STREAM_CLOSING) {
            return;
        }
        slice_queue_consume(&stream->queue, written);
        flushed_bytes += written;
        if (written < length) {
            break;
        }
    }
    if (stream->queue.count > 0) {
        struct stream_request *request = stream_request_new(stream);
        if (request != NULL) {
            unsigned int count =
                gather_vectors(&stream->queue, REQUEST_BYTES_MAX, vectors, &request->length);
            write_later(stream, request, vectors, count);
        }
    }
}

/* ---- TLS --------------------------------------------------------------------------------------
 */

/* Encipher the next record: a full one where there is enough, gathered from several slices if need
 * be. */
static enum status
encipher_record(struct stream *stream, struct buffer *cipher)
{
    struct slice_queue *queue = &stream->queue;
    struct bytes front = slice_queue_peek(queue, 0);
    uint8_t gathered[TLS_RECORD_BYTES];
    if (front.length < TLS_RECORD_BYTES && queue->count > 1) {
        size_t length = 0;
        for (uint32_t i = 0; i < queue->count && length < sizeof gathered; i++) {
            struct bytes part = slice_queue_peek(queue, i);
            part = bytes_slice(part, 0, sizeof gathered - length);
            memcpy(gathered + length, part.data, part.length);
            length += part.length;
        }
        front = bytes_from(gathered, length);
    }
    front = bytes_slice(front, 0, TLS_RECORD_BYTES);
    enum status status = tls_session_send(stream->tls->session, front, cipher);
    if (status == STATUS_OK) {
        slice_queue_consume(queue, front.length);
    }
    return status;
}

/* Fill ${cipher} with what should leave next. */
static enum status
encipher_some(struct stream *stream, struct buffer *cipher)
{
    struct stream_tls *tls = stream->tls;
    enum status status = buffer_append(cipher, buffer_bytes(&tls->unsent));
    buffer_deinit(&tls->unsent);
    if (!tls_session_is_open(tls->session)) {
        return status;
    }
    while (status == STATUS_OK && stream->queue.count > 0 && cipher->length < CIPHER_BYTES) {
        status = encipher_record(stream, cipher);
    }
    if (status == STATUS_OK && stream->queue.count == 0 && stream->state == STREAM_FINISHING) {
        tls_session_finish(tls->session, cipher);
    }
    return status;
}

static void
write_cipher_later(struct stream *stream, struct bytes rest)
{
    struct stream_request *request = stream_request_new(stream);
    if (request == NULL) {
        return;
    }
    if (buffer_append(&request->cipher, rest) != STATUS_OK) {
        stream_request_free(request);
        stream_fail(stream, STATUS_NO_MEMORY, "out of memory");
        return;
    }
    request->length = rest.length;
    uv_buf_t vector = vector_of(buffer_bytes(&request->cipher));
    write_later(stream, request, &vector, 1);
}

static void
flush_tls(struct stream *stream)
{
    struct buffer *cipher = loop_cipher_scratch(stream->loop);
    size_t flushed_bytes = 0;
    while (stream->request == NULL && stream->state != STREAM_CLOSING) {
        enum status status = encipher_some(stream, cipher);
        struct bytes rest = buffer_bytes(cipher);
        if (status != STATUS_OK) {
            stream_fail(stream, status, status_sentence(status));
        }
        if (rest.length == 0 || stream->state == STREAM_CLOSING) {
            break;
        }
        uv_buf_t vector = vector_of(rest);
        size_t written = flushed_bytes < FLUSH_BYTES_MAX ? try_write(stream, &vector, 1) : 0;
        flushed_bytes += written;
        if (written < rest.length && stream->state != STREAM_CLOSING) {
            write_cipher_later(stream, bytes_after(rest, written));
        }
        buffer_clear(cipher);
    }
    buffer_clear(cipher);
}

/* ---- the queue --------------------------------------------------------------------------------
 */

void
stream_flush(struct stream *stream)
{
    if (stream->request != NULL || stream->state == STREAM_CONNECTING ||
        stream->state == STREAM_CONNECTED || stream->state == STREAM_CLOSING) {
        return;
    }
    if (stream->tls == NULL) {
        flush_plain(stream);
    } else {
        flush_tls(stream);
    }
}

void
stream_write_slice(struct stream *stream, struct payload_slice slice)
{
    if (stream->state >= STREAM_FINISHING) {
        return;
    }
    if (slice_queue_push(&stream->queue, slice) != STATUS_OK) {
        stream_fail(stream, STATUS_NO_MEMORY, "out of memory");
        return;
    }
    if (stream_queued_bytes(stream) > stream->queue_limit_bytes) {
        /* Much may have been written in this turn already, to a peer that would have taken it. */
        stream_flush(stream);
        if (stream->state == STREAM_CLOSING) {
            return;
        }
        if (stream_queued_bytes(stream) > stream->queue_limit_bytes) {
            stream_fail(stream, STATUS_LIMIT, "slow-consumer");
            return;
        }
    }
    if (stream_queued_bytes(stream) > stream->queue_high_bytes) {
        stream->is_full = true;
    }
    loop_at_turn_end(stream->loop, &stream->turn_end);
}
