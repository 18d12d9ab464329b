/* SPDX-License-Identifier: MIT */
#include "service/transport/endpoints.h"

#include "common/base/crypto.h"
#include "service/signalr/hub_script.h"
#include "service/signalr/jsonp.h"
#include "service/signalr/negotiate.h"
#include "service/transport/admission.h"
#include "service/transport/answer.h"
#include "service/transport/client_request.h"
#include "service/transport/receive_request.h"
#include "service/transport/script_request.h"
#include "service/transport/send_request.h"

enum { BODY_BYTES_MAX = 64 * 1024 };

static void
refuse(struct client_request *request, enum client_fault fault, uint16_t status, struct bytes text)
{
    client_request_report(request, fault, BYTES(""));
    answer_text(request->app->app, request->exchange, status, NULL, text);
}

static void
refuse_unavailable(struct client_request *request, struct bytes text)
{
    const struct worker_app *app = request->app;

    worker_app_count(app, app->context->metrics.refused, 1);
    answer_unavailable(app->app, request->exchange, text);
}

/* Only who negotiates is a newcomer: present clients may reconnect. */
static bool
is_paused(const struct client_request *request)
{
    const atomic_bool *paused = request->app->context->is_paused;
    return paused != NULL && atomic_load(paused);
}

/* Without the farm's token secrets nobody can be told from anybody else. */
static bool
is_ready(struct client_request *request)
{
    if (worker_app_is_ready(request->app)) {
        return true;
    }
    refuse_unavailable(request, BYTES("Not connected to the farm yet; try again shortly."));
    return false;
}

static void
negotiate(struct client_request *request)
{
    const struct app *app = request->app->app;
    const struct app_timeouts *timeouts = &app->timeouts;
    char id[CRYPTO_GUID_TEXT_BYTES + 1];
    struct buffer token, url, body;

    crypto_guid(id);
    buffer_init(&token, BODY_BYTES_MAX);
    buffer_init(&url, BODY_BYTES_MAX);
    buffer_init(&body, 3 * BODY_BYTES_MAX);
    enum status status =
        connection_token_seal(&request->app->keys, worker_app_key(request->app),
                              bytes_from(id, CRYPTO_GUID_TEXT_BYTES), request->user, &token);
    negotiate_append_url(&url, buffer_bytes(&request->decoded_path));
    struct negotiate answer = {
        .url = buffer_bytes(&url),
        .connection_token = buffer_bytes(&token),
        .connection_id = bytes_from(id, CRYPTO_GUID_TEXT_BYTES),
        .keepalive_ms = timeouts->keep_alive_ms,
        .disconnect_ms = timeouts->disconnect_ms,
        .connection_timeout_ms = timeouts->connection_ms,
        .try_websockets = true,
        .version = &request->version,
        .transport_connect_timeout_ms = timeouts->transport_connect_ms,
        .long_poll_delay_ms = timeouts->long_poll_delay_ms,
    };
    if (status != STATUS_OK || url.status != STATUS_OK ||
        negotiate_append(&body, &answer) != STATUS_OK) {
        answer_text(app, request->exchange, 500, NULL,
                    BYTES("The connection could not be negotiated."));
    } else {
        answer_json(app, request->exchange, request->callback, buffer_bytes(&body));
    }
    buffer_deinit(&token);
    buffer_deinit(&url);
    buffer_deinit(&body);
}

/* Rows 6 and 7: which transport, and whose token. False: answered. */
static bool
identify(struct client_request *request)
{
    struct bytes token = http_parameters_get(&request->query, BYTES("connectionToken"));

    request->transport = transport_find(http_parameters_get(&request->query, BYTES("transport")));
    if (request->transport == NULL) {
        refuse(request, CLIENT_FAULT_TRANSPORT, 400, BYTES("Protocol error: Unknown transport."));
        return false;
    }
    if (token.length == 0) {
        refuse(request, CLIENT_FAULT_TOKEN_MISSING, 400,
               BYTES("Protocol error: Missing connection token."));
        return false;
    }
    if (!is_ready(request)) {
        return false;
    }
    if (connection_token_open(&request->app->keys, worker_app_key(request->app), token,
                              &request->token) != STATUS_OK) {
        refuse(request, CLIENT_FAULT_TOKEN, 400, BYTES(CONNECTION_TOKEN_INVALID_TEXT));
        return false;
    }
    request->has_token = true;
    if (!connection_token_user_matches(request->token.user, request->user)) {
        refuse(request, CLIENT_FAULT_USER, 403, BYTES(CONNECTION_TOKEN_USER_TEXT));
        return false;
    }
    return true;
}

