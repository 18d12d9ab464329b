/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_publisher.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct outgoing {
    struct list_node node;
    uint64_t sequence;
    size_t frame_bytes;
    const void *paid_by;     /* attached when it came: whose credit it used */
    struct payload *payload; /* frame and trailer; NULL = to be refused */
    enum status refusal;
    const char *text;
};

struct outgoing_batch {
    struct route_batch batch;
    struct route_publisher *publisher;
};

static void pump(struct route_publisher *publisher);

struct route_publisher *
route_publisher_new(struct timers *timers, const uint8_t *instance,
                    const struct route_publisher_handler *handler, void *owner)
{
    struct route_publisher *publisher = calloc(1, sizeof(*publisher));

    if (publisher == NULL) {
        return NULL;
    }
    publisher->handler = handler;
    publisher->owner = owner;
    publisher->timers = timers;
    publisher->last_used_ms = timers->clock->now_ms;
    memcpy(publisher->instance, instance, SIGNALR_INSTANCE_BYTES);
    list_init(&publisher->queue);
    backoff_init(&publisher->backoff, ROUTE_PUBLISHER_RETRY_FIRST_MS,
                 ROUTE_PUBLISHER_RETRY_LIMIT_MS);
    return publisher;
}

static struct outgoing *
head(struct route_publisher *publisher)
{
    struct list_node *node = list_first(&publisher->queue);

    return node == NULL ? NULL : CONTAINER_OF(node, struct outgoing, node);
}

static struct list_node *
next_of(struct route_publisher *publisher, struct list_node *node)
{
    return node->next == &publisher->queue.head ? NULL : node->next;
}

static void
drop(struct route_publisher *publisher, struct outgoing *outgoing)
{
    size_t frame_bytes = outgoing->frame_bytes;
    const void *paid_by = outgoing->paid_by;

    if (publisher->unsent == &outgoing->node) {
        publisher->unsent = next_of(publisher, &outgoing->node);
    }
    list_remove(&outgoing->node);
    assert(publisher->queue.head.next != &outgoing->node); /* the analyzer cannot see it */
    publisher->queued_bytes -= frame_bytes;
    payload_unref(outgoing->payload);
    free(outgoing);
    if (paid_by != NULL && paid_by == publisher->attached) {
        publisher->handler->on_finished(publisher->owner, publisher, frame_bytes);
    }
}

void
route_publisher_free(struct route_publisher *publisher)
{
    struct outgoing *outgoing;

    if (publisher == NULL) {
        return;
    }
    assert(publisher->in_flight == 0);
    publisher->attached = NULL;
    timer_stop(publisher->timers, &publisher->retry);
    while ((outgoing = head(publisher)) != NULL) {
        drop(publisher, outgoing);
    }
    free(publisher);
}

/* A sample is over when both have been measured. What was settled by the word of another (a
 * trailer, the node) need not come through the channel any more: the next settled message ends it.
 */
static void
sample_settled(struct route_publisher *publisher, uint64_t sequence)
{
    struct route_sample *sample = &publisher->sample;

    if (sample->sequence == 0 || sequence < sample->sequence) {
        return;
    }
    if (!sample->is_settled) {
        publisher->handler->on_settled_after(publisher->owner,
                                             publisher->timers->clock->now_ms - sample->queued_ms);
    }
    if (sample->is_settled || sample->is_seen) {
        sample->sequence = 0;
    }
    sample->is_settled = true;
}

static void
sample_seen(struct route_publisher *publisher, uint64_t sequence)
{
    struct route_sample *sample = &publisher->sample;

    if (sample->sequence == 0 || sequence < sample->sequence || sample->is_seen) {
        return;
    }
    publisher->handler->on_seen_after(publisher->owner,
                                      publisher->timers->clock->now_ms - sample->queued_ms);
    if (sample->is_settled) {
        sample->sequence = 0;
    }
    sample->is_seen = true;
}

/* Everything up to ${sequence} leaves the queue. */
static void
settle(struct route_publisher *publisher, uint64_t sequence)
{
    struct outgoing *outgoing;

    if (sequence <= publisher->settled) {
        return;
    }
    publisher->settled = sequence;
    sample_settled(publisher, sequence);
    publisher->rewinds = 0;
    backoff_reset(&publisher->backoff);
    while ((outgoing = head(publisher)) != NULL && outgoing->sequence <= sequence) {
        drop(publisher, outgoing);
    }
}

static void
note_last_queued(struct route_publisher *publisher)
{
    struct list_node *last = publisher->queue.head.previous;

    publisher->last_queued = list_is_empty(&publisher->queue)
                                 ? publisher->settled
                                 : CONTAINER_OF(last, struct outgoing, node)->sequence;
}

uint64_t
route_publisher_known(const struct route_publisher *publisher)
{
    return publisher->seen > publisher->settled ? publisher->seen : publisher->settled;
}

