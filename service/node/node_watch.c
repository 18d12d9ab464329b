/* SPDX-License-Identifier: MIT */
#include "service/node/node_watch.h"

#include <inttypes.h>

#include "service/node/service_metrics.h"

enum {
    TICK_MS = 1000,
    LOST_AFTER_MS =
        3000, /* a bridge that restarts, or another one taking over, is not worth an event */
    COUNTER_INTERVAL_MS = 60000,
    WARN_DAYS = 30,
    DAY_S = 24 * 3600,
};

static void
tell_bridge(struct node_watch *watch, bool is_there, uint64_t now_ms)
{
    const struct node_watch_options *options = &watch->options;

    if (is_there) {
        watch->bridge_since_ms = now_ms;
    }
    if (is_there && watch->bridge != NODE_WATCH_THERE) {
        const char *name = backplane_bridge_name(options->backplane);
        watch->bridge = NODE_WATCH_THERE;
        watch->redis_since_ms = now_ms; /* it gets its time anew */
        service_event(options->host, options->log, SERVICE_EVENT_BRIDGE_REGAINED, " bridge=%s",
                      name != NULL ? name : "?");
    } else if (!is_there && watch->bridge != NODE_WATCH_LOST &&
               now_ms - watch->bridge_since_ms >= LOST_AFTER_MS) {
        bool was_there = watch->bridge == NODE_WATCH_THERE;
        watch->bridge = NODE_WATCH_LOST;
        service_event(options->host, options->log, SERVICE_EVENT_BRIDGE_LOST, "%s",
                      was_there ? ": the link is down and no other bridge answers"
                                : ": none has answered since the start");
    }
}

/* Whether an app is open tells about Redis only while there is a bridge to ask. */
static void
tell_redis(struct node_watch *watch, bool is_ready, uint64_t now_ms)
{
    const struct node_watch_options *options = &watch->options;

    if (is_ready) {
        watch->redis_since_ms = now_ms;
    }
    if (is_ready && watch->redis == NODE_WATCH_LOST) {
        service_event(options->host, options->log, SERVICE_EVENT_REDIS_REGAINED,
                      ": apps are open again");
    } else if (!is_ready && watch->redis != NODE_WATCH_LOST &&
               now_ms - watch->redis_since_ms >= LOST_AFTER_MS) {
        watch->redis = NODE_WATCH_LOST;
        service_event(options->host, options->log, SERVICE_EVENT_REDIS_LOST,
                      ": the bridge answers, but no app is open");
    }
    if (is_ready) {
        watch->redis = NODE_WATCH_THERE;
    }
}

static void
tell_counter(struct node_watch *watch, struct node_watch_counter *counter, size_t metric,
             enum service_event event, uint64_t now_ms)
{
    int64_t now = metrics_get(watch->options.metrics, metric);

    if (now > counter->told && now_ms >= counter->next_ms) {
        service_event(watch->options.host, watch->options.log, event,
                      " count=%" PRId64 " since_start=%" PRId64, now - counter->told, now);
        counter->told = now;
        counter->next_ms = now_ms + COUNTER_INTERVAL_MS;
    }
}

/* Once a day from 30 days before. */
static void
tell_certificate(struct node_watch *watch)
{
    int64_t left_s = watch->expires_at_s - (int64_t)(watch->options.clock->wall_ms / 1000);
    int64_t days = left_s >= 0 ? left_s / DAY_S : -1 - -left_s / DAY_S;

    if (watch->expires_at_s == 0 || days > WARN_DAYS || days == watch->days_told) {
        return;
    }
    watch->days_told = days;
    if (left_s > 0) {
        service_event(watch->options.host, watch->options.log, SERVICE_EVENT_CERTIFICATE_EXPIRES,
                      ": days_left=%" PRId64, days);
    } else {
        service_event(watch->options.host, watch->options.log, SERVICE_EVENT_CERTIFICATE_EXPIRED,
                      ": days_ago=%" PRId64, -1 - days);
    }
}

static void
on_tick(struct timer *timer)
{
    struct node_watch *watch = CONTAINER_OF(timer, struct node_watch, timer);
    const struct node_watch_options *options = &watch->options;
    uint64_t now_ms = options->clock->now_ms;
    bool has_bridge = metrics_get(options->metrics, SERVICE_METRIC_LINK_UP) != 0;

    timer_start(options->timers, &watch->timer, TICK_MS, on_tick);
    tell_bridge(watch, has_bridge, now_ms);
    if (has_bridge) {
        tell_redis(watch, backplane_is_ready(options->backplane), now_ms);
    }
    tell_counter(watch, &watch->refused, SERVICE_METRIC_REFUSED, SERVICE_EVENT_CLIENTS_REFUSED,
                 now_ms);
    tell_counter(watch, &watch->slow, SERVICE_METRIC_SLOW_CONSUMERS, SERVICE_EVENT_SLOW_CONSUMERS,
                 now_ms);
    tell_counter(watch, &watch->lost, SERVICE_METRIC_GAPS, SERVICE_EVENT_MESSAGES_LOST, now_ms);
    tell_certificate(watch);
}

void
node_watch_start(struct node_watch *watch, const struct node_watch_options *options)
{
    watch->options = *options;
    watch->bridge_since_ms = watch->redis_since_ms = options->clock->now_ms;
    timer_start(options->timers, &watch->timer, TICK_MS, on_tick);
}

void
node_watch_set_credentials(struct node_watch *watch, const struct tls_context *tls)
{
    const struct tls_peer *identity = tls != NULL ? tls_context_identity(tls) : NULL;

    watch->expires_at_s = identity != NULL ? identity->expires_at_s : 0;
    watch->days_told = INT64_MAX;
    if (watch->options.metrics != NULL) {
        metrics_set(watch->options.metrics, SERVICE_METRIC_CERTIFICATE_EXPIRES,
                    watch->expires_at_s);
    }
}

void
node_watch_stop(struct node_watch *watch)
{
    if (watch->options.timers != NULL) {
        timer_stop(watch->options.timers, &watch->timer);
    }
}
