/* SPDX-License-Identifier: MIT */
#include "tests/integration/bridge_proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/dialer.h"
#include "tests/support/test.h"

/* Both halves of one connection; gone when both are. */
struct wire {
    struct list_node node;
    struct bridge_proxy *proxy;
    struct stream *client;
    struct stream *server;
    struct buffer waiting; /* from the client, until the server is there */
    bool is_server_open;
    bool drops_answers;
};

static void
close_wire(struct wire *wire)
{
    if (wire->client != NULL) {
        stream_close(wire->client, "wire");
    }
    if (wire->server != NULL) {
        stream_close(wire->server, "wire");
    }
}

static void
forget_wire(struct wire *wire)
{
    close_wire(wire);
    if (wire->client == NULL && wire->server == NULL) {
        list_remove(&wire->node);
        buffer_deinit(&wire->waiting);
        free(wire);
    }
}

static void
on_client_data(void *owner, struct stream *stream, struct bytes input)
{
    struct wire *wire = owner;
    struct bridge_proxy *proxy = wire->proxy;

    (void)stream;
    if (proxy->is_frozen || wire->server == NULL) {
        return;
    }
    if (proxy->swallows != NULL &&
        memmem(input.data, input.length, proxy->swallows, strlen(proxy->swallows)) != NULL) {
        proxy->swallows = NULL;
        proxy->swallowed_count++;
        wire->drops_answers = true;
    }
    if (wire->is_server_open) {
        sink_write_bytes(stream_sink(wire->server), input);
    } else {
        (void)buffer_append(&wire->waiting, input);
    }
}

static void
on_client_closed(void *owner, enum status status, const char *reason)
{
    struct wire *wire = owner;

    (void)status;
    (void)reason;
    wire->client = NULL;
    forget_wire(wire);
}

static void
on_server_open(void *owner, struct stream *stream)
{
    struct wire *wire = owner;

    wire->is_server_open = true;
    sink_write_bytes(stream_sink(stream), buffer_bytes(&wire->waiting));
}

static void
on_server_data(void *owner, struct stream *stream, struct bytes input)
{
    struct wire *wire = owner;

    (void)stream;
    if (wire->proxy->is_frozen) {
        return;
    }
    if (wire->drops_answers) {
        close_wire(wire);
    } else if (wire->client != NULL) {
        sink_write_bytes(stream_sink(wire->client), input);
    }
}

static void
on_server_closed(void *owner, enum status status, const char *reason)
{
    struct wire *wire = owner;

    (void)status;
    (void)reason;
    wire->server = NULL;
    forget_wire(wire);
}

static const struct stream_handler client_handler = {
    .on_data = on_client_data,
    .on_closed = on_client_closed,
};

static const struct stream_handler server_handler = {
    .on_open = on_server_open,
    .on_data = on_server_data,
    .on_closed = on_server_closed,
};

static void
on_socket(void *owner, stream_socket socket)
{
    const struct stream_options options = {.tls = NULL};
    struct bridge_proxy *proxy = owner;
    struct wire *wire = calloc(1, sizeof(*wire));

    assert_non_null(wire);
    wire->proxy = proxy;
    buffer_init(&wire->waiting, SIZE_MAX);
    list_append(&proxy->wires, &wire->node);
    assert_status(stream_open_accepted(proxy->loop, socket, &options, &client_handler, wire,
                                       &wire->client),
                  STATUS_OK);
    assert_status(dialer_open(proxy->loop, proxy->target, 5000, &options, &server_handler, wire,
                              &wire->server),
                  STATUS_OK);
}

static void
on_listener_closed(void *owner)
{
    struct bridge_proxy *proxy = owner;

    proxy->listener = NULL;
}

static const struct listener_handler listener_handler = {
    .on_socket = on_socket,
    .on_closed = on_listener_closed,
};

void
bridge_proxy_open(struct bridge_proxy *proxy, struct loop *loop, uint16_t target_port)
{
    *proxy = (struct bridge_proxy){.loop = loop};
    list_init(&proxy->wires);
    snprintf(proxy->target, sizeof(proxy->target), "127.0.0.1:%u", target_port);
    assert_status(listener_open(loop, "127.0.0.1:0", &listener_handler, proxy, &proxy->listener),
                  STATUS_OK);
}

void
bridge_proxy_cut(struct bridge_proxy *proxy)
{
    LIST_FOR_EACH (node, &proxy->wires) {
        close_wire(CONTAINER_OF(node, struct wire, node));
    }
}

void
bridge_proxy_close(struct bridge_proxy *proxy)
{
    listener_close(proxy->listener);
    bridge_proxy_cut(proxy);
}

uint16_t
bridge_proxy_port(const struct bridge_proxy *proxy)
{
    return listener_port(proxy->listener);
}
