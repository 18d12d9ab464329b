/* SPDX-License-Identifier: MIT */
#include "service/node/service_options.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "common/net/net_address.h"
#include "service/hubs/hub_module.h"
#include "service/hubs/hub_relay.h"
#include "service/hubs/hub_upstream.h"
#include "service/node/service_tokens.h"
#include "service/upstream/upstream_settings.h"

enum { KEYS_FILE_BYTES_MAX = 64 * 1024 };

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

/* Memory that lives as long as the options. Aborts when there is none: nothing has started yet. */
static void *
keep(struct service_options *options, void *memory)
{
    void **owned = realloc(options->owned, (options->owned_count + 1) * sizeof(*owned));

    if (memory == NULL || owned == NULL) {
        abort();
    }
    options->owned = owned;
    options->owned[options->owned_count++] = memory;
    return memory;
}

/* "a, b" as an array of trimmed texts. */
static const char **
split_list(struct service_options *options, const char *text, size_t *count)
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
        items[(*count)++] = keep(options, bytes_duplicate(part));
    }
    return items == NULL ? NULL : keep(options, items);
}

static const struct token_policy *
make_tokens(struct service_options *options, const struct option_group *group)
{
    const struct app_section *section = group->values;
    struct token_policy *policy = service_tokens_make(&options->set, group);
    struct token_policy **grown =
        realloc(options->policies, (options->policy_count + 1) * sizeof(*grown));

    if (grown == NULL) {
        abort();
    }
    options->policies = grown;
    options->policies[options->policy_count++] = policy;
    policy->audiences = split_list(options, section->token_audience, &policy->audience_count);
    return policy;
}

static void
resolve_user(struct service_options *options, const struct option_group *group, struct app *app,
             char *text)
{
    struct bytes user = bytes_from_string(text);

    app->user_source = APP_USER_NONE;
    if (bytes_starts_with_ignore_case(user, BYTES("query:")) && user.length > 6) {
        app->user_source = APP_USER_QUERY;
        app->user_name = text + 6;
    } else if (bytes_starts_with_ignore_case(user, BYTES("header:")) && user.length > 7) {
        app->user_source = APP_USER_HEADER;
        app->user_name = text + 7;
    } else if (bytes_equal_ignore_case(user, BYTES("token"))) {
        app->user_source = APP_USER_TOKEN;
        app->tokens = make_tokens(options, group);
    } else if (!bytes_equal_ignore_case(user, BYTES("none"))) {
        option_add_problem(&options->set, option_origin(&options->set, group, "user"),
                           "[app %s] user: \"%s\" is not none, query:NAME, header:NAME or token",
                           group->name, text);
    }
    if (app->user_source != APP_USER_TOKEN) {
        service_tokens_check_unused(&options->set, group);
    }
}

/* "/signalr/" and "signalr" mean "/signalr"; "/" means everything. */
static const char *
clean_path(struct service_options *options, struct bytes path)
{
    struct buffer clean;

    buffer_init(&clean, 4096);
    while (path.length > 0 && path.data[path.length - 1] == '/') {
        path.length--;
    }
    if (path.length > 0 && path.data[0] != '/') {
        buffer_append_byte(&clean, '/');
    }
    buffer_append(&clean, path);
    const char *text = keep(options, bytes_duplicate(buffer_bytes(&clean)));
    buffer_deinit(&clean);
    return text;
}

static struct app_path *
add_path(struct app *app, struct app_path path)
{
    struct app_path *paths = (struct app_path *)(uintptr_t)app->paths;

    paths[app->path_count] = path;
    return &paths[app->path_count++];
}

/* The "chat" and "ChatHub" of "chat/ChatHub". */
static bool
belongs_to(const struct option_group *group, const struct option_group *app, const char **own_name)
{
    size_t length = strlen(app->name);

    if (strncmp(group->name, app->name, length) != 0 || group->name[length] != '/' ||
        group->name[length + 1] == '\0') {
        return false;
    }
    *own_name = group->name + length + 1;
    return true;
}

