/* SPDX-License-Identifier: MIT */
#include "common/net/dialer.h"

#include "common/net/net_address.h"
#include "common/net/net_error.h"
#include "common/net/socket.h"
#include "common/net/stream_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lives from dialer_open() until the stream is connected or gone; the resolver may outlast the
 * stream. */
struct dialer {
    struct loop *loop;
    struct stream *stream; /* NULL = gone */
    uv_getaddrinfo_t request;
    bool is_resolving;
    struct addrinfo *addresses;
    struct addrinfo *next; /* the one to try next */
    uint64_t deadline_ms;
};

static void
free_dialer(struct dialer *dialer)
{
    if (dialer->addresses != NULL) {
        uv_freeaddrinfo(dialer->addresses);
    }
    free(dialer);
}

void
dialer_detach(struct dialer *dialer)
{
    dialer->stream = NULL;
    if (dialer->is_resolving) {
        /* Fails when a thread is at it already; the callback comes in any case. */
        (void)uv_cancel((uv_req_t *)&dialer->request);
        return;
    }
    free_dialer(dialer);
}

static void
fail(struct stream *stream, int code)
{
    enum status status = net_error_status(code);
    /* A peer that resets at once is as good as none. */
    stream_fail(stream, status == STATUS_CLOSED ? STATUS_UNREACHABLE : status,
                net_error_sentence(code));
}

/* ---- one attempt after the other --------------------------------------------------------------
 */

static void try_next(struct dialer *dialer, int last_error);

/* libuv cannot connect the same handle twice: it is closed and made anew. */
static void
on_attempt_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    loop_entered(stream->loop);
    if (stream->state == STREAM_CLOSING) {
        stream_on_handle_closed(handle);
        return;
    }
    struct dialer *dialer = stream->dialer;
    (void)uv_tcp_init(loop_uv(stream->loop), &stream->tcp);
    try_next(dialer, stream->attempt_error);
}

static void
give_up_attempt(struct stream *stream, int code)
{
    stream->attempt_error = code;
    timer_stop(loop_timers(stream->loop), &stream->timer);
    uv_close((uv_handle_t *)&stream->tcp, on_attempt_closed);
}

static void
attempt_timed_out(struct timer *timer)
{
    struct stream *stream = CONTAINER_OF(timer, struct stream, timer);
    const struct dialer *dialer = stream->dialer;
    if (dialer->next == NULL || loop_clock(stream->loop)->now_ms >= dialer->deadline_ms) {
        stream_fail(stream, STATUS_TIMED_OUT, "the peer did not answer in time");
        return;
    }
    give_up_attempt(stream, UV_ETIMEDOUT);
}

/* What is left of the time-out, and never 0. */
static uint32_t
remaining_ms(const struct dialer *dialer)
{
    uint64_t now_ms = loop_clock(dialer->loop)->now_ms;
    return now_ms < dialer->deadline_ms ? (uint32_t)(dialer->deadline_ms - now_ms) : 1;
}

static void
on_connected(uv_connect_t *uv_request, int code)
{
    struct stream_request *request = uv_request->data;
    struct stream *stream = request->stream;
    loop_entered(stream->loop);
    stream_request_free(request);
    if (stream->state == STREAM_CLOSING || uv_is_closing((const uv_handle_t *)&stream->tcp)) {
        return; /* the stream was closed, or this attempt took too long */
    }
    if (code != 0) {
        give_up_attempt(stream, code);
        return;
    }
    struct dialer *dialer = stream->dialer;
    uint32_t left_ms = remaining_ms(dialer);
    if (left_ms < stream->handshake_timeout_ms) {
        stream->handshake_timeout_ms = left_ms;
    }
    stream->dialer = NULL;
    free_dialer(dialer);
    timer_stop(loop_timers(stream->loop), &stream->timer);
    stream_socket_connected(stream);
}

/* Each address gets its share of the time that is left, so that a silent one does not use up all of
 * it. */
static void
start_attempt_timer(struct dialer *dialer)
{
    uint32_t left_ms = remaining_ms(dialer);
    uint32_t shares = 1;
    for (const struct addrinfo *info = dialer->next; info != NULL; info = info->ai_next) {
        shares++;
    }
    timer_start(loop_timers(dialer->loop), &dialer->stream->timer, left_ms / shares,
                attempt_timed_out);
}

