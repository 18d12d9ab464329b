/* SPDX-License-Identifier: MIT */
#include "service/node/redis_doors.h"

#include <stdlib.h>

#include "common/base/list.h"
#include "common/net/listener.h"
#include "service/backplane/backplane.h"
#include "service/node/acceptor.h"
#include "service/node/service_metrics.h"
#include "service/redis_endpoint/redis_session.h"

/* What a client may leave unread before it is closed, as Redis does with subscribers. */
enum { UNREAD_MAX_BYTES = 8 * 1024 * 1024 };

/* One address. */
struct redis_entrance {
    struct redis_doors *doors;
    size_t door;
    struct acceptor *acceptor;
};

struct redis_doors {
    struct redis_doors_options options;
    struct redis_endpoint *endpoint;
    struct redis_entrance *entrances;
    size_t entrance_count; /* made so far */
    size_t open_count;     /* acceptors that are not closed yet */
    bool is_draining;
    struct list clients;
    size_t client_count;
    void (*on_closed)(void *owner);
    void *owner;
};

struct redis_client {
    struct list_node node;
    struct redis_doors *doors;
    size_t door;
    struct stream *stream;
    struct redis_session *session; /* NULL until the stream is open */
};

static void
tell_if_closed(struct redis_doors *doors)
{
    void (*on_closed)(void *) = doors->on_closed;

    if (on_closed != NULL && doors->open_count == 0 && doors->client_count == 0) {
        doors->on_closed = NULL;
        on_closed(doors->owner);
    }
}

/* ---- a client ---- */

static void
on_open(void *owner, struct stream *stream)
{
    struct redis_client *client = owner;
    struct redis_doors *doors = client->doors;

    if (doors->client_count > REDIS_DOORS_CONNECTIONS_MAX) {
        log_warn(doors->options.log, "redis", "too many connections; one is refused peer=%s",
                 stream_peer_address(stream));
        sink_write_bytes(stream_sink(stream), BYTES("-ERR max number of clients reached\r\n"));
        sink_finish(stream_sink(stream), "too-many");
    } else if (redis_session_new(doors->endpoint, client->door, stream_sink(stream),
                                 &client->session) != STATUS_OK) {
        stream_close(stream, "out-of-memory");
    }
}

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct redis_client *client = owner;

    (void)stream;
    if (client->session != NULL) {
        redis_session_receive(client->session, input);
    }
}

static void
on_client_closed(void *owner, enum status status, const char *reason)
{
    struct redis_client *client = owner;
    struct redis_doors *doors = client->doors;

    if (status == STATUS_LIMIT) {
        metrics_add(doors->options.metrics, SERVICE_METRIC_REDIS_SLOW_CONSUMERS, 1);
        log_warn(doors->options.log, "redis",
                 "closed: an application does not read what it has subscribed to; it reconnects "
                 "but misses what came meanwhile reason=%s address=%s",
                 reason, doors->options.doors[client->door].address);
    } else {
        log_info(doors->options.log, "redis", "closed: %s status=%s address=%s", reason,
                 status_name(status), doors->options.doors[client->door].address);
    }
    if (client->session != NULL) {
        redis_session_closed(client->session);
    }
    list_remove(&client->node);
    free(client);
    doors->client_count--;
    metrics_add(doors->options.metrics, SERVICE_METRIC_REDIS_CONNECTIONS, -1);
    tell_if_closed(doors);
}

static const struct stream_handler handler = {
    .on_open = on_open,
    .on_data = on_data,
    .on_closed = on_client_closed,
};

static void
take_socket(void *owner, size_t worker, stream_socket socket)
{
    static const struct stream_options options = {.queue_limit_bytes = UNREAD_MAX_BYTES};
    struct redis_entrance *entrance = owner;
    struct redis_doors *doors = entrance->doors;
    struct redis_client *client = calloc(1, sizeof(*client));

    (void)worker;
    if (client == NULL || doors->is_draining) {
        free(client);
        listener_reject(socket);
        return;
    }
    client->doors = doors;
    client->door = entrance->door;
    if (stream_open_accepted(doors->options.loop, socket, &options, &handler, client,
                             &client->stream) != STATUS_OK) {
        free(client);
        return;
    }
    list_append(&doors->clients, &client->node);
    doors->client_count++;
    metrics_add(doors->options.metrics, SERVICE_METRIC_REDIS_CONNECTIONS, 1);
}