static bool
is_section(const struct option_group *group, const char *name)
{
    return strcmp(group->section->name, name) == 0;
}

static struct hub_relay_rules *
make_rules(struct service_options *options, const struct option_group *group, bool is_raw)
{
    struct hub_relay_rules *rules = hub_relay_rules_new(is_raw);
    struct hub_relay_rules **grown =
        realloc(options->rules, (options->rules_count + 1) * sizeof(*options->rules));

    if (rules == NULL || grown == NULL) {
        abort();
    }
    options->rules = grown;
    options->rules[options->rules_count++] = rules;
    for (size_t i = 0; i < group->extra_count; i++) {
        const struct option_extra *extra = &group->extras[i];
        struct hub_relay_rule_problem problem = {0, ""};
        enum status status = hub_relay_rules_add(rules, bytes_from_string(extra->name),
                                                 bytes_from_string(extra->value), &problem);
        if (status == STATUS_OK) {
            continue;
        }
        if (problem.column > 0) {
            option_add_problem(&options->set, extra->origin,
                               "[%s %s] %s: %s (column %zu of the rule)", group->section->name,
                               group->name, extra->name, problem.text, problem.column);
        } else {
            option_add_problem(&options->set, extra->origin, "[%s %s] %s: %s", group->section->name,
                               group->name, extra->name, problem.text);
        }
    }
    return rules;
}

static enum status
make_relay(const void *configuration, const struct hub_backend_context *context,
           struct hub_backend **out)
{
    (void)context;
    *out = hub_relay_new(configuration);
    return *out == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

/* What may not be passed on: it belongs to each message of its own, or would let a client say what
 * only we may say. */
static bool
may_pass_header(struct bytes name)
{
    static const char *const refused[] = {"Host",         "Connection", "Content-Length",
                                          "Expect",       "Keep-Alive", "Transfer-Encoding",
                                          "Content-Type", "Upgrade",    "TE",
                                          "Trailer"};

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (bytes_equal_ignore_case(name, bytes_from_string(refused[i]))) {
            return false;
        }
    }
    for (size_t i = 0; i < name.length; i++) {
        uint8_t byte = name.data[i];
        bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        if (!is_letter && !(byte >= '0' && byte <= '9') && byte != '-' && byte != '_') {
            return false;
        }
    }
    return !bytes_starts_with_ignore_case(name, BYTES("X-ASRS-")) &&
           !bytes_starts_with_ignore_case(name, BYTES("X-Hubplane-"));
}

static void
resolve_headers(struct service_options *options, const struct option_group *group, struct app *app)
{
    const struct app_section *section = group->values;

    app->headers = split_list(options, section->upstream_headers, &app->header_count);
    for (size_t i = 0; i < app->header_count; i++) {
        if (!may_pass_header(bytes_from_string(app->headers[i]))) {
            option_add_problem(&options->set,
                               option_origin(&options->set, group, "upstream_headers"),
                               "[app %s] upstream_headers: \"%s\" cannot be passed on", group->name,
                               app->headers[i]);
        }
    }
}

/* What a browser sends in Origin: scheme and host, and a port where it is not the usual one. */
static bool
is_origin(struct bytes text)
{
    size_t scheme = bytes_find(text, ':');
    struct bytes rest = scheme == SIZE_MAX ? BYTES_NONE : bytes_after(text, scheme);

    return bytes_equal(text, BYTES("*")) || bytes_equal_ignore_case(text, BYTES("null")) ||
           (scheme > 0 && rest.length > 3 && bytes_starts_with(rest, BYTES("://")) &&
            bytes_find(bytes_after(rest, 3), '/') == SIZE_MAX);
}

