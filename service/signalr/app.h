/* SPDX-License-Identifier: MIT */
/*
 * app: one SignalR application as the workers see it: hubs, base paths, policies and limits. Filled
 * in by whoever reads the options, then never changed, so that all workers share it.
 */
#ifndef HUBPLANE_SERVICE_APP_H
#define HUBPLANE_SERVICE_APP_H

#include "common/base/bytes.h"
#include "service/http/http_forwarded.h"
#include "service/hubs/hub_backend.h"
#include "service/identity/token_policy.h"

enum { APP_HUBS_MAX = 64, APP_ACCESS_KEYS_MAX = 2 };

/* A hub of the app, or one type of raw connections (then `name` is its full type name). */
struct app_hub {
    const char *name; /* canonical: how topics and clients' calls spell it */
    /* Makes the backend of one worker. OK, or why not: the hub is then answered with errors. */
    enum status (*make_backend)(const void *configuration,
                                const struct hub_backend_context *context,
                                struct hub_backend **out);
    const void *configuration;
};

/* One base path. All paths of an app reach the same connections. */
struct app_path {
    const char *path;          /* "/signalr": starts with '/', no trailing '/'; "" = everything */
    const struct app_hub *raw; /* raw connections of this type live here; NULL = the app's hubs */
    bool allows_jsonp;
    bool shows_detailed_errors;
    bool hides_script; /* <path>/hubs answers that proxies are disabled */
};

enum app_user_source { APP_USER_NONE, APP_USER_QUERY, APP_USER_HEADER, APP_USER_TOKEN };

struct app_timeouts {
    uint32_t keep_alive_ms; /* 0 = off: every transport is recycled at connection_ms instead */
    uint32_t disconnect_ms;
    uint32_t connection_ms; /* how long a poll is held */
    uint32_t transport_connect_ms;
    uint32_t long_poll_delay_ms;
};

struct app_limits {
    size_t websocket_message_bytes; /* above: close 1009 */
    size_t send_queue_bytes;        /* unread by a client: slow consumer */
    size_t groups_max;              /* per connection */
};

struct app {
    const char *name;
    const char *key; /* Redis key and channel */
    uint16_t handle; /* what the backplane port calls it */
    const struct app_hub *hubs;
    size_t hub_count;
    const struct app_path *paths;
    size_t path_count;
    enum app_user_source user_source;
    const char *user_name;             /* of the query parameter or header */
    const struct token_policy *tokens; /* of APP_USER_TOKEN */
    /* Shared with the application, primary and secondary: sign its calls, and ours to it. */
    struct jwt_key access_keys[APP_ACCESS_KEYS_MAX];
    size_t access_key_count;
    const char *const *origins; /* allow-list "https://example.com"; "*" = any; none = same origin
                                 * only for CORS, unchecked for WebSocket */
    size_t origin_count;
    const char *const *headers; /* of clients' requests, that hub backends may see */
    size_t header_count;
    struct app_timeouts timeouts;
    struct app_limits limits;
};

/** The defaults of SignalR 2.4 and ours. */
void app_init(struct app *app);
/** OK, or INVALID with a sentence in ${problem}: what the fields must satisfy together. */
MUST_CHECK enum status app_check(const struct app *app, const char **problem);

/** app_find_path(app, path): The longest base path that ${path} (still percent-encoded) lies under,
 * by whole segments and without case; NULL when none. */
const struct app_path *app_find_path(const struct app *app, struct bytes path);
/** Index of the hub of that name in any case, or SIZE_MAX. */
size_t app_find_hub(const struct app *app, struct bytes name);
/** Whether ${origin} is on the allow-list. */
bool app_allows_origin(const struct app *app, struct bytes origin);

struct http_parameters;
/** app_user(app, request, query, proxies): Who the caller is: a user id, empty when anonymous; not
 * for APP_USER_TOKEN. ${query} holds the decoded parameters. A view into ${request} or ${query}. */
struct bytes app_user(const struct app *app, const struct http_request *request,
                      const struct http_parameters *query, const struct http_proxies *proxies);

/** Milliseconds between two looks at all connections: half a keep-alive, or a sixth of the
 * disconnect time-out. */
uint32_t app_heartbeat_ms(const struct app *app);

#endif
