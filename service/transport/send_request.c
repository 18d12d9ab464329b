/* SPDX-License-Identifier: MIT */
#include "service/transport/send_request.h"

#include <stdlib.h>

#include "service/hubs/hub_dispatch.h"
#include "service/signalr/connection.h"
#include "service/signalr/connection_command.h"
#include "service/signalr/negotiate.h"
#include "service/transport/answer.h"

enum { RESULT_BYTES_MAX = 64 * 1024 * 1024, CALLER_BYTES_MAX = 4 * 1024 * 1024 };

/* An exchange that waits for the hub. */
struct waiting_exchange {
    struct worker_app *worker_app;
    const struct app *app;
    struct http_exchange *exchange;
    struct hub_call *call;            /* of /send */
    struct hub_dispatch_start *start; /* of /start */
    char *callback;                   /* NULL = no JSONP */
    char *connection_id;              /* of /start; else NULL */
    bool is_escaped;                  /* forever frame: the body ends up in HTML */
};

static void
free_waiting(struct waiting_exchange *waiting)
{
    free(waiting->callback);
    free(waiting->connection_id);
    free(waiting);
}

static void
on_client_gone(void *owner, const char *reason)
{
    struct waiting_exchange *waiting = owner;

    (void)reason;
    if (waiting->call != NULL) {
        hub_call_lose_caller(waiting->call);
    }
    if (waiting->start != NULL) {
        hub_dispatch_cancel(waiting->start);
    }
    free_waiting(waiting);
}

/* NULL: out of memory, and answered. */
static struct waiting_exchange *
make_waiting(const struct client_request *request, bool allows_jsonp)
{
    struct waiting_exchange *waiting = calloc(1, sizeof(*waiting));
    bool has_callback = allows_jsonp && request->callback.length > 0;

    if (waiting != NULL && has_callback) {
        waiting->callback = bytes_duplicate(request->callback);
    }
    if (waiting == NULL || (has_callback && waiting->callback == NULL)) {
        free(waiting);
        answer_out_of_memory(request->app->app, request->exchange);
        return NULL;
    }
    waiting->worker_app = request->app;
    waiting->app = request->app->app;
    waiting->exchange = request->exchange;
    waiting->is_escaped = request->transport == &forever_frame_transport;
    return waiting;
}

/* What backends may see of the request. */
struct caller_texts {
    struct buffer own_query;
    struct buffer headers;
};

static void
deinit_texts(struct caller_texts *texts)
{
    buffer_deinit(&texts->own_query);
    buffer_deinit(&texts->headers);
}

/* OK, or NO_MEMORY: backends are not to take a part of what a request says for the whole. */
static enum status
read_caller(const struct client_request *request, struct caller_texts *texts,
            struct hub_dispatch_caller *caller)
{
    buffer_init(&texts->own_query, CALLER_BYTES_MAX);
    buffer_init(&texts->headers, CALLER_BYTES_MAX);
    enum status status = client_request_own_query(request, &texts->own_query);
    if (status == STATUS_OK) {
        status = client_request_headers(request, &texts->headers);
    }
    *caller = (struct hub_dispatch_caller){.app = request->app,
                                           .path = request->path,
                                           .hubs = request->hubs,
                                           .connection_id = request->token.id,
                                           .user = request->user,
                                           .query = buffer_bytes(&texts->own_query),
                                           .headers = buffer_bytes(&texts->headers),
                                           .claims = buffer_bytes(&request->token_claims)};
    return status;
}

/*
 * /send
 */

static void
answer_result(struct waiting_exchange *waiting, struct bytes json)
{
    struct bytes callback = bytes_from_string(waiting->callback);
    struct buffer escaped;

    if (json.length == 0) {
        answer_empty(waiting->app, waiting->exchange);
        return;
    }
    if (!waiting->is_escaped) {
        answer_json(waiting->app, waiting->exchange, callback, json);
        return;
    }
    buffer_init(&escaped, RESULT_BYTES_MAX);
    if (client_frame_append_escaped(&escaped, json) == STATUS_OK) {
        answer_json(waiting->app, waiting->exchange, BYTES(""), buffer_bytes(&escaped));
    } else {
        answer_text(waiting->app, waiting->exchange, 500, NULL, BYTES("Out of memory."));
    }
    buffer_deinit(&escaped);
}

