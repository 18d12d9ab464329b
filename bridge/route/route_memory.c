/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_memory.h"

#include <stdlib.h>

struct memory_backplane {
    struct route_backplane base;
    struct timers *timers;
};

struct memory_channel {
    struct route_channel base;
    struct timers *timers;
    const struct route_channel_handler *handler;
    void *owner;
    bool is_started;
    uint64_t counter;
    struct list batches; /* struct route_batch.node */
    struct list reads;   /* struct route_log_read.node */
    struct buffer message;
    struct timer timer; /* callbacks come later, never inside a call */
};

static struct memory_channel *
memory_of(struct route_channel *channel)
{
    return CONTAINER_OF(channel, struct memory_channel, base);
}

static void
publish_frame(struct memory_channel *channel, struct bytes frame)
{
    channel->counter++;
    buffer_clear(&channel->message);
    (void)buffer_append_uint64(&channel->message, channel->counter);
    (void)buffer_append_byte(&channel->message, ' ');
    (void)buffer_append(&channel->message, frame);
    /* Without memory the id stays unused: a hole, which receivers close as lost. */
    if (channel->message.status == STATUS_OK) {
        channel->handler->on_message(channel->owner, buffer_bytes(&channel->message));
    }
}

/* The ids up to ${floor_id} were used in an earlier life: say that they are void, and go on above
 * them. */
static void
lift(struct memory_channel *channel, uint64_t floor_id)
{
    struct signalr_trailer mark = {.void_from = channel->counter + 1, .void_to = floor_id};
    struct buffer frame;

    buffer_init(&frame, 256);
    if (signalr_message_encode(NULL, 0, clock_dotnet_ticks(channel->timers->clock), &frame) ==
            STATUS_OK &&
        signalr_trailer_encode(&mark, &frame) == STATUS_OK) {
        channel->counter = floor_id;
        publish_frame(channel, buffer_bytes(&frame));
    }
    buffer_deinit(&frame);
}

static void
run_batch(struct memory_channel *channel, struct route_batch *batch)
{
    struct route_result result = {.outcome = ROUTE_PUBLISHED};

    if (batch->floor_id > channel->counter) {
        lift(channel, batch->floor_id);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->first_sequence + i > batch->settled_sequence) {
            publish_frame(channel, payload_bytes(batch->frames[i]));
            result.last_id = channel->counter;
        }
    }
    result.settled_sequence = batch->first_sequence + batch->count - 1;
    result.counter = channel->counter;
    batch->on_done(batch, &result);
}

static void
start(struct memory_channel *channel)
{
    uint64_t floor_id = 0;

    (void)channel->handler->floor_id(channel->owner, &floor_id); /* there is nobody to wait for */
    channel->is_started = true;
    channel->counter = channel->timers->clock->wall_ms;
    if (floor_id > channel->counter) {
        channel->counter = floor_id;
    }
    channel->handler->on_subscribed(channel->owner, channel->counter, true);
    channel->handler->on_state(channel->owner, LINK_BACKPLANE_OPEN, BYTES("in memory"));
}

static void
on_timer(struct timer *timer)
{
    struct memory_channel *channel = CONTAINER_OF(timer, struct memory_channel, timer);
    struct list_node *node;

    if (!channel->is_started) {
        start(channel);
    }
    while ((node = list_first(&channel->batches)) != NULL) {
        list_remove(node);
        run_batch(channel, CONTAINER_OF(node, struct route_batch, node));
    }
    while ((node = list_first(&channel->reads)) != NULL) {
        struct route_log_read *read = CONTAINER_OF(node, struct route_log_read, node);

        list_remove(node);
        read->counter = channel->counter;
        read->on_done(read, STATUS_OK, true);
    }
}

static void
wake(struct memory_channel *channel)
{
    if (!timer_is_running(&channel->timer)) {
        timer_start(channel->timers, &channel->timer, 0, on_timer);
    }
}

static enum status
open_channel(struct route_backplane *backplane, struct bytes key,
             const struct route_channel_handler *handler, void *owner, struct route_channel **out)
{
    struct memory_channel *channel = calloc(1, sizeof(*channel));

    (void)key;
    if (channel == NULL) {
        return STATUS_NO_MEMORY;
    }
    channel->base.operations = backplane->operations;
    channel->timers = CONTAINER_OF(backplane, struct memory_backplane, base)->timers;
    channel->handler = handler;
    channel->owner = owner;
    list_init(&channel->batches);
    list_init(&channel->reads);
    buffer_init(&channel->message, SIZE_MAX);
    wake(channel);
    *out = &channel->base;
    return STATUS_OK;
}

static void
close_channel(struct route_channel *base)
{
    struct memory_channel *channel = memory_of(base);
    const struct route_result canceled = {.outcome = ROUTE_TRY_AGAIN,
                                          .text = BYTES("the app is being closed")};
    struct list_node *node;

    timer_stop(channel->timers, &channel->timer);
    while ((node = list_first(&channel->batches)) != NULL) {
        struct route_batch *batch = CONTAINER_OF(node, struct route_batch, node);

        list_remove(node);
        batch->on_done(batch, &canceled);
    }
    while ((node = list_first(&channel->reads)) != NULL) {
        struct route_log_read *read = CONTAINER_OF(node, struct route_log_read, node);

        list_remove(node);
        read->on_done(read, STATUS_CANCELED, true);
    }
    buffer_deinit(&channel->message);
    free(channel);
}

static void
publish(struct route_channel *base, struct route_batch *batch)
{
    struct memory_channel *channel = memory_of(base);

    list_append(&channel->batches, &batch->node);
    wake(channel);
}

static void
read_log(struct route_channel *base, struct route_log_read *read)
{
    struct memory_channel *channel = memory_of(base);

    list_append(&channel->reads, &read->node);
    wake(channel);
}

static void
append_log(struct route_channel *base, uint64_t id, struct bytes channel_message)
{
    (void)base;
    (void)id;
    (void)channel_message;
}

static uint64_t
log_limit(struct route_channel *base)
{
    (void)base;
    return 0;
}

static const struct route_backplane_operations operations = {
    .open = open_channel,
    .close = close_channel,
    .publish = publish,
    .read_log = read_log,
    .append_log = append_log,
    .log_limit = log_limit,
};

enum status
route_memory_new(struct timers *timers, struct route_backplane **out)
{
    struct memory_backplane *memory = calloc(1, sizeof(*memory));

    if (memory == NULL) {
        return STATUS_NO_MEMORY;
    }
    memory->base.operations = &operations;
    memory->timers = timers;
    *out = &memory->base;
    return STATUS_OK;
}

void
route_memory_free(struct route_backplane *backplane)
{
    free(backplane == NULL ? NULL : CONTAINER_OF(backplane, struct memory_backplane, base));
}