static void
resolve_origins(struct service_options *options, const struct option_group *group, struct app *app)
{
    const struct app_section *section = group->values;

    app->origins = split_list(options, section->origins, &app->origin_count);
    for (size_t i = 0; i < app->origin_count; i++) {
        if (!is_origin(bytes_from_string(app->origins[i]))) {
            option_add_problem(&options->set, option_origin(&options->set, group, "origins"),
                               "[app %s] origins: \"%s\" is not what a browser calls an origin: "
                               "write https://www.example.com, without a path or a / at the end",
                               group->name, app->origins[i]);
        }
    }
}

/* One key a line; the file is as secret as a private key. */
static size_t
read_keys(struct service_options *options, struct bytes text, struct jwt_key *keys)
{
    struct bytes rest = text, line;
    size_t count = 0;

    while (rest.data != NULL && bytes_split(&rest, '\n', &line)) {
        if (line.length > 0 && line.data[line.length - 1] == '\r') {
            line.length--;
        }
        line = bytes_trim(line);
        if (line.length > 0 && count < APP_ACCESS_KEYS_MAX) {
            keys[count].secret = bytes_from_string(keep(options, bytes_duplicate(line)));
        }
        count += line.length > 0;
    }
    return count;
}

static void
resolve_access_keys(struct service_options *options, const struct option_group *group,
                    struct app *app)
{
    const char *path = ((const struct app_section *)group->values)->access_keys_file;
    struct buffer text;
    size_t count = 0;

    if (path == NULL) {
        return;
    }
    buffer_init(&text, KEYS_FILE_BYTES_MAX);
    enum status status = file_read(path, KEYS_FILE_BYTES_MAX, &text);
    if (status == STATUS_OK) {
        count = read_keys(options, buffer_bytes(&text), app->access_keys);
    }
    crypto_wipe(text.data, text.length);
    buffer_deinit(&text);
    if (status != STATUS_OK) {
        option_add_problem(&options->set, option_origin(&options->set, group, "access_keys_file"),
                           "[app %s] access_keys_file \"%s\" cannot be read: %s", group->name, path,
                           status_sentence(status));
    } else if (count == 0 || count > APP_ACCESS_KEYS_MAX) {
        option_add_problem(&options->set, option_origin(&options->set, group, "access_keys_file"),
                           "[app %s] access_keys_file \"%s\": write one key on a line, or two: "
                           "primary and secondary",
                           group->name, path);
    } else {
        app->access_key_count = count;
    }
}

static const struct upstream_settings *
make_upstream(struct service_options *options, const struct option_group *group,
              const struct app *app)
{
    const struct hub_section *section = group->values;
    struct upstream_settings *settings = keep(options, calloc(1, sizeof(*settings)));
    const struct upstream_settings **grown =
        realloc(options->upstreams, (options->upstream_count + 1) * sizeof(*grown));

    if (grown == NULL) {
        abort();
    }
    options->upstreams = grown;
    options->upstreams[options->upstream_count++] = settings;
    *settings = (struct upstream_settings){
        .name = group->name,
        .url = section->upstream,
        .authority = section->upstream_authority,
        .timeout_ms = (uint32_t)section->upstream_timeout,
        .connections_max = section->upstream_connections,
        .queue_max = section->upstream_queue,
    };
    settings->methods = split_list(options, section->methods, &settings->method_count);
    for (size_t i = 0; i < app->access_key_count; i++) {
        settings->keys[i] = (const char *)app->access_keys[i].secret.data;
    }
    if (!upstream_settings_url_is_valid(bytes_from_string(settings->url))) {
        option_add_problem(&options->set, option_origin(&options->set, group, "upstream"),
                           "[hub %s] upstream: \"%s\" is not a URL such as "
                           "http://localhost/hubs/{hub}/{event}",
                           group->name, settings->url);
    }
    if (group->extra_count > 0) {
        option_add_problem(
            &options->set, group->extras[0].origin,
            "[hub %s] %s: the application answers every method of this hub (upstream); "
            "a relay rule needs a hub of its own",
            group->name, group->extras[0].name);
    }
    return settings;
}