static void
on_result(void *owner, const struct hub_call_outcome *outcome)
{
    struct waiting_exchange *waiting = owner;

    http_exchange_on_closed(waiting->exchange, NULL, NULL);
    if (!outcome->is_ok && outcome->json.length == 0) {
        /* Raw connections have no way to report an error but this. */
        answer_text(waiting->app, waiting->exchange, 500, NULL, BYTES("The message failed."));
    } else {
        answer_result(waiting, outcome->json);
    }
    free_waiting(waiting);
}

static struct bytes
problem_text(enum status status)
{
    switch (status) {
    case STATUS_NOT_FOUND:
        return BYTES("The hub could not be resolved.");
    case STATUS_LIMIT:
        return BYTES("The hub state is too large.");
    default:
        return BYTES("The data is not a valid hub invocation.");
    }
}

void
send_request_handle(struct client_request *request)
{
    bool is_poll = request->transport == &long_polling_transport;
    struct bytes data = http_parameters_get(&request->form, BYTES("data"));
    struct waiting_exchange *waiting = make_waiting(request, is_poll);
    struct caller_texts texts;

    if (waiting == NULL) {
        return;
    }
    if (data.data == NULL && is_poll) {
        data = http_parameters_get(&request->query, BYTES("data"));
    }
    if (data.data == NULL) {
        data = BYTES("");
    }
    struct hub_dispatch_caller caller;
    enum status status = read_caller(request, &texts, &caller);
    if (status == STATUS_OK) {
        status = hub_dispatch_send(&caller, data, on_result, waiting, &waiting->call);
    }
    deinit_texts(&texts);
    if (status != STATUS_OK) {
        free_waiting(waiting);
        client_request_report(request, CLIENT_FAULT_INVOCATION, problem_text(status));
        answer_text(request->app->app, request->exchange, 500, NULL, problem_text(status));
        return;
    }
    http_exchange_on_closed(request->exchange, waiting, on_client_gone);
}

/*
 * /start
 */

/* Wherever it is. */
static void
end_connection(struct worker_app *app, struct bytes connection_id, const char *reason)
{
    struct connection *connection = connection_find(app, connection_id);

    if (connection != NULL) {
        connection_disconnect(connection, false, reason);
        return;
    }
    backplane_notify(app->context->port, app->app->handle, BACKPLANE_NOTICE_ABORT, connection_id);
    (void)connection_command_abort(app, connection_id, BYTES(""), NULL, NULL);
}

static void
on_started(void *owner, enum hub_start result)
{
    struct waiting_exchange *waiting = owner;

    http_exchange_on_closed(waiting->exchange, NULL, NULL);
    switch (result) {
    case HUB_START_OK:
        answer_json(waiting->app, waiting->exchange, bytes_from_string(waiting->callback),
                    BYTES(NEGOTIATE_STARTED_BODY));
        break;
    case HUB_START_FAILED:
        answer_text(waiting->app, waiting->exchange, 500, NULL,
                    BYTES("The connected event failed."));
        break;
    case HUB_START_REFUSED:
        answer_text(waiting->app, waiting->exchange, 403, NULL,
                    BYTES("The application refused the connection."));
        end_connection(waiting->worker_app, bytes_from_string(waiting->connection_id), "refused");
        break;
    }
    free_waiting(waiting);
}

void
send_request_start(struct client_request *request)
{
    struct waiting_exchange *waiting = make_waiting(request, true);
    struct caller_texts texts;

    if (waiting == NULL) {
        return;
    }
    struct hub_dispatch_caller caller;
    enum status status = read_caller(request, &texts, &caller);
    waiting->connection_id = bytes_duplicate(request->token.id);
    if (status == STATUS_OK && waiting->connection_id != NULL) {
        waiting->start = hub_dispatch_connected(&caller, on_started, waiting);
    }
    deinit_texts(&texts);
    if (waiting->start == NULL) {
        free_waiting(waiting);
        answer_out_of_memory(request->app->app, request->exchange);
        return;
    }
    http_exchange_on_closed(request->exchange, waiting, on_client_gone);
}

/*
 * /abort
 */

void
send_request_abort(struct client_request *request)
{
    struct worker_app *app = request->app;
    struct connection *connection = connection_find(app, request->token.id);

    if (connection == NULL) {
        backplane_notify(app->context->port, app->app->handle, BACKPLANE_NOTICE_ABORT,
                         request->token.id);
        (void)connection_command_abort(app, request->token.id, BYTES(""), NULL, NULL);
    }
    answer_text(app->app, request->exchange, 200, NULL, BYTES(""));
    if (connection != NULL) {
        connection_disconnect(connection, true, "abort");
    }
}