static void
try_next(struct dialer *dialer, int last_error)
{
    struct stream *stream = dialer->stream;
    const struct addrinfo *info = dialer->next;
    if (info == NULL) {
        fail(stream, last_error);
        return;
    }
    dialer->next = info->ai_next;
    struct stream_request *request = stream_request_new(stream);
    if (request == NULL) {
        return;
    }
    request->as.connect.data = request;
    int code = uv_tcp_connect(&request->as.connect, &stream->tcp, info->ai_addr, on_connected);
    if (code != 0) {
        stream_request_free(request);
        give_up_attempt(stream, code);
        return;
    }
    start_attempt_timer(dialer);
}

/* ---- the name ---------------------------------------------------------------------------------
 */

static void
resolving_timed_out(struct timer *timer)
{
    struct stream *stream = CONTAINER_OF(timer, struct stream, timer);
    stream_fail(stream, STATUS_TIMED_OUT, "the host name was not resolved in time");
}

static void
on_resolved(uv_getaddrinfo_t *request, int code, struct addrinfo *addresses)
{
    struct dialer *dialer = request->data;
    loop_entered(dialer->loop);
    dialer->is_resolving = false;
    dialer->addresses = dialer->next = addresses;
    if (dialer->stream == NULL) {
        free_dialer(dialer);
        return;
    }
    timer_stop(loop_timers(dialer->loop), &dialer->stream->timer);
    if (code != 0) {
        fail(dialer->stream, code);
        return;
    }
    try_next(dialer, UV_EAI_NODATA);
}

static void
resolve(struct dialer *dialer, const struct net_address *address)
{
    struct stream *stream = dialer->stream;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    /* An address needs no resolver thread. */
    int code = uv_getaddrinfo(loop_uv(dialer->loop), &dialer->request, NULL, address->host,
                              address->port, &hints);
    if (code == 0) {
        dialer->addresses = dialer->next = dialer->request.addrinfo;
        try_next(dialer, UV_EAI_NODATA);
        return;
    }
    hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
    dialer->request.data = dialer;
    dialer->is_resolving = true;
    code = uv_getaddrinfo(loop_uv(dialer->loop), &dialer->request, on_resolved, address->host,
                          address->port, &hints);
    if (code != 0) {
        dialer->is_resolving = false;
        fail(stream, code);
        return;
    }
    timer_start(loop_timers(dialer->loop), &stream->timer, remaining_ms(dialer),
                resolving_timed_out);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void
connect_unix(struct stream *stream, const char *path)
{
    stream_socket socket;
    enum status status = socket_connect_unix(path, &socket);
    if (status != STATUS_OK) {
        stream_fail(stream, status, status_sentence(status));
        return;
    }
    int code = uv_tcp_open(&stream->tcp, (uv_os_sock_t)socket);
    if (code != 0) {
        socket_close(socket);
        fail(stream, code);
        return;
    }
    stream_socket_connected(stream);
}

static enum status
begin(struct stream *stream, const struct net_address *address, uint32_t timeout_ms)
{
    if (address->is_unix) {
        connect_unix(stream, address->host);
        return STATUS_OK;
    }
    struct dialer *dialer = calloc(1, sizeof *dialer);
    if (dialer == NULL) {
        return STATUS_NO_MEMORY;
    }
    dialer->loop = stream->loop;
    dialer->stream = stream;
    dialer->deadline_ms = loop_clock(stream->loop)->now_ms + timeout_ms;
    stream->dialer = dialer;
    resolve(dialer, address);
    return STATUS_OK;
}

enum status
dialer_open(struct loop *loop, const char *address, uint32_t timeout_ms,
            const struct stream_options *options, const struct stream_handler *handler, void *owner,
            struct stream **out)
{
    struct net_address parsed;
    struct stream *stream;
    enum status status = net_address_parse(address, &parsed);
    if (status != STATUS_OK) {
        return status;
    }
    status = stream_new(loop, options, handler, owner, &stream);
    if (status != STATUS_OK) {
        return status;
    }
    int code = uv_tcp_init(loop_uv(loop), &stream->tcp);
    if (code != 0) {
        stream_discard(stream);
        return net_error_status(code);
    }
    /* Called from outside a turn, the clock may be old. */
    loop_entered(loop);
    status = begin(stream, &parsed, timeout_ms);
    if (status != STATUS_OK) {
        stream->is_silent = true;
        stream_fail(stream, status, status_sentence(status));
        return status;
    }
    *out = stream;
    return STATUS_OK;
}
