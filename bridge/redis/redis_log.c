/* SPDX-License-Identifier: MIT */
#include "bridge/redis/redis_log.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { AVERAGE_OF = 64, ENTRY_OVERHEAD_BYTES = 120, NUMBER_BYTES = 24 };

/* One page: GET of the counter, then ZRANGEBYSCORE, pipelined. */
struct page_call {
    struct redis_call base;
    struct route_log_read *read;
    bool is_unsent; /* the second request is missing: the first answer ends it */
};

uint64_t
redis_log_limit(const struct redis_channel *channel)
{
    const struct redis_backplane_options *options = &channel->backplane->options;
    uint64_t fitting = options->log_bytes / (channel->average_bytes + ENTRY_OVERHEAD_BYTES);

    if (options->log_messages == 0) {
        return 0;
    }
    if (fitting < 1) {
        fitting = 1;
    }
    return options->log_messages < fitting ? options->log_messages : fitting;
}

void
redis_log_note_size(struct redis_channel *channel, size_t bytes)
{
    channel->average_bytes =
        (channel->average_bytes * (AVERAGE_OF - 1) + bytes + AVERAGE_OF / 2) / AVERAGE_OF;
}

/* ---- Reading ---- */

static void
cancel_page(struct redis_call *base)
{
    struct route_log_read *read = CONTAINER_OF(base, struct page_call, base)->read;

    read->on_done(read, STATUS_CANCELED, true);
}

static void
end_page(struct page_call *call, enum status status, bool is_last)
{
    struct route_log_read *read = call->read;
    bool is_abandoned = call->base.channel == NULL;

    redis_channel_end_call(&call->base);
    free(call);
    if (!is_abandoned) {
        read->on_done(read, status, is_last);
    }
}

static void
on_counter(void *context, const struct redisReply *reply)
{
    struct page_call *call = context;

    if (call->is_unsent) {
        end_page(call, STATUS_BACKPLANE_DOWN, true);
        return;
    }
    if (call->base.channel == NULL || reply == NULL || reply->type != REDIS_REPLY_STRING ||
        bytes_parse_uint64(bytes_from(reply->str, reply->len), &call->read->counter) != STATUS_OK) {
        return; /* stays unknown */
    }
}

static void
on_page(void *context, const struct redisReply *reply)
{
    struct page_call *call = context;

    if (call->base.channel == NULL || reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        end_page(call, STATUS_BACKPLANE_DOWN, true);
        return;
    }
    for (size_t i = 0; i < reply->elements; i++) {
        const struct redisReply *entry = reply->element[i];

        if (entry->type == REDIS_REPLY_STRING) {
            call->read->on_entry(call->read, bytes_from(entry->str, entry->len));
        }
    }
    end_page(call, STATUS_OK, reply->elements < call->read->limit);
}

static enum status
send_page(struct page_call *call)
{
    struct redis_channel *channel = call->base.channel;
    struct redis_connection *log = channel->backplane->log;
    char from[NUMBER_BYTES], to[NUMBER_BYTES], limit[NUMBER_BYTES];
    const struct bytes get[] = {BYTES("GET"), channel->keys.counter};
    enum status status = redis_connection_send(log, get, 2, on_counter, call);

    if (status != STATUS_OK) {
        return status;
    }
    snprintf(from, sizeof(from), "%" PRIu64, call->read->from_id);
    snprintf(to, sizeof(to), "%" PRIu64, call->read->to_id);
    snprintf(limit, sizeof(limit), "%zu", call->read->limit);
    const struct bytes range[] = {BYTES("ZRANGEBYSCORE"),  channel->keys.log,
                                  bytes_from_string(from), bytes_from_string(to),
                                  BYTES("LIMIT"),          BYTES("0"),
                                  bytes_from_string(limit)};

    if (redis_connection_send(log, range, 7, on_page, call) != STATUS_OK) {
        call->is_unsent = true;
    }
    return STATUS_OK;
}

void
redis_log_read(struct redis_channel *channel, struct route_log_read *read)
{
    struct page_call *call = calloc(1, sizeof(*call));

    read->counter = 0;
    if (call != NULL) {
        redis_channel_begin_call(channel, &call->base, cancel_page);
        call->read = read;
        if (send_page(call) == STATUS_OK) {
            return;
        }
        redis_channel_end_call(&call->base);
        free(call);
    }
    list_append(&channel->unread, &read->node);
    redis_channel_tell_later(channel);
}

/* ---- Adding ---- */

/* Best effort: a message that is not in the log can still be had from a bridge's history. */
static void
on_appended(void *context, const struct redisReply *reply)
{
    (void)context;
    (void)reply;
}

static void
trim(struct redis_channel *channel, uint64_t limit)
{
    char last[NUMBER_BYTES];

    snprintf(last, sizeof(last), "-%" PRIu64, limit + 1);
    const struct bytes arguments[] = {BYTES("ZREMRANGEBYRANK"), channel->keys.log, BYTES("0"),
                                      bytes_from_string(last)};

    if (redis_connection_send(channel->backplane->log, arguments, 4, on_appended, NULL) ==
        STATUS_OK) {
        channel->untrimmed = 0;
    }
}

void
redis_log_append(struct redis_channel *channel, uint64_t id, struct bytes message)
{
    uint64_t limit = redis_log_limit(channel);
    char score[NUMBER_BYTES];

    if (limit == 0) {
        return;
    }
    snprintf(score, sizeof(score), "%" PRIu64, id);
    const struct bytes arguments[] = {BYTES("ZADD"), channel->keys.log, bytes_from_string(score),
                                      message};

    if (redis_connection_send(channel->backplane->log, arguments, 4, on_appended, NULL) !=
        STATUS_OK) {
        return;
    }
    redis_log_note_size(channel, message.length);
    if (++channel->untrimmed >= REDIS_TRIM_EVERY) {
        trim(channel, limit);
    }
}
