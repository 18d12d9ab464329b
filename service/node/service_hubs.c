/* SPDX-License-Identifier: MIT */
/* Their parts: [path NAME/...], [hub NAME/...] and [connection NAME/...]. */
#include <stdlib.h>
#include <string.h>

#include "service/hubs/hub_module.h"
#include "service/hubs/hub_relay.h"
#include "service/hubs/hub_upstream.h"
#include "service/node/service_options_internal.h"
#include "service/upstream/upstream_settings.h"

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
    const char *text = service_options_keep(options, bytes_duplicate(buffer_bytes(&clean)));
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

bool
service_hubs_belong(const struct option_group *group, const struct option_group *app,
                    const char **own_name)
{
    size_t length = strlen(app->name);

    if (strncmp(group->name, app->name, length) != 0 || group->name[length] != '/' ||
        group->name[length + 1] == '\0') {
        return false;
    }
    *own_name = group->name + length + 1;
    return true;
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

static const struct upstream_settings *
make_upstream(struct service_options *options, const struct option_group *group,
              const struct app *app)
{
    const struct hub_section *section = group->values;
    struct upstream_settings *settings =
        service_options_keep(options, calloc(1, sizeof(*settings)));
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
    settings->methods = service_options_split(options, section->methods, &settings->method_count);
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
    struct hub_module_settings *settings =
        service_options_keep(options, calloc(1, sizeof(*settings)));

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
    struct app_hub *raw = service_options_keep(options, calloc(1, sizeof(*raw)));

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
    const char **paths = service_options_split(options, section->path, &count);

    for (size_t i = 0; i < count; i++) {
        add_path(app, (struct app_path){
                          .path = clean_path(options, bytes_from_string(paths[i])),
                          .allows_jsonp = section->jsonp,
                          .shows_detailed_errors = section->detailed_errors,
                          .hides_script = !section->hub_script,
                      });
    }
}

void
service_hubs_add(struct service_options *options, const struct option_group *app_group,
                 struct app *app)
{
    add_paths(options, app, app_group->values);
    for (size_t i = 0; i < options->set.group_count; i++) {
        const struct option_group *group = &options->set.groups[i];
        const char *name;
        if (group->name == NULL || !service_hubs_belong(group, app_group, &name)) {
            continue;
        }
        if (service_options_is_section(group, "hub")) {
            add_hub(options, group, name, app);
        } else if (service_options_is_section(group, "connection")) {
            add_raw(options, group, name, app);
        } else if (service_options_is_section(group, "path")) {
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