void
route_publisher_attach(struct route_publisher *publisher, void *attached, uint64_t acknowledged)
{
    publisher->attached = attached;
    publisher->last_used_ms = publisher->timers->clock->now_ms;
    /* What is queued used the credit of another link, whose address may be the same. */
    LIST_FOR_EACH (node, &publisher->queue) {
        CONTAINER_OF(node, struct outgoing, node)->paid_by = NULL;
    }
    settle(publisher, acknowledged);
}

void
route_publisher_detach(struct route_publisher *publisher)
{
    struct list_node *next;

    publisher->attached = NULL;
    publisher->last_used_ms = publisher->timers->clock->now_ms;
    for (struct list_node *node = publisher->unsent; node != NULL; node = next) {
        next = next_of(publisher, node);
        drop(publisher, CONTAINER_OF(node, struct outgoing, node));
    }
    note_last_queued(publisher);
}

static struct payload *
with_trailer(const struct route_publisher *publisher, uint64_t sequence, struct bytes frame)
{
    struct signalr_trailer trailer = {.sequence = sequence};
    struct payload *payload = NULL;
    struct buffer buffer;

    memcpy(trailer.instance, publisher->instance, sizeof(trailer.instance));
    buffer_init(&buffer, 256);
    if (signalr_trailer_encode(&trailer, &buffer) == STATUS_OK &&
        (payload = payload_new(frame.length + buffer.length)) != NULL) {
        memcpy(payload->data, frame.data, frame.length);
        memcpy(payload->data + frame.length, buffer.data, buffer.length);
    }
    buffer_deinit(&buffer);
    return payload;
}

static enum status
enqueue(struct route_publisher *publisher, uint64_t sequence, struct bytes frame,
        enum status refusal, const char *text)
{
    struct outgoing *outgoing = calloc(1, sizeof(*outgoing));

    if (outgoing == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (refusal == STATUS_OK) {
        outgoing->payload = with_trailer(publisher, sequence, frame);
        if (outgoing->payload == NULL) {
            free(outgoing);
            return STATUS_NO_MEMORY;
        }
    }
    if (publisher->sample.sequence == 0) {
        publisher->sample = (struct route_sample){.sequence = sequence,
                                                  .queued_ms = publisher->timers->clock->now_ms};
    }
    outgoing->sequence = sequence;
    outgoing->frame_bytes = frame.length;
    outgoing->paid_by = publisher->attached;
    outgoing->refusal = refusal;
    outgoing->text = text;
    list_append(&publisher->queue, &outgoing->node);
    publisher->last_queued = sequence;
    publisher->queued_bytes += frame.length;
    if (publisher->unsent == NULL) {
        publisher->unsent = &outgoing->node;
    }
    return STATUS_OK;
}

enum status
route_publisher_add(struct route_publisher *publisher, uint64_t sequence, struct bytes frame,
                    enum status refusal, const char *text)
{
    bool is_empty = list_is_empty(&publisher->queue);

