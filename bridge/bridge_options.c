/* SPDX-License-Identifier: MIT */
#include "bridge/bridge_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/net_address.h"

static const struct option_section sections[] = {
    {"bridge", false, false, sizeof(struct bridge_options_bridge),
     "This bridge: where nodes connect, limits, log."},
    {"redis", false, false, sizeof(struct bridge_options_redis),
     "The Redis that orders and carries the messages of the farm."},
    {"app", true, false, sizeof(struct bridge_options_app),
     "Settings of one app, named by its Redis key: [app ChatApp]. Apps need no section to be "
     "used."},
};

static const struct option rows[] = {
#define BRIDGE_OPTION(section, field, name, type, unset, minimum, maximum, reload, choices, help) \
    {#section,                                                                                    \
     name,                                                                                        \
     OPTION_##type,                                                                               \
     unset,                                                                                       \
     minimum,                                                                                     \
     maximum,                                                                                     \
     OPTION_##reload,                                                                             \
     choices,                                                                                     \
     offsetof(struct bridge_options_##section, field),                                            \
     help},
#include "bridge/bridge_options.def"
#undef BRIDGE_OPTION
};

const struct option_schema bridge_option_schema = {sections, sizeof(sections) / sizeof(sections[0]),
                                                   rows, sizeof(rows) / sizeof(rows[0])};

enum status
bridge_options_init(struct bridge_options *options)
{
    enum status status;

    memset(options, 0, sizeof(*options));
    status = option_set_init(&options->set, &bridge_option_schema);
    if (status == STATUS_OK) {
        options->bridge = option_find(&options->set, "bridge", NULL)->values;
        options->redis = option_find(&options->set, "redis", NULL)->values;
    }
    return status;
}

void
bridge_options_deinit(struct bridge_options *options)
{
    free(options->name);
    free(options->credentials);
    free(options->redis_host);
    option_set_deinit(&options->set);
    memset(options, 0, sizeof(*options));
}

/* Where a value of an unnamed section was written. */
static const char *
origin_of(const struct bridge_options *options, const char *section, const char *name)
{
    return option_origin(&options->set, option_find(&options->set, section, NULL), name);
}

static void
check_redis(struct bridge_options *options)
{
    const struct bridge_options_redis *redis = options->redis;
    struct net_address address;

    if (redis->address == NULL) {
        return;
    }
    if (net_address_parse(redis->address, &address) != STATUS_OK) {
        option_add_problem(&options->set, origin_of(options, "redis", "address"),
                           "[redis] address: \"%s\" is not HOST:PORT, [IPv6]:PORT or unix:PATH",
                           redis->address);
        return;
    }
    if (redis->tls && address.is_unix) {
        option_add_problem(&options->set, origin_of(options, "redis", "tls"),
                           "[redis] tls: a Unix socket does not speak TLS; set tls = no");
    }
    if (redis->user != NULL && redis->password_file == NULL) {
        option_add_problem(&options->set, origin_of(options, "redis", "user"),
                           "[redis] user: an ACL user needs a password_file");
    }
    options->redis_host =
        redis->tls_server_name != NULL || !address.is_unix
            ? bytes_duplicate(bytes_from_string(
                  redis->tls_server_name != NULL ? redis->tls_server_name : address.host))
            : NULL;
}

static void
check_apps(struct bridge_options *options)
{
    for (size_t i = 0; i < options->set.group_count; i++) {
        const struct option_group *group = &options->set.groups[i];

        if (group->name != NULL && strchr(group->name, '*') != NULL) {
            option_add_problem(&options->set, group->origin,
                               "[app %s]: a key with * would be a pattern to the .NET servers; "
                               "choose another AppName",
                               group->name);
        }
    }
}

static char *
default_name(void)
{
    char host[256] = "bridge";

    (void)gethostname(host, sizeof(host) - 1);
    return bytes_duplicate(bytes_from_string(host));
}

static char *
default_credentials(const char *state)
{
    struct buffer path;
    char *copy;

    buffer_init(&path, 4096);
    copy = buffer_append_format(&path, "%s/bridge.pem", state) == STATUS_OK
               ? bytes_duplicate(buffer_bytes(&path))
               : NULL;
    buffer_deinit(&path);
    return copy;
}

enum status
bridge_options_resolve(struct bridge_options *options)
{
    const struct bridge_options_bridge *bridge = options->bridge;

    if (bridge->state == NULL) {
        option_add_problem(&options->set, origin_of(options, "bridge", "state"),
                           "[bridge] state: a directory is needed");
        return STATUS_INVALID;
    }
    if (bridge->listen == NULL) {
        option_add_problem(&options->set, origin_of(options, "bridge", "listen"),
                           "[bridge] listen: an address is needed, such as *:7443");
    }
    if (net_address_collides(bridge->listen, bridge->admin)) {
        option_add_problem(
            &options->set, origin_of(options, "bridge", "admin"),
            "[bridge] admin: %s is where nodes connect (listen); choose another port",
            bridge->admin);
    }
    check_redis(options);
    check_apps(options);
    options->name =
        bridge->name != NULL ? bytes_duplicate(bytes_from_string(bridge->name)) : default_name();
    options->credentials = bridge->credentials != NULL
                               ? bytes_duplicate(bytes_from_string(bridge->credentials))
                               : default_credentials(bridge->state);
    if (options->name == NULL || options->credentials == NULL) {
        return STATUS_NO_MEMORY;
    }
    return options->set.problem_count > 0 ? STATUS_INVALID : STATUS_OK;
}

bool
bridge_options_is_memory(const struct bridge_options *options)
{
    return options->redis->address == NULL;
}

enum log_level
bridge_options_log_level(const struct bridge_options *options)
{
    static const struct {
        const char *word;
        enum log_level level;
    } levels[] = {{"error", LOG_ERROR},
                  {"warn", LOG_WARN},
                  {"info", LOG_INFO},
                  {"debug", LOG_DEBUG}};

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (options->bridge->log_level != NULL &&
            strcmp(options->bridge->log_level, levels[i].word) == 0) {
            return levels[i].level;
        }
    }
    return LOG_INFO;
}

uint64_t
bridge_options_history_max(const struct bridge_options *options, struct bytes key)
{
    for (size_t i = 0; i < options->set.group_count; i++) {
        const struct option_group *group = &options->set.groups[i];
        const struct bridge_options_app *app = group->values;

        if (group->name != NULL && bytes_equal(bytes_from_string(group->name), key) &&
            app->history_max > 0) {
            return app->history_max;
        }
    }
    return options->bridge->history_max;
}
