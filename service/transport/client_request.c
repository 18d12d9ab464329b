/* SPDX-License-Identifier: MIT */
#include "service/transport/client_request.h"

enum { PATH_BYTES_MAX = 64 * 1024, CLAIMS_BYTES_MAX = 256 * 1024 };

/* SignalR's own parameters: what else is in the query is the application's. */
static const char *const protocol_parameters[] = {
    "transport",   "clientProtocol", "connectionToken", "connectionData", "messageId",
    "groupsToken", "data",           "callback",        "frameId",        "tid",
    "_",           "noCache",        "access_token",
};

/* Who the caller is. OK or NO_MEMORY. */
static enum status
identify_caller(struct client_request *request)
{
    const struct worker_context *context = request->app->context;
    const struct app *app = request->app->app;

    if (app->user_source != APP_USER_TOKEN) {
        request->user = app_user(app, request->http, &request->query, &context->proxies);
        return STATUS_OK;
    }
    struct bytes token = token_policy_find(request->http, &request->query);
    if (token.data == NULL) {
        request->user = BYTES("");
        request->refusal = app->tokens->is_required ? "" : NULL;
        return STATUS_OK;
    }
    enum jwt_verdict verdict = token_policy_check(app->tokens, token, context->clock->wall_ms,
                                                  &request->token_user, &request->token_claims);
    request->user = buffer_bytes(&request->token_user);
    request->refusal = verdict == JWT_VALID ? NULL : jwt_verdict_sentence(verdict);
    return verdict == JWT_UNAVAILABLE ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status
client_request_init(struct client_request *request, struct worker_app *app,
                    const struct app_path *path, struct http_exchange *exchange)
{
    const struct http_request *http = http_exchange_request(exchange);

    *request = (struct client_request){
        .app = app, .path = path, .exchange = exchange, .http = http, .callback = BYTES("")};
    buffer_init(&request->decoded_path, PATH_BYTES_MAX);
    buffer_init(&request->token_user, CONNECTION_TOKEN_USER_BYTES_MAX);
    buffer_init(&request->token_claims, CLAIMS_BYTES_MAX);
    enum status path_status = http_percent_decode(http->path, false, &request->decoded_path);
    enum status query_status = http_parameters_init(&request->query, http->query);
    enum status form_status = http_parameters_init(&request->form, http->body);

    /* A body may be anything; only where a form is expected its lack is an error. */
    if (form_status == STATUS_INVALID || form_status == STATUS_LIMIT) {
        http_parameters_deinit(&request->form);
        form_status = http_parameters_init(&request->form, BYTES(""));
    }
    if (path_status != STATUS_OK || query_status != STATUS_OK || form_status != STATUS_OK) {
        return path_status != STATUS_OK    ? path_status
               : query_status != STATUS_OK ? query_status
                                           : form_status;
    }
    struct bytes callback = http_parameters_get(&request->query, BYTES("callback"));
    if (callback.data != NULL) {
        request->callback = callback;
    }
    request->version =
        protocol_version_resolve(http_parameters_get(&request->query, BYTES("clientProtocol")));
    return identify_caller(request);
}

void
client_request_deinit(struct client_request *request)
{
    if (request->has_token) {
        connection_token_deinit(&request->token);
    }
    http_parameters_deinit(&request->form);
    http_parameters_deinit(&request->query);
    buffer_deinit(&request->token_user);
    buffer_deinit(&request->token_claims);
    buffer_deinit(&request->decoded_path);
}

bool
client_request_ends_in(const struct client_request *request, struct bytes suffix)
{
    return bytes_ends_with_ignore_case(buffer_bytes(&request->decoded_path), suffix);
}

struct bytes
client_request_parameter(const struct client_request *request, struct bytes name,
                         bool is_form_allowed)
{
    struct bytes value = http_parameters_get(&request->query, name);

    if (value.data == NULL && is_form_allowed) {
        value = http_parameters_get(&request->form, name);
    }
    return value;
}

static bool
find_hub(void *context, struct bytes name, uint16_t *hub_index)
{
    size_t index = app_find_hub(context, name);

    *hub_index = (uint16_t)index;
    return index != SIZE_MAX;
}

enum status
client_request_read_hubs(struct client_request *request, struct buffer *problem)
{
    /* The lookup only reads. */
    union {
        const struct app *in;
        void *out;
    } app = {request->app->app};
    struct bytes text = http_parameters_get(&request->query, BYTES("connectionData"));
    struct connection_data hubs;
    enum status status = connection_data_parse(text, find_hub, app.out, &hubs, problem);

    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < hubs.count; i++) {
        request->hubs |= UINT64_C(1) << hubs.hubs[i];
    }
    return STATUS_OK;
}

static bool
is_protocol_parameter(struct bytes name)
{
    for (size_t i = 0; i < sizeof(protocol_parameters) / sizeof(protocol_parameters[0]); i++) {
        if (bytes_equal_ignore_case(name, bytes_from_string(protocol_parameters[i]))) {
            return true;
        }
    }
    return false;
}

enum status
client_request_own_query(const struct client_request *request, struct buffer *out)
{
    struct bytes rest = request->http->query;
    struct bytes part;

    while (bytes_split(&rest, '&', &part)) {
        struct bytes name = bytes_slice(part, 0, bytes_find(part, '='));
        if (part.length == 0 || is_protocol_parameter(name)) {
            continue;
        }
        if (out->length > 0) {
            buffer_append_byte(out, '&');
        }
        buffer_append(out, part);
    }
    return out->status;
}

enum status
client_request_headers(const struct client_request *request, struct buffer *out)
{
    const struct app *app = request->app->app;

    for (size_t i = 0; i < app->header_count; i++) {
        struct bytes name = bytes_from_string(app->headers[i]);
        for (size_t j = 0; j < request->http->header_count; j++) {
            const struct http_header *header = &request->http->headers[j];
            if (bytes_equal_ignore_case(header->name, name)) {
                buffer_append_format(out, "%s: %.*s\r\n", app->headers[i],
                                     BYTES_PRINTF(header->value));
            }
        }
    }
    return out->status;
}

void
client_request_report(const struct client_request *request, enum client_fault fault,
                      struct bytes detail)
{
    struct worker_app *app = request->app;
    struct http_forwarded forwarded;

    http_forwarded_read(request->http, &app->context->proxies, &forwarded);
    if (detail.length == 0) {
        client_fault_report(app, fault, "address=%.*s path=%.*s", BYTES_PRINTF(forwarded.address),
                            BYTES_PRINTF(request->http->path));
    } else {
        client_fault_report(app, fault, "address=%.*s path=%.*s reason=\"%.*s\"",
                            BYTES_PRINTF(forwarded.address), BYTES_PRINTF(request->http->path),
                            BYTES_PRINTF(detail));
    }
}
