/* SPDX-License-Identifier: MIT */
#include "common/net/listener.h"

#include "common/net/loop_uv.h"
#include "common/net/net_address.h"
#include "common/net/net_error.h"
#include "common/net/socket.h"

#include <uv.h>

#include <stdlib.h>
#include <string.h>

enum {
    ACCEPTS_PER_TURN = 64, /* then the other sockets of the loop have their turn */
    ACCEPTS_WHEN_CLOSED =
        4096,       /* a bound for the drain: strangers may connect faster than we accept */
    RETRY_MS = 250, /* out of descriptors, the poll would spin */
};

/* The listening socket stays outside libuv's stream machinery: on Windows an accepted socket can be
 * handed to another loop only before any loop has met it. */
struct listener {
    struct loop *loop;
    const struct listener_handler *handler;
    void *owner;
    stream_socket socket;
    uv_poll_t poll;
    struct timer retry;
    struct log_limit limit;
    uint16_t port;
    bool is_closing;
    char *path; /* of a Unix socket, removed at the end */
};

static void retry_accepting(struct timer *timer);

static void
stop_for_a_while(struct listener *listener)
{
    uint64_t suppressed;
    (void)uv_poll_stop(&listener->poll);
    timer_start(loop_timers(listener->loop), &listener->retry, RETRY_MS, retry_accepting);
    if (log_allows(&listener->limit, loop_clock(listener->loop)->now_ms, &suppressed)) {
        log_error(loop_log(listener->loop), "listener",
                  "No more connections can be accepted: out of file descriptors or memory;"
                  " raise the limit (ulimit -n, LimitNOFILE) port=%u suppressed=%llu",
                  listener->port, (unsigned long long)suppressed);
    }
}

/* Accept at most ${most} of those that wait. False when descriptors ran out. */
static bool
accept_waiting(struct listener *listener, int most, bool is_draining)
{
    for (int i = 0; i < most; i++) {
        stream_socket socket;
        enum status status = socket_accept(listener->socket, &socket);
        if (status == STATUS_OK) {
            listener->handler->on_socket(listener->owner, socket);
        } else if (status == STATUS_LIMIT) {
            return false;
        } else if (status != STATUS_CLOSED) {
            break;
        }
        if (listener->is_closing && !is_draining) {
            break; /* closed inside on_socket: listener_close() has accepted the rest */
        }
    }
    return true;
}

static void
on_readable(uv_poll_t *poll, int code, int events)
{
    struct listener *listener = poll->data;
    (void)events;
    loop_entered(listener->loop);
    if (code != 0) {
        log_error(loop_log(listener->loop), "listener",
                  "Waiting for connections failed: %s port=%u", net_error_sentence(code),
                  listener->port);
    }
    if (!accept_waiting(listener, ACCEPTS_PER_TURN, false) && !listener->is_closing) {
        stop_for_a_while(listener);
    }
}

static void
retry_accepting(struct timer *timer)
{
    struct listener *listener = CONTAINER_OF(timer, struct listener, retry);
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

static void
free_listener(struct listener *listener)
{
    socket_close(listener->socket);
    if (listener->path != NULL) {
        socket_remove_unix(listener->path);
    }
    free(listener->path);
    free(listener);
}

static void
on_poll_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    const struct listener_handler *handler = listener->handler;
    void *owner = listener->owner;
    loop_entered(listener->loop);
    free_listener(listener);
    if (handler->on_closed != NULL) {
        handler->on_closed(owner);
    }
}

static enum status
bind_name(struct loop *loop, const char *host, const char *port, stream_socket *out)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    uv_getaddrinfo_t request;
    enum status status = STATUS_UNREACHABLE;
    /* Without a callback the call is synchronous, which is right at start-up. */
    int code = uv_getaddrinfo(loop_uv(loop), &request, NULL, host, port, &hints);
    if (code != 0) {
        return net_error_status(code);
    }
    for (struct addrinfo *info = request.addrinfo; info != NULL; info = info->ai_next) {
        status = socket_listen(info->ai_addr, out);
        if (status == STATUS_OK) {
            break;
        }
    }
    uv_freeaddrinfo(request.addrinfo);
    return status;
}

static enum status
bind_address(struct loop *loop, const struct net_address *address, stream_socket *out)
{
    if (strcmp(address->host, "*") != 0) {
        return bind_name(loop, address->host, address->port, out);
    }
    /* Both families on one socket; without IPv6 in the system, IPv4 alone. */
    enum status status = bind_name(loop, "::", address->port, out);
    return status == STATUS_UNREACHABLE ? bind_name(loop, "0.0.0.0", address->port, out) : status;
}

static enum status
open_socket(struct listener *listener, const char *text)
{
    struct net_address address;
    enum status status = net_address_parse(text, &address);
    if (status != STATUS_OK) {
        return status;
    }
    if (!address.is_unix) {
        return bind_address(listener->loop, &address, &listener->socket);
    }
    listener->path = bytes_duplicate(bytes_from_string(address.host));
    if (listener->path == NULL) {
        return STATUS_NO_MEMORY;
    }
    status = socket_listen_unix(listener->path, &listener->socket);
    if (status != STATUS_OK) {
        free(listener->path);
        listener->path = NULL;
    }
    return status;
}

enum status
listener_open(struct loop *loop, const char *address, const struct listener_handler *handler,
              void *owner, struct listener **out)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        return STATUS_NO_MEMORY;
    }
    listener->loop = loop;
    enum status status = open_socket(listener, address);
    if (status != STATUS_OK) {
        free(listener);
        return status;
    }
    listener->handler = handler;
    listener->owner = owner;
    listener->port = socket_port(listener->socket);
    int code = uv_poll_init_socket(loop_uv(loop), &listener->poll, (uv_os_sock_t)listener->socket);
    if (code != 0) {
        free_listener(listener);
        return net_error_status(code);
    }
    listener->poll.data = listener;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    *out = listener;
    return STATUS_OK;
}

void
listener_explain(enum status status, const char *address, const char *option,
                 struct buffer *problem)
{
    switch (status) {
    case STATUS_ADDRESS_IN_USE:
        (void)buffer_append_format(problem,
                                   "another program listens on %s already; stop it, or change %s",
                                   address, option);
        break;
    case STATUS_UNREACHABLE:
        (void)buffer_append_format(
            problem, "cannot listen on %s: that is not an address of this machine; correct %s",
            address, option);
        break;
    case STATUS_DENIED:
        (void)buffer_append_format(
            problem,
            "may not listen on %s: ports below 1024 need the right to (CAP_NET_BIND_SERVICE); "
            "grant it, or change %s",
            address, option);
        break;
    default:
        (void)buffer_append_format(problem, "cannot listen on %s: %s; correct %s", address,
                                   status_sentence(status), option);
        break;
    }
}

void
listener_close(struct listener *listener)
{
    if (listener == NULL || listener->is_closing) {
        return;
    }
    listener->is_closing = true;
    timer_stop(loop_timers(listener->loop), &listener->retry);
    (void)uv_poll_stop(&listener->poll);
    /* Those who have connected already would be reset when the socket closes. */
    (void)accept_waiting(listener, ACCEPTS_WHEN_CLOSED, true);
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
}

uint16_t
listener_port(const struct listener *listener)
{
    return listener->port;
}

void
listener_reject(stream_socket socket)
{
    socket_close(socket);
}