static const struct hub_module_settings *
make_module(struct service_options *options, const struct option_group *group)
{
    const struct hub_section *section = group->values;
    struct hub_module_settings *settings = keep(options, calloc(1, sizeof(*settings)));

    *settings = (struct hub_module_settings){.name = group->name,
                                             .path = section->module,
                                             .settings = section->module_settings};
    if (section->upstream != NULL) {
        option_add_problem(&options->set, option_origin(&options->set, group, "module"),
                           "[hub %s]: a hub is answered by an upstream or by a module, not by both",
                           group->name);
    }
    if (group->extra_count > 0) {
        option_add_problem(&options->set, group->extras[0].origin,
                           "[hub %s] %s: the module answers every method of this hub; a relay rule "
                           "needs a hub of its own",
                           group->name, group->extras[0].name);
    }
    return settings;
}

/* Who answers the hub. */
static struct app_hub
make_hub(struct service_options *options, const struct option_group *group, const char *name,
         const struct app *app)
{
    const struct hub_section *section = group->values;

    if (section->methods != NULL && section->upstream == NULL) {
        option_add_problem(&options->set, option_origin(&options->set, group, "methods"),
                           "[hub %s] methods is for a hub with an upstream: rules and modules name "
                           "their own",
                           group->name);
    }
    if (section->module_settings != NULL && section->module == NULL) {
        option_add_problem(&options->set, option_origin(&options->set, group, "module_settings"),
                           "[hub %s] module_settings without a module", group->name);
    }
    if (section->module != NULL) {
        return (struct app_hub){name, hub_module_make, make_module(options, group)};
    }
    if (section->upstream != NULL) {
        return (struct app_hub){name, hub_upstream_make, make_upstream(options, group, app)};
    }
    return (struct app_hub){name, make_relay, make_rules(options, group, false)};
}

static void
add_hub(struct service_options *options, const struct option_group *group, const char *name,
        struct app *app)
{
    struct app_hub *hubs = (struct app_hub *)(uintptr_t)app->hubs;

    if (strchr(name, '.') != NULL) {
        option_add_problem(&options->set, group->origin,
                           "[hub %s]: a hub's name must not contain a dot", group->name);
    }
    if (app->hub_count == APP_HUBS_MAX) {
        option_add_problem(&options->set, group->origin, "[hub %s]: an app has at most %d hubs",
                           group->name, APP_HUBS_MAX);
        return;
    }
    if (app_find_hub(app, bytes_from_string(name)) != SIZE_MAX) {
        option_add_problem(&options->set, group->origin,
                           "[hub %s]: this app has a hub of that name already", group->name);
        return;
    }
    hubs[app->hub_count++] = make_hub(options, group, name, app);
}

static void
add_raw(struct service_options *options, const struct option_group *group, const char *name,
        struct app *app)
{
    const struct connection_section *section = group->values;
    struct app_hub *raw = keep(options, calloc(1, sizeof(*raw)));

    if (section->path == NULL) {
        option_add_problem(&options->set, group->origin,
                           "[connection %s] path is missing: say where clients find it",
                           group->name);
        return;
    }
    *raw = (struct app_hub){section->type != NULL ? section->type : name, make_relay,
                            make_rules(options, group, true)};
    add_path(app, (struct app_path){.path = clean_path(options, bytes_from_string(section->path)),
                                    .raw = raw});
}

static void
add_paths(struct service_options *options, struct app *app, const struct app_section *section)
{
    size_t count;
    const char **paths = split_list(options, section->path, &count);

    for (size_t i = 0; i < count; i++) {
        add_path(app, (struct app_path){
                          .path = clean_path(options, bytes_from_string(paths[i])),
                          .allows_jsonp = section->jsonp,
                          .shows_detailed_errors = section->detailed_errors,
                          .hides_script = !section->hub_script,
                      });
    }
}

