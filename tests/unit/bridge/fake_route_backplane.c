/* SPDX-License-Identifier: MIT */
#include "tests/unit/bridge/fake_route_backplane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct fake_route_backplane *
fake_of(struct route_channel *channel)
{
    return CONTAINER_OF(channel, struct fake_route_backplane, channel);
}

static enum status
open_channel(struct route_backplane *base, struct bytes key,
             const struct route_channel_handler *handler, void *owner, struct route_channel **out)
{
    struct fake_route_backplane *fake = CONTAINER_OF(base, struct fake_route_backplane, base);

    (void)key;
    fake->handler = handler;
    fake->owner = owner;
    *out = &fake->channel;
    return STATUS_OK;
}

static void
finish_batch(struct route_batch *batch, struct route_result result)
{
    list_remove(&batch->node);
    batch->on_done(batch, &result);
}

static void
finish_read(struct route_log_read *read, enum status status, bool is_last)
{
    list_remove(&read->node);
    read->on_done(read, status, is_last);
}

static void
close_channel(struct route_channel *channel)
{
    struct fake_route_backplane *fake = fake_of(channel);

    LIST_FOR_EACH (node, &fake->batches) {
        finish_batch(CONTAINER_OF(node, struct route_batch, node),
                     (struct route_result){.outcome = ROUTE_TRY_AGAIN});
    }
    LIST_FOR_EACH (node, &fake->reads) {
        finish_read(CONTAINER_OF(node, struct route_log_read, node), STATUS_CANCELED, true);
    }
    fake->handler = NULL;
}

static void
publish(struct route_channel *channel, struct route_batch *batch)
{
    fake_of(channel)->batch_count++;
    list_append(&fake_of(channel)->batches, &batch->node);
}

static void
read_log(struct route_channel *channel, struct route_log_read *read)
{
    fake_of(channel)->read_count++;
    list_append(&fake_of(channel)->reads, &read->node);
}

static struct payload *
channel_message(uint64_t id, struct bytes frame)
{
    struct buffer buffer;
    struct payload *payload;

    buffer_init(&buffer, SIZE_MAX);
    (void)buffer_append_uint64(&buffer, id);
    (void)buffer_append_byte(&buffer, ' ');
    (void)buffer_append(&buffer, frame);
    payload = payload_from(buffer_bytes(&buffer));
    buffer_deinit(&buffer);
    assert(payload != NULL);
    return payload;
}

/* Sorted by id; the same message again changes nothing. */
static void
add_to_log(struct fake_route_backplane *fake, uint64_t id, struct payload *message)
{
    size_t place = fake->log_count;

    if (fake->forgets_log || fake->log_limit == 0) {
        payload_unref(message);
        return;
    }
    assert(fake->log_count < FAKE_ROUTE_LOG_MAX);
    while (place > 0 && fake->log[place - 1].id >= id) {
        place--;
    }
    if (place < fake->log_count && fake->log[place].id == id) {
        payload_unref(message);
        return;
    }
    memmove(&fake->log[place + 1], &fake->log[place],
            (fake->log_count - place) * sizeof(fake->log[0]));
    fake->log[place] = (struct fake_log_entry){id, message};
    fake->log_count++;
}

void
fake_route_log(struct fake_route_backplane *fake, uint64_t id, struct bytes frame)
{
    add_to_log(fake, id, channel_message(id, frame));
}

static void
append_log(struct route_channel *channel, uint64_t id, struct bytes message)
{
    fake_of(channel)->appended_count++;
    add_to_log(fake_of(channel), id, payload_from(message));
}

static uint64_t
log_limit(struct route_channel *channel)
{
    return fake_of(channel)->log_limit;
}

static const struct route_backplane_operations operations = {
    .open = open_channel,
    .close = close_channel,
    .publish = publish,
    .read_log = read_log,
    .append_log = append_log,
    .log_limit = log_limit,
};

void
fake_route_init(struct fake_route_backplane *fake)
{
    memset(fake, 0, sizeof(*fake));
    fake->base.operations = &operations;
    fake->channel.operations = &operations;
    fake->log_limit = 1000;
    list_init(&fake->batches);
    list_init(&fake->reads);
}

void
fake_route_deinit(struct fake_route_backplane *fake)
{
    for (size_t i = 0; i < fake->log_count; i++) {
        payload_unref(fake->log[i].message);
    }
}

