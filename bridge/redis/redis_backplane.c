/* SPDX-License-Identifier: MIT */
#include "bridge/redis/redis_backplane.h"

#include <stdlib.h>

#include "bridge/bridge_metrics.h"
#include "bridge/redis/redis_channel.h"
#include "bridge/redis/redis_log.h"

static struct redis_backplane *
redis_of(struct route_backplane *backplane)
{
    return CONTAINER_OF(backplane, struct redis_backplane, base);
}

static struct redis_channel *
channel_of(struct route_channel *channel)
{
    return CONTAINER_OF(channel, struct redis_channel, base);
}

static void
update_gauge(struct redis_backplane *redis)
{
    metrics_set(redis->options.metrics, BRIDGE_METRIC_REDIS_CONNECTED,
                redis_backplane_is_connected(&redis->base) ? 1 : 0);
}

static void
count_loss(const struct redis_backplane *redis, enum redis_loss loss)
{
    static const enum bridge_metric metrics[REDIS_LOSSES] = {
        [REDIS_LOSS_CLOSED] = BRIDGE_METRIC_REDIS_CLOSED,
        [REDIS_LOSS_SILENT] = BRIDGE_METRIC_REDIS_SILENT,
        [REDIS_LOSS_REFUSED] = BRIDGE_METRIC_REDIS_REFUSED,
        [REDIS_LOSS_REPLICA] = BRIDGE_METRIC_REDIS_REPLICA,
        [REDIS_LOSS_UNREACHABLE] = BRIDGE_METRIC_REDIS_UNREACHABLE,
    };
    metrics_add(redis->options.metrics, metrics[loss], 1);
}

/* ---- The two connections ---- */

static void
on_messages_ready(void *owner)
{
    struct redis_backplane *redis = owner;

    update_gauge(redis);
    if (redis->was_cut) {
        metrics_add(redis->options.metrics, BRIDGE_METRIC_OUTPUT_BUFFER_CUTS, 1);
        redis->was_cut = false;
    }
    for (struct map_entry *entry = map_first(&redis->by_key); entry != NULL;
         entry = map_next(entry)) {
        redis_channel_subscribe(map_entry_value(entry));
    }
}

static void
on_messages_lost(void *owner, enum redis_loss loss, const char *why)
{
    struct redis_backplane *redis = owner;

    /* Redis says nothing when a subscriber has let too much wait; but it only closes that. */
    redis->was_cut =
        redis->was_cut || (loss == REDIS_LOSS_CLOSED && redis_connection_is_ready(redis->log));
    count_loss(redis, loss);
    update_gauge(redis);
    for (struct map_entry *entry = map_first(&redis->by_key); entry != NULL;
         entry = map_next(entry)) {
        redis_channel_cut_off(map_entry_value(entry), why);
    }
}

static void
on_log_ready(void *owner)
{
    update_gauge(owner);
}

static void
on_log_lost(void *owner, enum redis_loss loss, const char *why)
{
    struct redis_backplane *redis = owner;

    (void)why; /* what it was asked has been told */
    redis->was_cut = false;
    count_loss(redis, loss);
    update_gauge(redis);
}

static void
ignore_message(void *owner, struct bytes channel, struct bytes message)
{
    (void)owner;
    (void)channel;
    (void)message;
}

static void
on_message(void *owner, struct bytes key, struct bytes message)
{
    struct redis_backplane *redis = owner;
    struct redis_channel *channel = map_get(&redis->by_key, key);

    if (channel != NULL) {
        channel->handler->on_message(channel->owner, message);
    }
}

static const struct redis_connection_handler messages_handler = {
    .on_ready = on_messages_ready,
    .on_lost = on_messages_lost,
    .on_message = on_message,
};

static const struct redis_connection_handler log_handler = {
    .on_ready = on_log_ready,
    .on_lost = on_log_lost,
    .on_message = ignore_message,
};

/* ---- route_backplane_operations ---- */

static const struct route_backplane_operations operations;

static enum status
open_channel(struct route_backplane *base, struct bytes key,
             const struct route_channel_handler *handler, void *owner, struct route_channel **out)
{
    struct redis_backplane *redis = redis_of(base);
    struct redis_channel *channel;
    enum status status = redis_channel_new(redis, key, handler, owner, &channel);

    if (status != STATUS_OK) {
        return status;
    }
    channel->base.operations = &operations;
    status = map_put(&redis->by_key, key, channel);
    if (status != STATUS_OK) {
        redis_channel_free(channel);
        return status;
    }
    redis_channel_subscribe(channel);
    *out = &channel->base;
    return STATUS_OK;
}

static void
close_channel(struct route_channel *base)
{
    struct redis_channel *channel = channel_of(base);

    /* The subscription ends with the connection: apps are closed when the bridge stops. */
    map_remove(&channel->backplane->by_key, channel->keys.counter);
    redis_channel_free(channel);
}

static void
publish(struct route_channel *base, struct route_batch *batch)
{
    redis_channel_publish(channel_of(base), batch);
}

static void
read_log(struct route_channel *base, struct route_log_read *read)
{
    redis_log_read(channel_of(base), read);
}

static void
append_log(struct route_channel *base, uint64_t id, struct bytes channel_message)
{
    redis_log_append(channel_of(base), id, channel_message);
}

static uint64_t
log_limit(struct route_channel *base)
{
    return redis_log_limit(channel_of(base));
}

static const struct route_backplane_operations operations = {
    .open = open_channel,
    .close = close_channel,
    .publish = publish,
    .read_log = read_log,
    .append_log = append_log,
    .log_limit = log_limit,
};

/* ---- Life ---- */

enum status
redis_backplane_new(struct loop *loop, const struct redis_backplane_options *options,
                    struct route_backplane **out)
{
    struct redis_backplane *redis = calloc(1, sizeof(*redis));
    enum status status = STATUS_NO_MEMORY;

    if (redis == NULL) {
        return status;
    }
    redis->base.operations = &operations;
    redis->loop = loop;
    redis->options = *options;
    redis_script_init(&redis->script);
    buffer_init(&redis->storage, SIZE_MAX);
    map_init(&redis->by_key);
    status = redis_connection_open(loop, &options->redis, "messages", &messages_handler, redis,
                                   &redis->messages);
    if (status == STATUS_OK) {
        status =
            redis_connection_open(loop, &options->redis, "log", &log_handler, redis, &redis->log);
    }
    if (status != STATUS_OK) {
        redis_backplane_free(&redis->base);
        return status;
    }
    *out = &redis->base;
    return STATUS_OK;
}

void
redis_backplane_free(struct route_backplane *backplane)
{
    struct redis_backplane *redis;

    if (backplane == NULL) {
        return;
    }
    redis = redis_of(backplane);
    redis_connection_close(redis->messages);
    redis_connection_close(redis->log);
    map_deinit(&redis->by_key);
    buffer_deinit(&redis->storage);
    free(redis);
}

bool
redis_backplane_is_connected(struct route_backplane *backplane)
{
    const struct redis_backplane *redis = redis_of(backplane);

    return redis->messages != NULL && redis_connection_is_ready(redis->messages) &&
           redis->log != NULL && redis_connection_is_ready(redis->log);
}
