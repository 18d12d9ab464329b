/* SPDX-License-Identifier: MIT */
#include "service/node/service_options.h"

#include <stdlib.h>
#include <string.h>

#include "common/net/net_address.h"
#include "service/hubs/hub_relay.h"
#include "service/node/service_options_internal.h"

static const struct option_section sections[] = {
    {"service", false, false, sizeof(struct service_section),
     "This node: listeners, threads, limits, log."},
    {"bridge", false, false, sizeof(struct bridge_section), "The way to the farm."},
    {"app", true, false, sizeof(struct app_section), "One SignalR application: [app chat]."},
    {"path", true, false, sizeof(struct path_section),
     "One more base path of an app: [path chat/legacy]."},
    {"hub", true, true, sizeof(struct hub_section),
     "A hub and who answers it: relay rules, METHOD = ACTIONS, upstream = URL, or module = FILE: "
     "[hub "
     "chat/ChatHub]."},
    {"connection", true, true, sizeof(struct connection_section),
     "A raw connection type and its rules: [connection chat/echo]."},
};

static const struct option rows[] = {
#define SERVICE_OPTION(section, field, name, type, unset, minimum, maximum, reload, choices, help) \
    {#section,                                                                                     \
     name,                                                                                         \
     OPTION_##type,                                                                                \
     unset,                                                                                        \
     minimum,                                                                                      \
     maximum,                                                                                      \
     OPTION_##reload,                                                                              \
     choices,                                                                                      \
     offsetof(struct section##_section, field),                                                    \
     help},
#include "service/node/service_options.def"
#undef SERVICE_OPTION
};

const struct option_schema service_option_schema = {sections,
                                                    sizeof(sections) / sizeof(sections[0]), rows,
                                                    sizeof(rows) / sizeof(rows[0])};

enum status
service_options_init(struct service_options *options)
{
    memset(options, 0, sizeof(*options));
    return option_set_init(&options->set, &service_option_schema);
}

void
service_options_deinit(struct service_options *options)
{
    for (size_t i = 0; i < options->rules_count; i++) {
        hub_relay_rules_free(options->rules[i]);
    }
    for (size_t i = 0; i < options->policy_count; i++) {
        token_policy_free(options->policies[i]);
    }
    for (size_t i = 0; i < options->owned_count; i++) {
        free(options->owned[i]);
    }
    free(options->policies);
    free(options->rules);
    free(options->upstreams);
    free(options->owned);
    option_set_deinit(&options->set);
    memset(options, 0, sizeof(*options));
}

void *
service_options_keep(struct service_options *options, void *memory)
{
    void **owned = realloc(options->owned, (options->owned_count + 1) * sizeof(*owned));

    if (memory == NULL || owned == NULL) {
        abort();
    }
    options->owned = owned;
    options->owned[options->owned_count++] = memory;
    return memory;
}

const char **
service_options_split(struct service_options *options, const char *text, size_t *count)
{
    struct bytes rest = bytes_from_string(text), part;
    const char **items = NULL;

    *count = 0;
    while (rest.data != NULL && bytes_split(&rest, ',', &part)) {
        part = bytes_trim(part);
        if (part.length == 0) {
            continue;
        }
        const char **grown = realloc(items, (*count + 1) * sizeof(*items));
        if (grown == NULL) {
            abort();
        }
        items = grown;
        items[(*count)++] = service_options_keep(options, bytes_duplicate(part));
    }
    return items == NULL ? NULL : service_options_keep(options, items);
}

bool
service_options_is_section(const struct option_group *group, const char *name)
{
    return strcmp(group->section->name, name) == 0;
}

static size_t
count_apps(const struct option_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->group_count; i++) {
        count += service_options_is_section(&set->groups[i], "app");
    }
    return count;
}

/* [hub chat/ChatHub] without an [app chat] would be ignored silently. */
static void
check_orphans(struct service_options *options)
{
    for (size_t i = 0; i < options->set.group_count; i++) {
        const struct option_group *group = &options->set.groups[i];
        const char *own_name;
        bool has_app = group->name == NULL || service_options_is_section(group, "app");
        for (size_t j = 0; j < options->set.group_count && !has_app; j++) {
            has_app = service_options_is_section(&options->set.groups[j], "app") &&
                      service_hubs_belong(group, &options->set.groups[j], &own_name);
        }
        if (!has_app) {
            option_add_problem(
                &options->set, group->origin,
                "[%s %s]: write [%s APP/NAME] where [app APP] is a section of this configuration",
                group->section->name, group->name, group->section->name);
        }
    }
}

static void
check_bridge(struct service_options *options)
{
    const struct option_group *group = option_find(&options->set, "bridge", NULL);

    if (!option_is_written(&options->set, group, "address")) {
        option_add_problem(&options->set, group->origin,
                           "[bridge] address is missing: name the bridge, such as redis-host:7443");
    }
    if (options->bridge->credentials == NULL) {
        option_add_problem(&options->set, group->origin,
                           "[bridge] credentials is missing: on the bridge run \"hubplane-bridge "
                           "issue NODE > NODE.pem\", "
                           "bring the file here and name it");
    }
}

