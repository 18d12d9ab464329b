/* SPDX-License-Identifier: MIT */
/* service_options: every option of the service, from one table, and the apps that the options
 * describe. */
#ifndef HUBPLANE_SERVICE_OPTIONS_H
#define HUBPLANE_SERVICE_OPTIONS_H

#include "common/base/log.h"
#include "common/base/option.h"
#include "service/redis_endpoint/redis_endpoint.h"
#include "service/signalr/app.h"

/* One struct per section; the names of the members are those of service_options.def. */
struct service_section {
    char *name, *listen, *admin, *certificate, *trusted_proxies, *log_level, *log_file;
    uint64_t workers, connections_max, address_connections_max, negotiates_max, address_sockets_max,
        request_max, headers_max, request_timeout, idle_timeout, drain_timeout, log_file_max,
        log_files_kept;
};

struct bridge_section {
    char *address, *credentials;
    uint64_t connect_timeout, spool_max, publish_wait, recent_max, linger;
};

struct app_section {
    char *path, *key, *user, *origins, *access_keys_file, *upstream_headers;
    char *redis, *redis_password_file;
    char *token_keys_file, *token_audience, *token_issuer, *token_user;
    bool jsonp, detailed_errors, hub_script, token_required;
    uint64_t keep_alive, disconnect_timeout, connection_timeout, transport_connect_timeout,
        long_poll_delay, websocket_message_max, send_queue_max, groups_max;
};

struct path_section {
    char *path;
    bool jsonp, detailed_errors, hub_script;
};

struct hub_section {
    char *upstream, *upstream_authority, *methods, *module, *module_settings;
    uint64_t upstream_timeout, upstream_connections, upstream_queue;
};

struct connection_section {
    char *path, *type;
};

extern const struct option_schema service_option_schema;

/* What the options say, checked as a whole. */
struct service_options {
    struct option_set set;
    const struct service_section *service;
    const struct bridge_section *bridge;
    struct app *apps; /* handle = index + 1 */
    size_t app_count;
    struct http_proxies proxies;
    /* The Redis endpoint: its addresses, and the apps behind each. */
    struct redis_door *doors;
    size_t door_count;
    struct redis_door_app *door_apps;
    size_t door_app_count;
    /* Memory of the above. */
    void **owned;
    size_t owned_count;
    struct hub_relay_rules **rules;
    size_t rules_count;
    struct token_policy **policies;
    size_t policy_count;
    const struct upstream_settings **upstreams; /* of every hub that has one */
    size_t upstream_count;
};

/** Defaults only. Everything else is read into ${options}->set before service_options_resolve(). OK
 * or NO_MEMORY. */
MUST_CHECK enum status service_options_init(struct service_options *options);
void service_options_deinit(struct service_options *options);
/** service_options_resolve(options): Check everything across options and build the apps with their
 * relay rules. OK; INVALID - every mistake is a line in ${options}->set.problems; NO_MEMORY. */
MUST_CHECK enum status service_options_resolve(struct service_options *options);
/** The word of `log_level`. */
enum log_level service_options_log_level(const struct service_options *options);

#endif