static void
add_parts(struct service_options *options, const struct option_group *app_group, struct app *app)
{
    for (size_t i = 0; i < options->set.group_count; i++) {
        const struct option_group *group = &options->set.groups[i];
        const char *name;
        if (group->name == NULL || !belongs_to(group, app_group, &name)) {
            continue;
        }
        if (is_section(group, "hub")) {
            add_hub(options, group, name, app);
        } else if (is_section(group, "connection")) {
            add_raw(options, group, name, app);
        } else if (is_section(group, "path")) {
            const struct path_section *section = group->values;
            const char *path = section->path != NULL ? section->path : name;
            add_path(app, (struct app_path){
                              .path = clean_path(options, bytes_from_string(path)),
                              .allows_jsonp = section->jsonp,
                              .shows_detailed_errors = section->detailed_errors,
                              .hides_script = !section->hub_script,
                          });
        }
    }
}

static bool
is_loopback(const char *address)
{
    struct bytes host = bytes_from_string(address);

    return bytes_starts_with(host, BYTES("127.")) || bytes_starts_with(host, BYTES("[::1]:")) ||
           bytes_starts_with_ignore_case(host, BYTES("localhost:"));
}

/* The door of that address, made when it is the first app there. */
static size_t
add_door(struct service_options *options, const struct option_group *group,
         const struct app_section *section)
{
    size_t door = 0;

    while (door < options->door_count &&
           strcmp(options->doors[door].address, section->redis) != 0) {
        door++;
    }
    if (door == options->door_count) {
        options->doors[options->door_count++] =
            (struct redis_door){section->redis, section->redis_password_file};
    } else if (!bytes_equal(bytes_from_string(options->doors[door].password_file),
                            bytes_from_string(section->redis_password_file))) {
        option_add_problem(&options->set,
                           option_origin(&options->set, group, "redis_password_file"),
                           "[app %s] redis_password_file: apps that share the address %s must name "
                           "the same file",
                           group->name, section->redis);
    }
    return door;
}

static void
resolve_redis(struct service_options *options, const struct option_group *group,
              const struct app *app)
{
    const struct app_section *section = group->values;

    if (section->redis == NULL) {
        if (section->redis_password_file != NULL) {
            option_add_problem(&options->set,
                               option_origin(&options->set, group, "redis_password_file"),
                               "[app %s] redis_password_file: there is no redis to protect; write "
                               "redis = 127.0.0.1:6379",
                               group->name);
        }
        return;
    }
    if (!is_loopback(section->redis) && section->redis_password_file == NULL) {
        option_add_problem(&options->set, option_origin(&options->set, group, "redis"),
                           "[app %s] redis: %s can be reached from other machines, and whoever "
                           "does can publish; write 127.0.0.1, or set redis_password_file",
                           group->name, section->redis);
    }
    size_t door = add_door(options, group, section);
    for (size_t i = 0; i < options->door_app_count; i++) {
        if (options->door_apps[i].door == door &&
            strcmp(options->door_apps[i].key, app->key) == 0) {
            option_add_problem(&options->set, option_origin(&options->set, group, "redis"),
                               "[app %s] redis: [app %s] has the key \"%s\" at %s already; only "
                               "the key tells apps apart there",
                               group->name, options->door_apps[i].name, app->key, section->redis);
        }
    }
    options->door_apps[options->door_app_count++] =
        (struct redis_door_app){app->name, app->key, app->handle, door};
}

