/* SPDX-License-Identifier: MIT */
#include "bridge/redis/redis_channel.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "bridge/bridge_metrics.h"
#include "bridge/redis/redis_log.h"

enum { FIRST_AVERAGE_BYTES = 512 };

/* One call of the publish script. */
struct script_call {
    struct redis_call base;
    struct route_batch *batch; /* what is published; for healing: &look */
    struct route_batch look;   /* no messages: only the counter */
    bool is_eval;
};

static void on_script_reply(void *context, const struct redisReply *reply);

static struct timers *
timers_of(const struct redis_channel *channel)
{
    return loop_timers(channel->backplane->loop);
}

static void
count(const struct redis_channel *channel, enum bridge_metric metric)
{
    metrics_add(channel->backplane->options.metrics, metric, 1);
}

void
redis_channel_begin_call(struct redis_channel *channel, struct redis_call *call,
                         void (*cancel)(struct redis_call *call))
{
    call->channel = channel;
    call->cancel = cancel;
    list_append(&channel->calls, &call->node);
}

void
redis_channel_end_call(struct redis_call *call)
{
    if (call->channel != NULL) {
        list_remove(&call->node);
        call->channel = NULL;
    }
}

/* ---- What could not be sent ---- */

static void
move_all(struct list *from, struct list *to)
{
    struct list_node *node;

    list_init(to);
    while ((node = list_first(from)) != NULL) {
        list_remove(node);
        list_append(to, node);
    }
}

/* Whoever is told may fail again at once; that is for the next time. */
static void
tell_unsent(struct redis_channel *channel, struct bytes text, enum status read_status)
{
    const struct route_result result = {.outcome = ROUTE_TRY_AGAIN, .text = text};
    struct list batches;
    struct list reads;

    move_all(&channel->unsent, &batches);
    move_all(&channel->unread, &reads);
    LIST_FOR_EACH (node, &batches) {
        struct route_batch *batch = CONTAINER_OF(node, struct route_batch, node);

        batch->on_done(batch, &result);
    }
    LIST_FOR_EACH (node, &reads) {
        struct route_log_read *read = CONTAINER_OF(node, struct route_log_read, node);

        read->on_done(read, read_status, true);
    }
}

static void
on_unsent_timer(struct timer *timer)
{
    tell_unsent(CONTAINER_OF(timer, struct redis_channel, unsent_timer),
                BYTES("Redis is not connected yet"), STATUS_BACKPLANE_DOWN);
}

void
redis_channel_tell_later(struct redis_channel *channel)
{
    if (!timer_is_running(&channel->unsent_timer)) {
        timer_start(timers_of(channel), &channel->unsent_timer, 0, on_unsent_timer);
    }
}

/* ---- The publish script ---- */

static enum status
send_script(struct script_call *call)
{
    struct redis_channel *channel = call->base.channel;
    struct redis_backplane *backplane = channel->backplane;
    const struct redis_script_request request = {
        .keys = &channel->keys,
        .batch = call->batch,
        .log_limit = redis_log_limit(channel),
        .sequence_life_ms = backplane->options.sequence_life_ms,
        .ticks = clock_dotnet_ticks(loop_clock(backplane->loop)),
    };
    struct bytes arguments[REDIS_SCRIPT_ARGUMENTS_MAX];
    size_t argument_count = redis_script_arguments(&backplane->script, &request, call->is_eval,
                                                   &backplane->storage, arguments);

    if (argument_count == 0) {
        return STATUS_NO_MEMORY;
    }
    return redis_connection_send(backplane->messages, arguments, argument_count, on_script_reply,
                                 call);
}

static void
cancel_script(struct redis_call *base)
{
    struct script_call *call = CONTAINER_OF(base, struct script_call, base);
    const struct route_result canceled = {.outcome = ROUTE_TRY_AGAIN,
                                          .text = BYTES("the app is being closed")};

    if (call->batch != &call->look) {
        call->batch->on_done(call->batch, &canceled);
    }
}

/* ${batch} NULL: only look at the counter, and heal it with ${floor_id}. */
static enum status
call_script(struct redis_channel *channel, struct route_batch *batch, uint64_t floor_id)
{
    struct script_call *call = calloc(1, sizeof(*call));
    enum status status;

    if (call == NULL) {
        return STATUS_NO_MEMORY;
    }
    redis_channel_begin_call(channel, &call->base, cancel_script);
    call->batch = batch != NULL ? batch : &call->look;
    call->look.floor_id = floor_id;
    status = send_script(call);
    if (status != STATUS_OK) {
        redis_channel_end_call(&call->base);
        free(call);
    }
    return status;
}

