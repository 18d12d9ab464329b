/* SPDX-License-Identifier: MIT */
#include "service/node/client_sockets.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/net/listener.h"
#include "service/node/service_metrics.h"

struct client_socket {
    struct list_node node;
    struct client_sockets *sockets;
    struct stream *stream;
    struct http_connection *http; /* NULL until the stream is open */
    struct client_place *place;   /* NULL: a proxy's, or nobody counts */
};

static void
count(struct client_sockets *sockets, int difference)
{
    sockets->count += (size_t)difference;
    if (sockets->metrics != NULL) {
        metrics_add(sockets->metrics, SERVICE_METRIC_HTTP_CONNECTIONS, difference);
    }
}

static void
on_open(void *owner, struct stream *stream)
{
    struct client_socket *client = owner;

    if (http_connection_new(client->sockets->server, stream_sink(stream),
                            stream_peer_address(stream), client->sockets->tls != NULL,
                            &client->http) != STATUS_OK) {
        stream_close(stream, "out-of-memory");
    } else if (client->sockets->is_draining) {
        http_connection_drain(client->http);
    }
}

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct client_socket *client = owner;

    (void)stream;
    if (client->http != NULL) {
        http_connection_receive(client->http, input);
    }
}

static void
on_drained(void *owner, struct stream *stream)
{
    struct client_socket *client = owner;

    (void)stream;
    if (client->http != NULL) {
        http_connection_drained(client->http);
    }
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    struct client_socket *client = owner;
    struct client_sockets *sockets = client->sockets;

    log_debug(loop_log(sockets->loop), "client", "closed: %s status=%s", reason,
              status_name(status));
    if (client->http != NULL) {
        http_connection_closed(client->http, reason);
    }
    client_limits_leave(sockets->limits, client->place);
    list_remove(&client->node);
    free(client);
    count(sockets, -1);
    if (sockets->is_draining && sockets->count == 0) {
        sockets->on_empty(sockets->owner);
    }
}

static const struct stream_handler handler = {
    .on_open = on_open,
    .on_data = on_data,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

void
client_sockets_init(struct client_sockets *sockets, struct loop *loop, struct tls_context *tls,
                    struct http_server *server, void (*on_empty)(void *owner), void *owner)
{
    *sockets = (struct client_sockets){
        .loop = loop, .tls = tls, .server = server, .on_empty = on_empty, .owner = owner};
    list_init(&sockets->list);
}

/* Proxies bring everybody, and count for nobody. False: its address has too many already. */
static bool
take_place(struct client_socket *client)
{
    struct client_sockets *sockets = client->sockets;
    struct bytes address;
    uint64_t suppressed;

    if (sockets->limits == NULL ||
        http_forwarded_is_proxy(bytes_from_string(stream_peer_address(client->stream)),
                                sockets->proxies, &address) ||
        client_limits_take(sockets->limits, address, BYTES_NONE, false, &client->place) ==
            CLIENT_LIMITS_GRANTED) {
        return true;
    }
    metrics_add(sockets->metrics, SERVICE_METRIC_SOCKETS_REFUSED, 1);
    if (log_allows(&sockets->refusal_limit, loop_clock(sockets->loop)->now_ms, &suppressed)) {
        log_warn(loop_log(sockets->loop), "client",
                 "a socket was refused: its address has too many open address=%.*s "
                 "suppressed=%" PRIu64,
                 BYTES_PRINTF(address), suppressed);
    }
    return false;
}

void
client_sockets_add(struct client_sockets *sockets, stream_socket socket)
{
    struct stream_options options = {
        .tls = sockets->tls,
        /* What waits for a client is bounded above: by send_queue_max, which is counted and logged;
         * besides that by the one replay a client is sent, or by answers, behind which no further
         * request is read. */
        .queue_limit_bytes = SIZE_MAX,
    };
    struct client_socket *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        listener_reject(socket);
        return;
    }
    client->sockets = sockets;
    list_append(&sockets->list, &client->node);
    count(sockets, 1);
    if (stream_open_accepted(sockets->loop, socket, &options, &handler, client, &client->stream) !=
        STATUS_OK) {
        list_remove(&client->node);
        count(sockets, -1);
        free(client);
    } else if (!take_place(client)) {
        stream_close(client->stream, "too-many-sockets");
    }
}

void
client_sockets_drain(struct client_sockets *sockets)
{
    sockets->is_draining = true;
    LIST_FOR_EACH (node, &sockets->list) {
        struct client_socket *client = CONTAINER_OF(node, struct client_socket, node);
        if (client->http != NULL) {
            http_connection_drain(client->http);
        }
    }
}

void
client_sockets_close(struct client_sockets *sockets, const char *reason)
{
    sockets->is_draining = true;
    LIST_FOR_EACH (node, &sockets->list) {
        stream_close(CONTAINER_OF(node, struct client_socket, node)->stream, reason);
    }
}
