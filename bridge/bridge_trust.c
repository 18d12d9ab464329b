/* SPDX-License-Identifier: MIT */
#include "bridge/bridge_trust.h"

#include <inttypes.h>
#include <stdlib.h>

#include "bridge/authority/farm_share.h"
#include "bridge/bridge_metrics.h"

enum { DAY_S = 24 * 3600, DAY_MS = DAY_S * 1000, PROBLEM_MAX_BYTES = 4096 };

static int64_t
now_s(const struct bridge_trust *trust)
{
    return (int64_t)(trust->options.timers->clock->wall_ms / 1000);
}

/* ---- Revoked certificates ---- */

static bool
look_at_revoked(struct bridge_trust *trust)
{
    size_t before = farm_revoked_count(&trust->revoked);
    struct buffer problem;

    if (!state_file_changed(&trust->revoked_stamp, trust->revoked_path)) {
        return false;
    }
    buffer_init(&problem, PROBLEM_MAX_BYTES);
    if (farm_revoked_load(&trust->revoked, trust->options.state, &problem) != STATUS_OK) {
        log_error(trust->options.log, "bridge",
                  "the revoked certificates of before stay in use: %.*s",
                  BYTES_PRINTF(buffer_bytes(&problem)));
    } else {
        size_t count = farm_revoked_count(&trust->revoked);

        if (count != before) {
            log_info(trust->options.log, "bridge",
                     "the list of revoked certificates was read count=%zu", count);
        }
        node_links_close_revoked(trust->options.links);
    }
    buffer_deinit(&problem);
    return true;
}

/* ---- Token secrets ---- */

/* Files in it are replaced by renaming, which changes the directory. */
static bool
look_at_secrets(struct bridge_trust *trust)
{
    bool has_changed = state_file_changed(&trust->secrets_stamp, trust->secrets_path);

    if (has_changed || trust->options.apps->secrets_until_s <= now_s(trust)) {
        bridge_apps_refresh_secrets(trust->options.apps);
    }
    return has_changed;
}

/* ---- Other bridges ---- */

void
bridge_trust_share(struct bridge_trust *trust,
                   void (*on_piece)(void *owner, struct bytes name, struct bytes content),
                   void *owner)
{
    struct buffer problem;

    buffer_init(&problem, PROBLEM_MAX_BYTES);
    if (farm_share_each(trust->options.state, on_piece, owner, &problem) != STATUS_OK) {
        log_error(trust->options.log, "bridge",
                  "other bridges are not told of certificates and token secrets: %.*s",
                  BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
}

static void on_timer(struct timer *timer);

void
bridge_trust_take(struct bridge_trust *trust, const char *subject, struct bytes name,
                  struct bytes content)
{
    struct buffer problem;
    bool has_changed;

    buffer_init(&problem, PROBLEM_MAX_BYTES);
    if (farm_share_merge(trust->options.state, name, content, now_s(trust), &has_changed,
                         &problem) != STATUS_OK) {
        log_error(trust->options.log, subject, "what it shares was not taken: %.*s",
                  BYTES_PRINTF(buffer_bytes(&problem)));
    } else if (has_changed) {
        metrics_add(trust->options.metrics, BRIDGE_METRIC_SHARES_TAKEN, 1);
        log_info(trust->options.log, subject, "what it shares was taken what=%.*s",
                 BYTES_PRINTF(name));
        timer_start(trust->options.timers, &trust->timer, 0, on_timer);
    }
    buffer_deinit(&problem);
}

/* ---- Expiry ---- */

static void
warn_of_expiry(struct bridge_trust *trust, int64_t left_s)
{
    uint64_t now_ms = trust->options.timers->clock->now_ms;

    if (now_ms < trust->next_warning_ms) {
        return;
    }
    if (left_s < PEER_EXPIRY_WARNING_S && !trust->options.renew(trust->options.owner)) {
        log_warn(trust->options.log, "bridge",
                 "the certificate of this bridge expires in %" PRId64
                 " days; issue new credentials with --bridge, put them in place and reload",
                 left_s > 0 ? left_s / DAY_S : 0);
    }
    node_links_warn_of_expiry(trust->options.links);
    trust->next_warning_ms = now_ms + DAY_MS;
}

static void
look_at_expiry(struct bridge_trust *trust)
{
    struct metrics *metrics = trust->options.metrics;
    int64_t left_s = node_links_expires_s(trust->options.links) - now_s(trust);
    int64_t first_s = node_links_first_expiry_s(trust->options.links);

    metrics_set(metrics, BRIDGE_METRIC_CERTIFICATE_EXPIRES, left_s);
    metrics_set(metrics, BRIDGE_METRIC_NODE_CERTIFICATE_EXPIRES,
                first_s == INT64_MAX ? 0 : first_s - now_s(trust));
    warn_of_expiry(trust, left_s);
}

/* ---- Life ---- */

static void
on_timer(struct timer *timer)
{
    struct bridge_trust *trust = CONTAINER_OF(timer, struct bridge_trust, timer);

    /* First the links, so that no revoked node is given the new secrets. */
    bool has_changed = look_at_revoked(trust);

    has_changed = look_at_secrets(trust) || has_changed;
    has_changed = state_file_changed(&trust->issued_stamp, trust->issued_path) || has_changed;
    if (has_changed) {
        trust->options.on_changed(trust->options.owner);
    }
    look_at_expiry(trust);
    timer_start(trust->options.timers, timer, BRIDGE_TRUST_LOOK_MS, on_timer);
}

enum status
bridge_trust_init(struct bridge_trust *trust, const struct bridge_trust_options *options,
                  struct buffer *problem)
{
    *trust = (struct bridge_trust){.options = *options};
    farm_revoked_init(&trust->revoked);
    trust->revoked_path = state_path(options->state, "revoked");
    trust->secrets_path = state_path(options->state, "secrets");
    trust->issued_path = state_path(options->state, "issued");
    if (trust->revoked_path == NULL || trust->secrets_path == NULL || trust->issued_path == NULL) {
        (void)buffer_append_string(problem, "out of memory");
        return STATUS_NO_MEMORY;
    }
    return farm_revoked_load(&trust->revoked, options->state, problem);
}

void
bridge_trust_start(struct bridge_trust *trust)
{
    timer_start(trust->options.timers, &trust->timer, 0, on_timer);
}

void
bridge_trust_deinit(struct bridge_trust *trust)
{
    timer_stop(trust->options.timers, &trust->timer);
    farm_revoked_deinit(&trust->revoked);
    free(trust->revoked_path);
    free(trust->secrets_path);
    free(trust->issued_path);
}