/* Whether the app will get to know what is published now. Before it has a position it cannot tell a
 * new message from an old one. */
static bool
will_be_heard(const struct redis_channel *channel)
{
    return channel->state == REDIS_CHANNEL_HEARING ||
           (channel->state == REDIS_CHANNEL_SUBSCRIBED && channel->has_heard);
}

void
redis_channel_publish(struct redis_channel *channel, struct route_batch *batch)
{
    if (!will_be_heard(channel) || call_script(channel, batch, batch->floor_id) != STATUS_OK) {
        list_append(&channel->unsent, &batch->node);
        redis_channel_tell_later(channel);
    }
}

static void
heal_when_due(struct timer *timer)
{
    redis_channel_heal(CONTAINER_OF(timer, struct redis_channel, heal_timer));
}

/* An operator has to act: publishes are refused until the script works again. */
static void
report_broken(struct redis_channel *channel, struct bytes text)
{
    channel->handler->on_state(channel->owner, LINK_BACKPLANE_CLOSED, text);
    timer_start(timers_of(channel), &channel->heal_timer, REDIS_BROKEN_RETRY_MS, heal_when_due);
}

static void
take_healed(struct redis_channel *channel, const struct route_result *result)
{
    channel->is_healing = false;
    if (result->outcome == ROUTE_PUBLISHED) {
        if (channel->state == REDIS_CHANNEL_SUBSCRIBED) {
            channel->state = REDIS_CHANNEL_HEARING;
            channel->has_heard = true;
            channel->handler->on_subscribed(channel->owner, result->counter, false);
        }
        channel->handler->on_state(channel->owner, LINK_BACKPLANE_OPEN, BYTES("connected"));
        return;
    }
    count(channel, BRIDGE_METRIC_REDIS_ERRORS);
    if (result->outcome != ROUTE_TRY_AGAIN) {
        report_broken(channel, result->text);
        return;
    }
    channel->handler->on_state(channel->owner, LINK_BACKPLANE_BUFFERING, result->text);
    timer_start(timers_of(channel), &channel->heal_timer, REDIS_HEAL_RETRY_MS, heal_when_due);
}

void
redis_channel_heal(struct redis_channel *channel)
{
    uint64_t floor_id;

    timer_stop(timers_of(channel), &channel->heal_timer);
    if (channel->is_healing || channel->state == REDIS_CHANNEL_DEAF) {
        return; /* an answer is due, or the subscription will come */
    }
    if (!channel->handler->floor_id(channel->owner, &floor_id)) {
        timer_start(timers_of(channel), &channel->heal_timer, REDIS_FLOOR_RETRY_MS, heal_when_due);
        return;
    }
    channel->is_healing = true;
    if (call_script(channel, NULL, floor_id) != STATUS_OK) {
        channel->is_healing = false;
        timer_start(timers_of(channel), &channel->heal_timer, REDIS_HEAL_RETRY_MS, heal_when_due);
    }
}

/* The primary is somewhere else now; the name may lead there. */
static void
leave_replica(struct redis_backplane *backplane)
{
    redis_connection_renew(backplane->messages, REDIS_LOSS_REPLICA, "this Redis is a replica");
    redis_connection_renew(backplane->log, REDIS_LOSS_REPLICA, "this Redis is a replica");
}

static void
take_published(struct redis_channel *channel, struct route_batch *batch,
               const struct route_result *result)
{
    if (result->outcome == ROUTE_PUBLISHED) {
        for (size_t i = 0; i < batch->count; i++) {
            redis_log_note_size(channel, batch->frames[i]->length);
        }
    } else if (result->outcome != ROUTE_OUT_OF_ORDER) {
        count(channel, BRIDGE_METRIC_REDIS_ERRORS);
    }
    if (result->outcome == ROUTE_MISCONFIGURED) {
        report_broken(channel, result->text);
    }
    if (bytes_starts_with(result->text, BYTES("READONLY"))) {
        leave_replica(channel->backplane);
    }
    batch->on_done(batch, result);
}

static void
on_script_reply(void *context, const struct redisReply *reply)
{
    struct script_call *call = context;
    struct redis_channel *channel = call->base.channel;
    struct route_result result;

    if (channel == NULL) {
        free(call);
        return;
    }
    if (redis_script_is_unknown(reply) && !call->is_eval) {
        count(channel, BRIDGE_METRIC_SCRIPT_RELOADS);
        call->is_eval = true;
        if (send_script(call) == STATUS_OK) {
            return;
        }
        reply = NULL;
    }
    redis_script_result(reply, call->batch, &result);
    redis_channel_end_call(&call->base);
    if (call->batch == &call->look) {
        take_healed(channel, &result);
    } else {
        take_published(channel, call->batch, &result);
    }
    free(call);
}

