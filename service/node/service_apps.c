/* SPDX-License-Identifier: MIT */
/* The apps of service_options: [app NAME]. */
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "service/node/service_options_internal.h"
#include "service/node/service_tokens.h"

enum { KEYS_FILE_BYTES_MAX = 64 * 1024 };

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
    policy->audiences =
        service_options_split(options, section->token_audience, &policy->audience_count);
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

    app->headers = service_options_split(options, section->upstream_headers, &app->header_count);
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

    app->origins = service_options_split(options, section->origins, &app->origin_count);
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
            keys[count].secret =
                bytes_from_string(service_options_keep(options, bytes_duplicate(line)));
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

void
service_apps_resolve(struct service_options *options, const struct option_group *group,
                     struct app *app)
{
    const struct app_section *section = group->values;
    size_t most_paths =
        options->set.group_count + (section->path != NULL ? strlen(section->path) : 0) + 1;
    const char *problem = NULL;

    app_init(app);
    app->name = group->name;
    app->key = section->key != NULL ? section->key : group->name;
    app->handle = (uint16_t)(app - options->apps + 1);
    app->hubs = service_options_keep(options, calloc(APP_HUBS_MAX, sizeof(struct app_hub)));
    app->paths = service_options_keep(options, calloc(most_paths, sizeof(struct app_path)));
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
    service_hubs_add(options, group, app);
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
