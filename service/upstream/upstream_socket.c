/* SPDX-License-Identifier: MIT */
#include "service/upstream/upstream_socket.h"

#include <assert.h>
#include <stdlib.h>

enum status
upstream_socket_open(struct upstream *upstream, struct upstream_dialer *dialer,
                     const struct upstream_settings *settings, struct upstream_call *call,
                     struct upstream_socket **out)
{
    struct upstream_socket *socket = calloc(1, sizeof(*socket));
    enum status status = STATUS_NO_MEMORY;

    if (socket != NULL) {
        socket->parser = http_response_parser_new(UPSTREAM_REPLY_BYTES_MAX);
    }
    if (socket != NULL && socket->parser != NULL) {
        socket->upstream = upstream;
        status = dialer->operations->dial(dialer, settings, socket, &socket->sink);
    }
    if (status != STATUS_OK) {
        http_response_parser_free(socket != NULL ? socket->parser : NULL);
        free(socket);
        return status;
    }
    upstream_socket_send(socket, call);
    *out = socket;
    return STATUS_OK;
}

void
upstream_socket_send(struct upstream_socket *socket, struct upstream_call *call)
{
    assert(socket->call == NULL);
    socket->call = call;
    http_response_parser_next(socket->parser);
    sink_write(socket->sink, payload_whole(call->request));
}

void
upstream_socket_let_go(struct upstream_socket *socket, const char *reason)
{
    socket->upstream = NULL;
    socket->call = NULL;
    if (socket->sink != NULL) {
        sink_close(socket->sink, reason);
    }
}

void
upstream_socket_opened(struct upstream_socket *socket)
{
    socket->is_open = true;
}

void
upstream_socket_receive(struct upstream_socket *socket, struct bytes input)
{
    if (socket->upstream == NULL) {
        return;
    }
    enum status status = STATUS_PROTOCOL;
    if (socket->call != NULL) {
        status = http_response_parser_feed(socket->parser, &input);
    }
    if (status == STATUS_NEED_MORE) {
        return;
    }
    /* Whatever follows an answer answers nothing. */
    if (status == STATUS_OK && input.length > 0) {
        status = STATUS_PROTOCOL;
    }
    upstream_on_answer(socket->upstream, socket, status);
}

void
upstream_socket_closed(struct upstream_socket *socket, enum status status, const char *reason)
{
    socket->sink = NULL;
    if (socket->upstream != NULL && socket->call != NULL && status == STATUS_CLOSED &&
        http_response_parser_end(socket->parser) == STATUS_OK) {
        upstream_on_answer(socket->upstream, socket, STATUS_OK);
    }
    if (socket->upstream != NULL) {
        upstream_on_socket_lost(socket->upstream, socket, status, reason);
    }
    http_response_parser_free(socket->parser);
    free(socket);
}