/* ---- The subscription ---- */

static void
cancel_nothing(struct redis_call *call)
{
    (void)call;
}

static void
on_subscribed(void *context, const struct redisReply *reply)
{
    struct redis_call *call = context;
    struct redis_channel *channel = call->channel;

    redis_channel_end_call(call);
    free(call);
    if (channel == NULL || reply == NULL) {
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        /* No permission for the channel, as a rule. */
        channel->handler->on_state(channel->owner, LINK_BACKPLANE_CLOSED,
                                   bytes_from(reply->str, reply->len));
        redis_connection_renew(channel->backplane->messages, REDIS_LOSS_REFUSED, reply->str);
        return;
    }
    channel->state = REDIS_CHANNEL_SUBSCRIBED;
    redis_channel_heal(channel);
}

void
redis_channel_subscribe(struct redis_channel *channel)
{
    struct redis_connection *messages = channel->backplane->messages;
    const struct bytes arguments[] = {BYTES("SUBSCRIBE"), channel->keys.counter};
    struct redis_call *call;

    if (!redis_connection_is_ready(messages)) {
        return; /* on_ready will come */
    }
    if ((call = calloc(1, sizeof(*call))) != NULL) {
        redis_channel_begin_call(channel, call, cancel_nothing);
        if (redis_connection_send(messages, arguments, 2, on_subscribed, call) == STATUS_OK) {
            return;
        }
        redis_channel_end_call(call);
        free(call);
    }
    redis_connection_renew(messages, REDIS_LOSS_CLOSED, "out of memory");
}

void
redis_channel_cut_off(struct redis_channel *channel, const char *why)
{
    timer_stop(timers_of(channel), &channel->heal_timer);
    channel->state = REDIS_CHANNEL_DEAF;
    channel->handler->on_state(channel->owner, LINK_BACKPLANE_BUFFERING, bytes_from_string(why));
}

/* ---- Life ---- */

static enum status
set_keys(struct redis_channel *channel, struct bytes key)
{
    struct buffer *names = &channel->names;
    size_t log_at, sequence_at;

    /* The braces make a Cluster put all keys of the app into one slot. */
    (void)buffer_append(names, key);
    log_at = names->length;
    (void)buffer_append_format(names, "{%.*s}:hubplane:log", BYTES_PRINTF(key));
    sequence_at = names->length;
    (void)buffer_append_format(names, "{%.*s}:hubplane:sequence:", BYTES_PRINTF(key));
    channel->keys.counter = bytes_slice(buffer_bytes(names), 0, log_at);
    channel->keys.log = bytes_slice(buffer_bytes(names), log_at, sequence_at - log_at);
    channel->keys.sequence_prefix = bytes_after(buffer_bytes(names), sequence_at);
    return names->status;
}

enum status
redis_channel_new(struct redis_backplane *backplane, struct bytes key,
                  const struct route_channel_handler *handler, void *owner,
                  struct redis_channel **out)
{
    struct redis_channel *channel = calloc(1, sizeof(*channel));
    enum status status = STATUS_NO_MEMORY;

    if (channel == NULL) {
        return status;
    }
    channel->backplane = backplane;
    channel->handler = handler;
    channel->owner = owner;
    channel->average_bytes = FIRST_AVERAGE_BYTES;
    list_init(&channel->calls);
    list_init(&channel->unsent);
    list_init(&channel->unread);
    buffer_init(&channel->names, SIZE_MAX);
    status = set_keys(channel, key);
    if (status != STATUS_OK) {
        buffer_deinit(&channel->names);
        free(channel);
        return status;
    }
    *out = channel;
    return STATUS_OK;
}

void
redis_channel_free(struct redis_channel *channel)
{
    struct list_node *node;

    while ((node = list_first(&channel->calls)) != NULL) {
        struct redis_call *call = CONTAINER_OF(node, struct redis_call, node);

        redis_channel_end_call(call);
        call->cancel(call);
    }
    tell_unsent(channel, BYTES("the app is being closed"), STATUS_CANCELED);
    timer_stop(timers_of(channel), &channel->unsent_timer);
    timer_stop(timers_of(channel), &channel->heal_timer);
    buffer_deinit(&channel->names);
    free(channel);
}