static void
resolve_app(struct service_options *options, const struct option_group *group, struct app *app)
{
    const struct app_section *section = group->values;
    size_t most_paths =
        options->set.group_count + (section->path != NULL ? strlen(section->path) : 0) + 1;
    const char *problem = NULL;

    app_init(app);
    app->name = group->name;
    app->key = section->key != NULL ? section->key : group->name;
    app->handle = (uint16_t)(app - options->apps + 1);
    app->hubs = keep(options, calloc(APP_HUBS_MAX, sizeof(struct app_hub)));
    app->paths = keep(options, calloc(most_paths, sizeof(struct app_path)));
    resolve_origins(options, group, app);
    app->timeouts = (struct app_timeouts){
        .keep_alive_ms = (uint32_t)section->keep_alive,
        .disconnect_ms = (uint32_t)section->disconnect_timeout,
        .connection_ms = (uint32_t)section->connection_timeout,
        .transport_connect_ms = (uint32_t)section->transport_connect_timeout,
        .long_poll_delay_ms = (uint32_t)section->long_poll_delay,
    };
    app->limits.websocket_message_bytes = section->websocket_message_max;
    app->limits.send_queue_bytes = section->send_queue_max;
    app->limits.groups_max = section->groups_max;
    resolve_user(options, group, app, section->user);
    resolve_access_keys(options, group, app);
    resolve_headers(options, group, app);
    resolve_redis(options, group, app);
    add_paths(options, app, section);
    add_parts(options, group, app);
    if (strchr(app->key, '*') != NULL) {
        option_add_problem(&options->set, option_origin(&options->set, group, "key"),
                           "[app %s] key: \"%s\" contains *, which .NET servers take for a "
                           "pattern; choose another",
                           group->name, app->key);
    }
    if (app_check(app, &problem) != STATUS_OK) {
        option_add_problem(&options->set, group->origin, "[app %s]: %s", group->name, problem);
    }
}

static size_t
count_apps(const struct option_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->group_count; i++) {
        count += is_section(&set->groups[i], "app");
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
        bool has_app = group->name == NULL || is_section(group, "app");
        for (size_t j = 0; j < options->set.group_count && !has_app; j++) {
            has_app = is_section(&options->set.groups[j], "app") &&
                      belongs_to(group, &options->set.groups[j], &own_name);
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

/* Port 0 is another port each time. */
static bool
are_same_address(const char *left, const char *right)
{
    struct bytes text = bytes_from_string(left);

    return left != NULL && right != NULL &&
           bytes_equal_ignore_case(text, bytes_from_string(right)) &&
           !bytes_equal(bytes_after(text, text.length - 2), BYTES(":0"));
}

/* Only one socket can listen at an address; the system's own complaint would blame another program.
 */
static void
check_addresses(struct service_options *options)
{
    const char *admin = options->service->admin;
    size_t count;
    const char **listen = split_list(options, options->service->listen, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (are_same_address(listen[i], listen[j])) {
                option_add_problem(&options->set, origin_of(options, "listen"),
                                   "[service] listen: %s is there twice", listen[i]);
            }
        }
        if (are_same_address(listen[i], admin)) {
            option_add_problem(&options->set, origin_of(options, "admin"),
                               "[service] admin: %s is where clients connect (listen); choose "
                               "another port",
                               admin);
        }
    }
    for (size_t i = 0; i < options->door_count; i++) {
        const char *door = options->doors[i].address;
        bool is_taken = are_same_address(door, admin);
        for (size_t j = 0; j < count; j++) {
            is_taken = is_taken || are_same_address(door, listen[j]);
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
        split_list(options, options->service->trusted_proxies, &options->proxies.count);
    char canonical[NET_ADDRESS_TEXT_BYTES];

    for (size_t i = 0; i < options->proxies.count; i++) {
        if (net_address_canonical(addresses[i], canonical) == STATUS_OK) {
            addresses[i] = keep(options, bytes_duplicate(bytes_from_string(canonical)));
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
    options->apps = keep(options, calloc(app_count + 1, sizeof(*options->apps)));
    options->doors = keep(options, calloc(app_count + 1, sizeof(*options->doors)));
    options->door_apps = keep(options, calloc(app_count + 1, sizeof(*options->door_apps)));
    for (size_t i = 0; i < options->set.group_count; i++) {
        if (is_section(&options->set.groups[i], "app")) {
            resolve_app(options, &options->set.groups[i], &options->apps[options->app_count++]);
        }
    }
    if (app_count == 0) {
        option_add_problem(&options->set, NULL,
                           "there is no [app NAME] section: nothing would be served");
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