/* Two apps with one base path would leave one of them unreachable. */
static void
check_paths(struct service_options *options)
{
    for (size_t i = 0; i < options->app_count; i++) {
        for (size_t j = 0; j < i; j++) {
            for (size_t p = 0; p < options->apps[i].path_count; p++) {
                struct bytes path = bytes_from_string(options->apps[i].paths[p].path);
                for (size_t q = 0; q < options->apps[j].path_count; q++) {
                    if (bytes_equal_ignore_case(path, bytes_from_string(
                                                          options->apps[j].paths[q].path))) {
                        const struct option_group *group =
                            option_find(&options->set, "app", options->apps[i].name);
                        option_add_problem(&options->set,
                                           option_origin(&options->set, group, "path"),
                                           "[app %s] and [app %s] both have the path \"%s\"",
                                           options->apps[j].name, options->apps[i].name,
                                           options->apps[i].paths[p].path);
                    }
                }
            }
        }
    }
}

/* Where a value of [service] was written. */
static const char *
origin_of(const struct service_options *options, const char *name)
{
    return option_origin(&options->set, option_find(&options->set, "service", NULL), name);
}

static const char *
first_app_of_door(const struct service_options *options, size_t door)
{
    size_t i = 0;

    while (options->door_apps[i].door != door) {
        i++;
    }
    return options->door_apps[i].name;
}

/* Only one socket can listen at an address; the system's own complaint would blame another program.
 */
static void
check_addresses(struct service_options *options)
{
    const char *admin = options->service->admin;
    size_t count;
    const char **listen = service_options_split(options, options->service->listen, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (net_address_collides(listen[i], listen[j])) {
                option_add_problem(&options->set, origin_of(options, "listen"),
                                   "[service] listen: %s is there twice", listen[i]);
            }
        }
        if (net_address_collides(listen[i], admin)) {
            option_add_problem(&options->set, origin_of(options, "admin"),
                               "[service] admin: %s is where clients connect (listen); choose "
                               "another port",
                               admin);
        }
    }
    for (size_t i = 0; i < options->door_count; i++) {
        const char *door = options->doors[i].address;
        bool is_taken = net_address_collides(door, admin);
        for (size_t j = 0; j < count; j++) {
            is_taken = is_taken || net_address_collides(door, listen[j]);
        }
        if (is_taken) {
            const struct option_group *group =
                option_find(&options->set, "app", first_app_of_door(options, i));
            option_add_problem(&options->set, option_origin(&options->set, group, "redis"),
                               "[app %s] redis: %s is listen or admin of [service]; choose another "
                               "port",
                               group->name, door);
        }
    }
}

/* Written as the addresses of sockets are, so that they can be compared. */
static void
resolve_proxies(struct service_options *options)
{
    const char **addresses =
        service_options_split(options, options->service->trusted_proxies, &options->proxies.count);
    char canonical[NET_ADDRESS_TEXT_BYTES];

    for (size_t i = 0; i < options->proxies.count; i++) {
        if (net_address_canonical(addresses[i], canonical) == STATUS_OK) {
            addresses[i] =
                service_options_keep(options, bytes_duplicate(bytes_from_string(canonical)));
        } else {
            option_add_problem(&options->set, origin_of(options, "trusted_proxies"),
                               "[service] trusted_proxies: \"%s\" is not an address such as "
                               "192.0.2.1 or 2001:db8::1",
                               addresses[i]);
        }
    }
    options->proxies.addresses = addresses;
}

enum status
service_options_resolve(struct service_options *options)
{
    size_t app_count = count_apps(&options->set);

    options->service = option_find(&options->set, "service", NULL)->values;
    options->bridge = option_find(&options->set, "bridge", NULL)->values;
    options->apps = service_options_keep(options, calloc(app_count + 1, sizeof(*options->apps)));
    options->doors = service_options_keep(options, calloc(app_count + 1, sizeof(*options->doors)));
    options->door_apps =
        service_options_keep(options, calloc(app_count + 1, sizeof(*options->door_apps)));
    for (size_t i = 0; i < options->set.group_count; i++) {
        if (service_options_is_section(&options->set.groups[i], "app")) {
            service_apps_resolve(options, &options->set.groups[i],
                                 &options->apps[options->app_count++]);
        }
    }
    if (app_count == 0) {
        option_add_problem(&options->set, NULL,
                           "there is no [app NAME] section, so nothing would be served: write [app "
                           "chat] and below it key = ChatApp, the AppName of the farm");
    }
    check_addresses(options);
    resolve_proxies(options);
    check_orphans(options);
    check_bridge(options);
    check_paths(options);
    return options->set.problem_count == 0 ? STATUS_OK : STATUS_INVALID;
}

enum log_level
service_options_log_level(const struct service_options *options)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};

    for (int i = 0; i < 4; i++) {
        if (strcmp(options->service->log_level, words[i]) == 0) {
            return (enum log_level)i;
        }
    }
    return LOG_INFO;
}