/* Rows 8 to 14. */
static void
dispatch_identified(struct client_request *request)
{
    bool is_websocket = request->transport == &websocket_transport;

    if (client_request_ends_in(request, BYTES("/start"))) {
        send_request_start(request);
    } else if (client_request_ends_in(request, BYTES("/abort"))) {
        send_request_abort(request);
    } else if (is_websocket && !http_exchange_is_websocket(request->exchange)) {
        if (!http_exchange_refuse_websocket_version(request->exchange)) {
            refuse(request, CLIENT_FAULT_NO_UPGRADE, 400, BYTES("Not a valid web socket request."));
        }
    } else if (!is_websocket && client_request_ends_in(request, BYTES("/send"))) {
        send_request_handle(request);
    } else if (request->app->context->is_draining) {
        refuse_unavailable(request, BYTES("This server is stopping; connect to another."));
    } else {
        receive_request_handle(request);
    }
}

/* Row 2: the hubs must exist. False: answered. */
static bool
read_hubs(struct client_request *request)
{
    struct buffer problem;

    if (request->path->raw != NULL) {
        return true;
    }
    buffer_init(&problem, CONNECTION_DATA_PROBLEM_BYTES_MAX);
    enum status status = client_request_read_hubs(request, &problem);
    if (status != STATUS_OK) {
        client_request_report(request, CLIENT_FAULT_HUBS, buffer_bytes(&problem));
        answer_text(request->app->app, request->exchange, 500, NULL, buffer_bytes(&problem));
    }
    buffer_deinit(&problem);
    return status == STATUS_OK;
}

/* Row 0, and what a callback must look like where it is allowed. False: answered. */
static bool
check_callback(struct client_request *request)
{
    if (request->callback.length == 0) {
        return true;
    }
    if (!request->path->allows_jsonp) {
        client_request_report(request, CLIENT_FAULT_JSONP_OFF, BYTES(""));
        answer_text(request->app->app, request->exchange, 403, JSONP_DISABLED_REASON, BYTES(""));
        return false;
    }
    if (!jsonp_is_valid_callback(request->callback)) {
        refuse(request, CLIENT_FAULT_CALLBACK, 500,
               BYTES("The JSONP callback is not a valid name."));
        return false;
    }
    return true;
}

/* Whether the caller has said who it is, where the app asks for it. False: answered. */
static bool
is_let_in(struct client_request *request)
{
    const struct worker_app *app = request->app;

    if (request->refusal == NULL) {
        return true;
    }
    worker_app_count(app, app->context->metrics.unauthorized, 1);
    client_request_report(request, CLIENT_FAULT_UNAUTHORIZED, bytes_from_string(request->refusal));
    answer_unauthorized(app->app, request->exchange, bytes_from_string(request->refusal));
    return false;
}

/* A name that becomes part of topics, JSON and tokens: a proxy may send one in Latin-1; and who
 * hears what is sent to "ann" must not be called "ann\0". False: answered. */
static bool
has_usable_user(struct client_request *request)
{
    struct bytes user = request->user;

    if (user.length <= CONNECTION_TOKEN_USER_BYTES_MAX && bytes_is_utf8(user) &&
        bytes_find(user, '\0') == SIZE_MAX) {
        return true;
    }
    refuse(request, CLIENT_FAULT_USER_NAME, 400, BYTES("The user name is too long, or not UTF-8."));
    return false;
}

static void
dispatch(struct client_request *request)
{
    /* A <script> brings no token; what it loads is no secret. */
    bool is_script = request->path->raw == NULL && script_request_is(request);

    if (!check_callback(request) ||
        (!is_script && !(is_let_in(request) && has_usable_user(request))) || !read_hubs(request)) {
        return;
    }
    if (is_script) {
        script_request_handle(request);
    } else if (client_request_ends_in(request, BYTES("/negotiate"))) {
        if (request->app->context->is_draining) {
            refuse_unavailable(request, BYTES("This server is stopping; connect to another."));
        } else if (is_paused(request)) {
            refuse_unavailable(request, BYTES("This server is paused; connect to another."));
        } else if (admission_negotiate(request) && is_ready(request)) {
            negotiate(request);
        }
    } else if (client_request_ends_in(request, BYTES("/ping"))) {
        answer_json(request->app->app, request->exchange, request->callback,
                    BYTES(NEGOTIATE_PONG_BODY));
    } else if (identify(request)) {
        dispatch_identified(request);
    }
}

void
endpoints_handle(struct worker_app *app, const struct app_path *path,
                 struct http_exchange *exchange)
{
    struct client_request request;

    if (http_exchange_request(exchange)->method == HTTP_METHOD_OPTIONS) {
        answer_options(app->app, exchange);
        return;
    }
    enum status status = client_request_init(&request, app, path, exchange);
    if (status == STATUS_OK) {
        dispatch(&request);
    } else if (status == STATUS_NO_MEMORY) {
        answer_out_of_memory(app->app, exchange);
    } else {
        refuse(&request, CLIENT_FAULT_PARAMETERS, 400,
               BYTES("Protocol error: malformed parameters."));
    }
    client_request_deinit(&request);
}