void
fake_route_hear(struct fake_route_backplane *fake, uint64_t id, struct bytes frame)
{
    struct payload *message = channel_message(id, frame);

    fake->handler->on_message(fake->owner, payload_bytes(message));
    payload_unref(message);
}

uint64_t
fake_route_publish_foreign(struct fake_route_backplane *fake, struct bytes frame)
{
    uint64_t id = ++fake->counter;

    if (id > fake->deaf_to) {
        fake_route_hear(fake, id, frame);
    }
    return id;
}

static uint64_t *
sequence_of(struct fake_route_backplane *fake, const uint8_t *instance)
{
    for (size_t i = 0; i < FAKE_ROUTE_INSTANCES_MAX; i++) {
        if (fake->sequences[i].last == 0) {
            memcpy(fake->sequences[i].instance, instance, SIGNALR_INSTANCE_BYTES);
        }
        if (memcmp(fake->sequences[i].instance, instance, SIGNALR_INSTANCE_BYTES) == 0) {
            return &fake->sequences[i].last;
        }
    }
    assert(!"too many instances");
    return NULL;
}

static void
publish_own(struct fake_route_backplane *fake, struct bytes frame)
{
    uint64_t id = ++fake->counter;

    fake_route_log(fake, id, frame);
    if (id > fake->deaf_to) {
        fake_route_hear(fake, id, frame);
    }
}

static void
lift(struct fake_route_backplane *fake, uint64_t floor_id)
{
    struct signalr_trailer mark = {.void_from = floor_id + 1,
                                   .void_to = floor_id + ROUTE_LIFT_IDS - 1};
    struct buffer frame;

    buffer_init(&frame, 256);
    enum status status = signalr_message_encode(NULL, 0, 0, &frame);
    assert(status == STATUS_OK);
    (void)signalr_trailer_encode(&mark, &frame);
    fake->counter = floor_id + ROUTE_LIFT_IDS - 1;
    publish_own(fake, buffer_bytes(&frame));
    buffer_deinit(&frame);
}

static void
run_batch(struct fake_route_backplane *fake, struct route_batch *batch)
{
    struct route_result result = {.outcome = fake->next_outcome,
                                  .text = bytes_from_string(fake->next_text)};
    uint64_t *last = sequence_of(fake, batch->instance);
    uint64_t good = fake->next_outcome == ROUTE_PUBLISHED ? UINT64_MAX : fake->good;

    fake->next_outcome = ROUTE_PUBLISHED;
    if (*last < batch->settled_sequence) {
        *last = batch->settled_sequence;
    }
    if (batch->first_sequence > *last + 1) {
        result.outcome = ROUTE_OUT_OF_ORDER;
        finish_batch(batch, result);
        return;
    }
    if (fake->counter < batch->floor_id) {
        lift(fake, batch->floor_id);
    }
    for (size_t i = 0; i < batch->count; i++) {
        uint64_t sequence = batch->first_sequence + i;

        if (sequence > *last && good > 0) {
            *last = sequence;
            good--;
            publish_own(fake, payload_bytes(batch->frames[i]));
            result.last_id = fake->counter;
        }
    }
    result.settled_sequence = *last;
    result.counter = fake->counter;
    finish_batch(batch, result);
}

static void
run_read(struct fake_route_backplane *fake, struct route_log_read *read)
{
    size_t count = 0;

    if (fake->is_log_down) {
        finish_read(read, STATUS_BACKPLANE_DOWN, true);
        return;
    }
    for (size_t i = 0; i < fake->log_count && count < read->limit; i++) {
        if (fake->log[i].id >= read->from_id && fake->log[i].id <= read->to_id) {
            read->on_entry(read, payload_bytes(fake->log[i].message));
            count++;
        }
    }
    read->counter = fake->counter;
    finish_read(read, STATUS_OK, count < read->limit);
}

bool
fake_route_run(struct fake_route_backplane *fake)
{
    struct list_node *node;

    if (fake->is_stuck) {
        return false;
    }
    if ((node = list_first(&fake->batches)) != NULL) {
        run_batch(fake, CONTAINER_OF(node, struct route_batch, node));
        return true;
    }
    if ((node = list_first(&fake->reads)) != NULL) {
        run_read(fake, CONTAINER_OF(node, struct route_log_read, node));
        return true;
    }
    return false;
}

void
fake_route_connect(struct fake_route_backplane *fake)
{
    fake->handler->on_subscribed(fake->owner, fake->counter, false);
    fake->handler->on_state(fake->owner, LINK_BACKPLANE_OPEN, BYTES("connected"));
}