    publisher->last_used_ms = publisher->timers->clock->now_ms;
    if (is_empty) {
        settle(publisher, publisher->seen);
        note_last_queued(publisher);
    }
    if (sequence <= publisher->last_queued) {
        /* A repeat over a new link: settled, or on its way. */
        publisher->handler->on_finished(publisher->owner, publisher, frame.length);
        if (sequence <= publisher->settled) {
            publisher->handler->on_settled(publisher->owner, publisher, sequence, 0, 0);
        }
        return STATUS_OK;
    }
    if (sequence != publisher->last_queued + 1) {
        return STATUS_PROTOCOL;
    }
    return enqueue(publisher, sequence, frame, refusal, text);
}

bool
route_publisher_saw(struct route_publisher *publisher, uint64_t sequence)
{
    publisher->last_used_ms = publisher->timers->clock->now_ms;
    if (sequence <= publisher->seen) {
        return false;
    }
    publisher->seen = sequence;
    sample_seen(publisher, sequence);
    return true;
}

static void
refuse_head(struct route_publisher *publisher, enum status status, struct bytes text)
{
    struct outgoing *outgoing = head(publisher);
    uint64_t sequence = outgoing->sequence;

    publisher->settled = sequence;
    drop(publisher, outgoing);
    publisher->handler->on_refused(publisher->owner, publisher, sequence, status, text);
}

static void
on_retry(struct timer *timer)
{
    pump(CONTAINER_OF(timer, struct route_publisher, retry));
}

/* Every batch has come back and at least one failed: the first unsettled message is the next to be
 * sent. */
static void
rewind_queue(struct route_publisher *publisher, bool must_wait)
{
    publisher->must_rewind = false;
    publisher->unsent = list_first(&publisher->queue);
    if (publisher->attached == NULL) {
        route_publisher_detach(publisher);
        return;
    }
    publisher->rewinds++;
    if (must_wait || publisher->rewinds > 1) {
        timer_start(publisher->timers, &publisher->retry, backoff_next_ms(&publisher->backoff),
                    on_retry);
    }
}

static void
refuse_all(struct route_publisher *publisher, struct bytes text)
{
    while (publisher->attached != NULL && head(publisher) != NULL) {
        refuse_head(publisher, STATUS_BACKPLANE_DOWN, text);
    }
}

static void
take_result(struct route_publisher *publisher, const struct route_result *result)
{
    uint64_t settled = publisher->settled;

    if (result->outcome == ROUTE_OUT_OF_ORDER || result->outcome == ROUTE_MISCONFIGURED) {
        publisher->must_rewind = true;
        return;
    }
    settle(publisher, result->settled_sequence);
    if (publisher->settled > settled) {
        publisher->handler->on_settled(publisher->owner, publisher, publisher->settled,
                                       result->last_id, publisher->settled - settled);
    }
    if (result->outcome != ROUTE_PUBLISHED) {
        publisher->must_rewind = true;
    }
}

static void
on_batch_done(struct route_batch *batch, const struct route_result *result)
{
    struct outgoing_batch *outgoing = CONTAINER_OF(batch, struct outgoing_batch, batch);
    struct route_publisher *publisher = outgoing->publisher;
    struct outgoing *first;

    publisher->in_flight--;
    for (size_t i = 0; i < batch->count; i++) {
        payload_unref(batch->frames[i]);
    }
    free(outgoing);
    take_result(publisher, result);
    publisher->handler->on_outcome(publisher->owner, result);
    if (result->outcome == ROUTE_REFUSED && (first = head(publisher)) != NULL &&
        first->sequence == result->settled_sequence + 1) {
        refuse_head(publisher, STATUS_DENIED, result->text);
    }
    if (publisher->in_flight == 0 && result->outcome == ROUTE_MISCONFIGURED) {
        refuse_all(publisher, result->text);
    }
    if (publisher->in_flight == 0 && publisher->must_rewind) {
        rewind_queue(publisher, result->outcome == ROUTE_TRY_AGAIN);
    }
    pump(publisher);
}

/* The messages from `unsent` on, as many as a batch takes, as far as none is to be refused. */
static void
send_batch(struct route_publisher *publisher)
{
    struct outgoing_batch *outgoing = malloc(sizeof(*outgoing));
    struct route_batch *batch = &outgoing->batch;
    size_t bytes = 0;

    if (outgoing == NULL) {
        timer_start(publisher->timers, &publisher->retry, ROUTE_PUBLISHER_RETRY_LIMIT_MS, on_retry);
        return;
    }
    outgoing->publisher = publisher;
    batch->on_done = on_batch_done;
    memcpy(batch->instance, publisher->instance, sizeof(batch->instance));
    batch->first_sequence = CONTAINER_OF(publisher->unsent, struct outgoing, node)->sequence;
    batch->settled_sequence = route_publisher_known(publisher);
    batch->floor_id = 0;
    batch->count = 0;
    while (publisher->unsent != NULL && batch->count < ROUTE_BATCH_MESSAGES_MAX) {
        struct outgoing *next = CONTAINER_OF(publisher->unsent, struct outgoing, node);

        if (next->payload == NULL ||
            (bytes > 0 && bytes + next->payload->length > ROUTE_BATCH_BYTES_MAX)) {
            break;
        }
        bytes += next->payload->length;
        batch->frames[batch->count++] = payload_ref(next->payload);
        publisher->unsent = next_of(publisher, publisher->unsent);
    }
    publisher->in_flight++;
    publisher->handler->publish(publisher->owner, batch);
}

static void
pump(struct route_publisher *publisher)
{
    if (publisher->must_rewind || timer_is_running(&publisher->retry)) {
        return;
    }
    while (publisher->unsent != NULL && publisher->in_flight < ROUTE_PUBLISHER_IN_FLIGHT_MAX) {
        struct outgoing *next = CONTAINER_OF(publisher->unsent, struct outgoing, node);

        if (next->payload != NULL) {
            send_batch(publisher);
            if (timer_is_running(&publisher->retry)) {
                return;
            }
        } else if (publisher->in_flight == 0) {
            /* It uses up its sequence only when everything before it is settled. */
            refuse_head(publisher, next->refusal, bytes_from_string(next->text));
        } else {
            return;
        }
    }
}

void
route_publisher_hurry(struct route_publisher *publisher)
{
    if (timer_is_running(&publisher->retry)) {
        timer_stop(publisher->timers, &publisher->retry);
        backoff_reset(&publisher->backoff);
        pump(publisher);
    }
}

void
route_publisher_flush(struct route_publisher *publisher)
{
    pump(publisher);
}
