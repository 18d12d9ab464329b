/* SPDX-License-Identifier: MIT */
#include "bridge/bridge_apps.h"

#include <string.h>

#include "bridge/authority/farm_secrets.h"
#include "bridge/bridge_metrics.h"
#include "common/base/crypto.h"

void
bridge_apps_init(struct bridge_apps *apps, const struct bridge_apps_options *options)
{
    apps->options = *options;
    map_init(&apps->by_key);
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
open_app(struct bridge_apps *apps, struct bytes key, struct route_app **out, struct buffer *problem)
{
    const struct bridge_options *config = apps->options.config;
    struct route_app_options options = {
        .backplane = apps->options.backplane,
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
    enum status status = farm_secrets_load(config->bridge->state, key, &secrets, problem);

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
