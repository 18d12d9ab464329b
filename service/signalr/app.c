/* SPDX-License-Identifier: MIT */
#include "service/signalr/app.h"

#include <string.h>

#include "service/http/http_parameters.h"

void
app_init(struct app *app)
{
    *app = (struct app){
        .user_source = APP_USER_NONE,
        .timeouts = {.keep_alive_ms = 10 * 1000,
                     .disconnect_ms = 30 * 1000,
                     .connection_ms = 110 * 1000,
                     .transport_connect_ms = 5 * 1000},
        .limits = {.websocket_message_bytes = 64 * 1024,
                   .send_queue_bytes = 1024 * 1024,
                   .groups_max = 1024},
    };
}

static const char *
find_problem(const struct app *app)
{
    const struct app_timeouts *timeouts = &app->timeouts;

    if (app->hub_count > APP_HUBS_MAX) {
        return "an app has at most 64 hubs";
    }
    if (timeouts->disconnect_ms < 6000) {
        return "the disconnect time-out is at least 6 s";
    }
    if (timeouts->keep_alive_ms != 0 &&
        (timeouts->keep_alive_ms < 2000 || timeouts->keep_alive_ms > timeouts->disconnect_ms / 3)) {
        return "the keep-alive is off, or from 2 s to a third of the disconnect time-out";
    }
    for (size_t i = 0; i < app->hub_count; i++) {
        /* The dot separates hub and group in topics. */
        if (app->hubs[i].name[0] == '\0' || strchr(app->hubs[i].name, '.') != NULL) {
            return "a hub needs a name, without '.'";
        }
        if (app_find_hub(app, bytes_from_string(app->hubs[i].name)) != i) {
            return "two hubs have the same name";
        }
    }
    for (size_t i = 0; i < app->path_count; i++) {
        const char *path = app->paths[i].path;
        size_t length = strlen(path);
        if (length > 0 && (path[0] != '/' || path[length - 1] == '/')) {
            return "a base path starts with '/' and does not end with one";
        }
    }
    if ((app->user_source == APP_USER_QUERY || app->user_source == APP_USER_HEADER) &&
        app->user_name == NULL) {
        return "user = query or header needs a name";
    }
    if (app->user_source == APP_USER_TOKEN && app->tokens == NULL) {
        return "user = token needs keys";
    }
    return NULL;
}

enum status
app_check(const struct app *app, const char **problem)
{
    *problem = find_problem(app);
    return *problem == NULL ? STATUS_OK : STATUS_INVALID;
}

static bool
is_under(struct bytes path, struct bytes base)
{
    return bytes_starts_with_ignore_case(path, base) &&
           (path.length == base.length || path.data[base.length] == '/');
}

const struct app_path *
app_find_path(const struct app *app, struct bytes path)
{
    const struct app_path *best = NULL;

    for (size_t i = 0; i < app->path_count; i++) {
        const struct app_path *candidate = &app->paths[i];
        if (is_under(path, bytes_from_string(candidate->path)) &&
            (best == NULL || strlen(candidate->path) > strlen(best->path))) {
            best = candidate;
        }
    }
    return best;
}

size_t
app_find_hub(const struct app *app, struct bytes name)
{
    for (size_t i = 0; i < app->hub_count; i++) {
        if (bytes_equal_ignore_case(bytes_from_string(app->hubs[i].name), name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool
app_allows_origin(const struct app *app, struct bytes origin)
{
    for (size_t i = 0; i < app->origin_count; i++) {
        struct bytes allowed = bytes_from_string(app->origins[i]);
        if (bytes_equal(allowed, BYTES("*")) || bytes_equal_ignore_case(allowed, origin)) {
            return true;
        }
    }
    return false;
}

struct bytes
app_user(const struct app *app, const struct http_request *request,
         const struct http_parameters *query, const struct http_proxies *proxies)
{
    struct bytes user = BYTES_NONE;

    if (app->user_source == APP_USER_QUERY) {
        user = http_parameters_get(query, bytes_from_string(app->user_name));
    } else if (app->user_source == APP_USER_HEADER && http_forwarded_is_trusted(request, proxies)) {
        user = bytes_trim(http_request_header(request, bytes_from_string(app->user_name)));
    }
    return user.data == NULL ? BYTES("") : user;
}

uint32_t
app_heartbeat_ms(const struct app *app)
{
    const struct app_timeouts *timeouts = &app->timeouts;

    return timeouts->keep_alive_ms != 0 ? timeouts->keep_alive_ms / 2 : timeouts->disconnect_ms / 6;
}