/* ---- the addresses ---- */

static enum status
open_entrance(struct redis_doors *doors, size_t door, struct buffer *problem)
{
    struct redis_entrance *entrance = &doors->entrances[door];
    struct acceptor_options options = {
        .loop = doors->options.loop,
        .addresses = doors->options.doors[door].address,
        .option = "redis in the [app] section",
        .worker_count = 1,
        .hand_over = take_socket,
        .owner = entrance,
    };

    *entrance = (struct redis_entrance){.doors = doors, .door = door};
    enum status status = acceptor_new(&options, problem, &entrance->acceptor);
    if (entrance->acceptor != NULL) {
        doors->entrance_count++;
        doors->open_count++;
    }
    if (status == STATUS_OK) {
        log_info(doors->options.log, "redis", "listening address=%s port=%u",
                 doors->options.doors[door].address, acceptor_port(entrance->acceptor));
    }
    return status;
}

enum status
redis_doors_new(const struct redis_doors_options *options, struct buffer *problem,
                struct redis_doors **out)
{
    struct redis_doors *doors = calloc(1, sizeof(*doors));
    struct redis_endpoint_options endpoint = {
        .timers = loop_timers(options->loop),
        .log = options->log,
        .metrics = {options->metrics, SERVICE_METRIC_REDIS_FAILED},
        .port = options->port,
        .doors = options->doors,
        .door_count = options->door_count,
        .apps = options->apps,
        .app_count = options->app_count,
    };

    *out = doors;
    if (doors == NULL) {
        return STATUS_NO_MEMORY;
    }
    doors->options = *options;
    list_init(&doors->clients);
    doors->entrances = calloc(options->door_count, sizeof(*doors->entrances));
    enum status status = doors->entrances == NULL ? STATUS_NO_MEMORY
                                                  : redis_endpoint_new(&endpoint, &doors->endpoint);
    if (status == STATUS_OK) {
        backplane_port_set_handler(options->port, &redis_endpoint_port_handler,
                                   loop_clock(options->loop), doors->endpoint);
    }
    for (size_t i = 0; status == STATUS_OK && i < options->door_count; i++) {
        status = open_entrance(doors, i, problem);
    }
    return status;
}

static void
on_acceptor_closed(void *owner)
{
    struct redis_doors *doors = owner;

    doors->open_count--;
    tell_if_closed(doors);
}

void
redis_doors_drain(struct redis_doors *doors)
{
    if (doors->is_draining) {
        return;
    }
    doors->is_draining = true;
    for (size_t i = 0; i < doors->entrance_count; i++) {
        acceptor_close(doors->entrances[i].acceptor, on_acceptor_closed, doors);
    }
    if (doors->endpoint != NULL) {
        redis_endpoint_drain(doors->endpoint);
    }
}

static void
tell_later(void *context)
{
    tell_if_closed(context);
}

void
redis_doors_close(struct redis_doors *doors, void (*on_closed)(void *owner), void *owner)
{
    doors->on_closed = on_closed;
    doors->owner = owner;
    redis_doors_drain(doors);
    LIST_FOR_EACH (node, &doors->clients) {
        stream_close(CONTAINER_OF(node, struct redis_client, node)->stream, "stopping");
    }
    if (loop_post(doors->options.loop, tell_later, doors) != STATUS_OK) {
        abort();
    }
}

void
redis_doors_free(struct redis_doors *doors)
{
    if (doors == NULL) {
        return;
    }
    for (size_t i = 0; i < doors->entrance_count; i++) {
        acceptor_free(doors->entrances[i].acceptor);
    }
    backplane_port_clear_handler(doors->options.port);
    redis_endpoint_free(doors->endpoint);
    free(doors->entrances);
    free(doors);
}
