/* SPDX-License-Identifier: MIT */
#include "bridge/bridge_apps.h"

#include <string.h>

#include "bridge/authority/farm_secrets.h"
#include "bridge/bridge_metrics.h"
#include "common/base/crypto.h"

enum { PROBLEM_MAX_BYTES = 4096 };

void
bridge_apps_init(struct bridge_apps *apps, const struct bridge_apps_options *options)
{
    apps->options = *options;
    map_init(&apps->by_key);
    apps->secrets_until_s = INT64_MAX;
}

void
bridge_apps_deinit(struct bridge_apps *apps)
{
    for (struct map_entry *entry = map_first(&apps->by_key); entry != NULL;
         entry = map_next(entry)) {
        route_app_free(map_entry_value(entry));
    }
    map_deinit(&apps->by_key);
}

static enum status
check_key(const struct bridge_apps *apps, struct bytes key, struct buffer *problem)
{
    if (key.length == 0 || key.length > BRIDGE_KEY_MAX_BYTES) {
        (void)buffer_append_string(problem, "an app's key has 1 to 200 bytes");
        return STATUS_INVALID;
    }
    if (bytes_find(key, '*') != SIZE_MAX) {
        (void)buffer_append_string(problem,
                                   "a key with * would be a pattern to the .NET servers; choose "
                                   "another AppName");
        return STATUS_INVALID;
    }
    if (map_count(&apps->by_key) >= apps->options.config->bridge->apps_max) {
        (void)buffer_append_string(problem, "the bridge has as many apps open as apps_max allows");
        return STATUS_LIMIT;
    }
    return STATUS_OK;
}

static enum status
load_secrets(struct bridge_apps *apps, struct bytes key, struct farm_secrets *out,
             struct buffer *problem)
{
    int64_t now_s = (int64_t)(apps->options.timers->clock->wall_ms / 1000);
    enum status status =
        farm_secrets_load(apps->options.config->bridge->state, key, now_s, out, problem);

    if (status == STATUS_OK && out->previous_until_s < apps->secrets_until_s) {
        apps->secrets_until_s = out->previous_until_s;
    }
    return status;
}

static enum status
open_app(struct bridge_apps *apps, struct bytes key, struct route_app **out, struct buffer *problem)
{
    const struct bridge_options *config = apps->options.config;
    struct route_app_options options = {
        .backplane = apps->options.backplane,
        .bridges = apps->options.bridges,
        .timers = apps->options.timers,
        .log = apps->options.log,
        .metrics = apps->options.metrics,
        .key = key,
        .history_bytes = bridge_options_history_max(config, key),
        .reorder_bytes = config->bridge->reorder_max,
        .message_bytes = config->bridge->message_max,
    };
    struct farm_secrets secrets;
    struct route_app *app;
    enum status status = load_secrets(apps, key, &secrets, problem);

    if (status != STATUS_OK) {
        return status;
    }
    options.secret_count = secrets.count;
    memcpy(options.secrets, secrets.secrets, sizeof(secrets.secrets));
    crypto_wipe(&secrets, sizeof(secrets));
    status = route_app_new(&options, &app);
    crypto_wipe(options.secrets, sizeof(options.secrets));
    if (status == STATUS_OK) {
        status = map_put(&apps->by_key, key, app);
        if (status != STATUS_OK) {
            route_app_free(app);
        }
    }
    if (status != STATUS_OK) {
        (void)buffer_append_string(problem, status_sentence(status));
        return status;
    }
    *out = app;
    apps->options.on_opened(apps->options.owner, app);
    return STATUS_OK;
}

enum status
bridge_apps_open(struct bridge_apps *apps, struct bytes key, struct route_app **out,
                 struct buffer *problem)
{
    struct route_app *app = map_get(&apps->by_key, key);
    enum status status;

    if (app != NULL) {
        *out = app;
        return STATUS_OK;
    }
    status = check_key(apps, key, problem);
    if (status == STATUS_OK) {
        status = open_app(apps, key, out, problem);
    }
    metrics_set(apps->options.metrics, BRIDGE_METRIC_APPS, (int64_t)map_count(&apps->by_key));
    return status;
}

enum status
bridge_apps_open_configured(struct bridge_apps *apps, struct buffer *problem)
{
    const struct option_set *set = &apps->options.config->set;
    struct route_app *app;

    for (size_t i = 0; i < set->group_count; i++) {
        if (set->groups[i].name != NULL) {
            enum status status =
                bridge_apps_open(apps, bytes_from_string(set->groups[i].name), &app, problem);

            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}

static bool
is_new(const struct route_app *app, const struct farm_secrets *secrets)
{
    return app->options.secret_count != secrets->count ||
           memcmp(app->options.secrets, secrets->secrets,
                  secrets->count * sizeof(secrets->secrets[0])) != 0;
}

void
bridge_apps_refresh_secrets(struct bridge_apps *apps)
{
    struct buffer problem;

    buffer_init(&problem, PROBLEM_MAX_BYTES);
    apps->secrets_until_s = INT64_MAX;
    for (struct map_entry *entry = map_first(&apps->by_key); entry != NULL;
         entry = map_next(entry)) {
        struct route_app *app = map_entry_value(entry);
        struct farm_secrets secrets;

        buffer_clear(&problem);
        if (load_secrets(apps, map_entry_key(entry), &secrets, &problem) != STATUS_OK) {
            log_error(apps->options.log, app->subject,
                      "the token secrets of before stay in use: %.*s",
                      BYTES_PRINTF(buffer_bytes(&problem)));
        } else if (is_new(app, &secrets)) {
            log_info(apps->options.log, app->subject, "token secrets have changed count=%zu",
                     secrets.count);
            route_app_set_secrets(app, secrets.count,
                                  (const uint8_t(*)[ENVELOPE_SECRET_BYTES])secrets.secrets);
        }
        crypto_wipe(&secrets, sizeof(secrets));
    }
    buffer_deinit(&problem);
}
