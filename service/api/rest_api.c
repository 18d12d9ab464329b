/* SPDX-License-Identifier: MIT */
#include "service/api/rest_api.h"

#include <stdlib.h>

#include "service/api/rest_access.h"
#include "service/api/rest_call.h"
#include "service/api/rest_document.h"

enum { NAMES_BYTES_MAX = 64 * 1024 };

struct rest_api {
    struct rest_api_options options;
    struct list calls;
    bool is_draining;
};

enum status
rest_api_new(const struct rest_api_options *options, struct rest_api **out)
{
    struct rest_api *api = calloc(1, sizeof(*api));

    if (api == NULL) {
        return STATUS_NO_MEMORY;
    }
    api->options = *options;
    list_init(&api->calls);
    *out = api;
    return STATUS_OK;
}

void
rest_api_free(struct rest_api *api)
{
    if (api != NULL) {
        rest_call_drop_all(&api->calls);
        free(api);
    }
}

void
rest_api_drain(struct rest_api *api)
{
    api->is_draining = true;
}

static void
count(const struct rest_api *api, size_t metric)
{
    if (api->options.metrics.registry != NULL) {
        metrics_add(api->options.metrics.registry, metric, 1);
    }
}

static void
refuse(struct http_exchange *exchange, uint16_t status, const char *code, const char *message)
{
    const struct rest_answer_error error = {status, code, message, status == 503};

    rest_answer_error(exchange, &error);
}

static struct bytes
find_token(const struct http_request *request)
{
    struct bytes header = http_request_header(request, BYTES("Authorization"));

    return bytes_starts_with_ignore_case(header, BYTES("Bearer "))
               ? bytes_trim(bytes_after(header, sizeof("Bearer ") - 1))
               : BYTES_NONE;
}

/* The route is known: whose hub is it, and may the caller? */
static void
start_call(struct rest_api *api, struct http_exchange *exchange, const struct rest_route *route,
           const struct http_parameters *parameters)
{
    const struct http_request *request = http_exchange_request(exchange);
    const struct rest_access access = {
        .token = find_token(request),
        .path = request->path,
        .hub = route->hub,
        .application = http_parameters_get(parameters, BYTES("application")),
        .wall_ms = api->options.timers->clock->wall_ms,
    };
    size_t app = 0, hub = 0;
    const char *why = NULL;

    switch (
        rest_access_check(api->options.apps, api->options.app_count, &access, &app, &hub, &why)) {
    case REST_ACCESS_DENIED:
        count(api, api->options.metrics.unauthorized);
        rest_answer_unauthorized(exchange, why);
        return;
    case REST_ACCESS_NO_HUB:
        refuse(exchange, 404, "Error.Hub.NotExisted", why);
        return;
    case REST_ACCESS_AMBIGUOUS:
        refuse(exchange, 400, "Error.Hub.Ambiguous", why);
        return;
    case REST_ACCESS_GRANTED:
        break;
    }
    const struct rest_call_options options = {
        .exchange = exchange,
        .app = signalr_host_app(api->options.host, app),
        .hub = bytes_from_string(api->options.apps[app].hubs[hub].name),
        .route = route,
        .parameters = parameters,
        .calls = &api->calls,
    };
    rest_call_start(&options);
}

static void
handle_hub(struct rest_api *api, struct http_exchange *exchange, const struct rest_route *route)
{
    struct http_parameters parameters;

    if (api->is_draining) {
        refuse(exchange, 503, "Error.Node.Stopping", "The node is stopping. Nothing was sent.");
        return;
    }
    switch (http_parameters_init(&parameters, http_exchange_request(exchange)->query)) {
    case STATUS_OK:
        start_call(api, exchange, route, &parameters);
        break;
    case STATUS_NO_MEMORY:
        rest_answer_status(exchange, STATUS_NO_MEMORY);
        break;
    default:
        refuse(exchange, 400, "Error.Query.Invalid",
               "The query has more than 64 names, more than 512 values, or a percent sign that is "
               "not followed by "
               "two hexadecimal digits.");
        break;
    }
    http_parameters_deinit(&parameters);
}

static void
handle_route(struct rest_api *api, struct http_exchange *exchange, const struct rest_route *route)
{
    switch (route->operation) {
    case REST_HEALTH:
        rest_answer_empty(exchange, 200);
        break;
    case REST_DOCUMENT:
        rest_answer_document(exchange, bytes_from_string(rest_document));
        break;
    default:
        handle_hub(api, exchange, route);
        break;
    }
}

bool
rest_api_handle(struct rest_api *api, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    const char *problem = NULL;
    struct rest_route route;
    struct buffer names;

    if (!bytes_starts_with_ignore_case(request->path, BYTES("/api/"))) {
        return false;
    }
    count(api, api->options.metrics.requests);
    buffer_init(&names, NAMES_BYTES_MAX);
    switch (rest_route_find(request->method, request->path, &names, &route, &problem)) {
    case STATUS_OK:
        handle_route(api, exchange, &route);
        break;
    case STATUS_INVALID:
        refuse(exchange, 400, "Error.Name.Invalid", problem);
        break;
    case STATUS_NOT_FOUND:
        refuse(exchange, 404, "Error.Operation.NotExisted",
               "There is no such operation: see /api/openapi.json.");
        break;
    case STATUS_LIMIT:
        refuse(exchange, 400, "Error.Name.Invalid", "The path is too long.");
        break;
    default:
        rest_answer_status(exchange, STATUS_NO_MEMORY);
        break;
    }
    buffer_deinit(&names);
    return true;
}
