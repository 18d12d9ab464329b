/* SPDX-License-Identifier: MIT */
/* tail_redis: the messages of an app straight from its channel in Redis, whether a bridge runs or
 * not. */
#include "bridge/admin/tail.h"

#include <stdlib.h>

#include "bridge/bridge.h"
#include "bridge/redis/redis_connection.h"
#include "common/net/tls.h"
#include "common/wire/signalr_message.h"

struct tail_redis {
    struct tail *tail;
    struct tls_context *tls;
    struct redis_connection *connection;
};

static void
on_subscribed(void *context, const struct redisReply *reply)
{
    (void)context;
    (void)reply;
}

static void
on_ready(void *owner)
{
    struct tail_redis *source = owner;
    const struct bytes arguments[] = {BYTES("SUBSCRIBE"), source->tail->key};

    if (redis_connection_send(source->connection, arguments, 2, on_subscribed, NULL) != STATUS_OK) {
        tail_fail(source->tail, "out of memory");
    }
}

static void
on_lost(void *owner, enum redis_loss loss, const char *why)
{
    (void)owner;
    (void)loss;
    (void)why; /* the connection has logged it, and is being dialed again */
}

static void
on_message(void *owner, struct bytes channel, struct bytes message)
{
    struct tail_redis *source = owner;
    struct bytes frame;
    uint64_t id;

    (void)channel;
    if (signalr_message_split_channel(message, &id, &frame) != STATUS_OK) {
        id = 0;
        frame = message;
    }
    tail_message(source->tail, id, frame);
}

static const struct redis_connection_handler handler = {
    .on_ready = on_ready,
    .on_lost = on_lost,
    .on_message = on_message,
};

static void
close_source(void *opened)
{
    struct tail_redis *source = opened;

    redis_connection_close(source->connection);
    tls_context_free(source->tls);
    free(source);
}

static enum status
open_source(struct tail *tail, struct buffer *problem, void **out)
{
    const struct bridge_options_redis *redis = tail->options->redis;
    struct tail_redis *source = calloc(1, sizeof(*source));
    enum status status;

    if (source == NULL) {
        return STATUS_NO_MEMORY;
    }
    source->tail = tail;
    status = bridge_redis_tls(tail->options, problem, &source->tls);
    if (status == STATUS_OK) {
        const struct redis_options options = {
            .address = redis->address,
            .user = redis->user,
            .password_file = redis->password_file,
            .tls = source->tls,
            .tls_server_name = tail->options->redis_host,
        };

        status = redis_connection_open(tail->loop, &options, "tail", &handler, source,
                                       &source->connection);
    }
    if (status != STATUS_OK) {
        close_source(source);
        return status;
    }
    *out = source;
    return STATUS_OK;
}

const struct tail_source tail_redis_source = {.open = open_source, .close = close_source};
