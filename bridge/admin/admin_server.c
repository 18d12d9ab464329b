/* SPDX-License-Identifier: MIT */
#include "bridge/admin/admin_server.h"

#include <llhttp.h>
#include <stdlib.h>

#include "common/base/list.h"
#include "common/net/listener.h"

enum { TARGET_MAX_BYTES = 1024, HEAD_MAX_BYTES = 512 };

struct admin_server {
    struct loop *loop;
    admin_answer_fn fn;
    void *owner;
    struct listener *listener; /* NULL once closed */
    struct list connections;
    size_t connection_count;
    bool is_closing;
};

/* Reads one request, answers it, and is finished. */
struct connection {
    struct list_node node;
    struct admin_server *server;
    struct stream *stream;
    llhttp_t parser;
    struct buffer target;
    struct timer timer;
    bool is_answered;
};

/* ---- Answering ---- */

static const char *
phrase(uint16_t status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

static void
send_answer(struct connection *connection, const struct admin_answer *answer, bool has_body)
{
    struct sink *sink = stream_sink(connection->stream);
    struct buffer head;

    connection->is_answered = true;
    buffer_init(&head, HEAD_MAX_BYTES);
    (void)buffer_append_format(&head,
                               "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                               "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                               answer->status, phrase(answer->status), answer->content_type,
                               answer->body.length);
    if (head.status == STATUS_OK) {
        sink_write_bytes(sink, buffer_bytes(&head));
        if (has_body) {
            sink_write_bytes(sink, buffer_bytes(&answer->body));
        }
    }
    buffer_deinit(&head);
    sink_finish(sink, "answered");
}

static void
refuse(struct connection *connection, uint16_t status, const char *text)
{
    struct admin_answer answer = {.status = status, .content_type = "text/plain"};

    buffer_init(&answer.body, ADMIN_BODY_MAX_BYTES);
    (void)buffer_append_string(&answer.body, text);
    send_answer(connection, &answer, true);
    buffer_deinit(&answer.body);
}

static void
answer_request(struct connection *connection)
{
    struct bytes target = buffer_bytes(&connection->target);
    struct admin_answer answer = {.status = 200, .content_type = "text/plain"};
    uint8_t method = llhttp_get_method(&connection->parser);

    if (method != HTTP_GET && method != HTTP_HEAD) {
        refuse(connection, 405, "only GET and HEAD\n");
        return;
    }
    buffer_init(&answer.body, ADMIN_BODY_MAX_BYTES);
    connection->server->fn(connection->server->owner,
                           bytes_slice(target, 0, bytes_find(target, '?')), &answer);
    if (answer.body.status == STATUS_OK) {
        send_answer(connection, &answer, method == HTTP_GET);
    } else {
        refuse(connection, 500, "out of memory\n");
    }
    buffer_deinit(&answer.body);
}

/* ---- Parsing: 0 goes on, -1 is a bad request ---- */

static struct connection *
connection_of(llhttp_t *parser)
{
    return CONTAINER_OF(parser, struct connection, parser);
}

static int
on_url(llhttp_t *parser, const char *at, size_t length)
{
    struct buffer *target = &connection_of(parser)->target;

    return buffer_append(target, bytes_from(at, length)) == STATUS_OK ? 0 : -1;
}

/* A body would be of no interest. */
static int
on_headers_complete(llhttp_t *parser)
{
    answer_request(connection_of(parser));
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_headers_complete = on_headers_complete,
};

/* ---- The connection ---- */

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct connection *connection = owner;

    (void)stream;
    if (!connection->is_answered &&
        llhttp_execute(&connection->parser, (const char *)input.data, input.length) != HPE_OK &&
        !connection->is_answered) {
        refuse(connection, 400, "this is not an HTTP request\n");
    }
}

static void
free_when_empty(struct admin_server *server)
{
    if (server->is_closing && server->listener == NULL && server->connection_count == 0) {
        free(server);
    }
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    struct connection *connection = owner;
    struct admin_server *server = connection->server;

    (void)status;
    (void)reason;
    timer_stop(loop_timers(server->loop), &connection->timer);
    list_remove(&connection->node);
    buffer_deinit(&connection->target);
    free(connection);
    server->connection_count--;
    free_when_empty(server);
}

static void
on_timer(struct timer *timer)
{
    stream_close(CONTAINER_OF(timer, struct connection, timer)->stream, "too slow");
}

static const struct stream_handler stream_handler = {.on_data = on_data, .on_closed = on_closed};

/* ---- The server ---- */

static void
on_socket(void *owner, stream_socket socket)
{
    struct admin_server *server = owner;
    struct stream_options options = {.queue_limit_bytes = 2 * (size_t)ADMIN_BODY_MAX_BYTES};
    struct connection *connection = NULL;

    if (server->connection_count < ADMIN_CONNECTIONS_MAX && !server->is_closing) {
        connection = calloc(1, sizeof(*connection));
    }
    if (connection == NULL) {
        listener_reject(socket);
        return;
    }
    connection->server = server;
    buffer_init(&connection->target, TARGET_MAX_BYTES);
    llhttp_init(&connection->parser, HTTP_REQUEST, &settings);
    if (stream_open_accepted(server->loop, socket, &options, &stream_handler, connection,
                             &connection->stream) != STATUS_OK) {
        free(connection);
        return;
    }
    list_append(&server->connections, &connection->node);
    server->connection_count++;
    timer_start(loop_timers(server->loop), &connection->timer, ADMIN_TIMEOUT_MS, on_timer);
}

static void
on_listener_closed(void *owner)
{
    struct admin_server *server = owner;

    server->listener = NULL;
    free_when_empty(server);
}

static const struct listener_handler listener_handler = {
    .on_socket = on_socket,
    .on_closed = on_listener_closed,
};

enum status
admin_server_open(struct loop *loop, const char *address, admin_answer_fn fn, void *owner,
                  struct admin_server **out)
{
    struct admin_server *server = calloc(1, sizeof(*server));
    enum status status;

    if (server == NULL) {
        return STATUS_NO_MEMORY;
    }
    *server = (struct admin_server){.loop = loop, .fn = fn, .owner = owner};
    list_init(&server->connections);
    status = listener_open(loop, address, &listener_handler, server, &server->listener);
    if (status != STATUS_OK) {
        free(server);
        return status;
    }
    *out = server;
    return STATUS_OK;
}

void
admin_server_close(struct admin_server *server)
{
    if (server == NULL || server->is_closing) {
        return;
    }
    server->is_closing = true;
    listener_close(server->listener);
    LIST_FOR_EACH (node, &server->connections) {
        struct connection *connection = CONTAINER_OF(node, struct connection, node);

        connection->is_answered = true;
        stream_close(connection->stream, "stopping");
    }
}
