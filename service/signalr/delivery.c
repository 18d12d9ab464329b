/* SPDX-License-Identifier: MIT */
#include "service/signalr/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "service/signalr/connection_command.h"
#include "service/signalr/groups_token.h"
#include "service/signalr/json_span.h"
#include "service/signalr/membership.h"
#include "service/signalr/topic_name.h"

/* For so long after opening, ids at or below the client's cursor are taken for repetitions by a
 * bridge that is behind the one the client came from; afterwards the cursor was stale. */
enum { LAG_MS = 5 * 1000 };

/* Messages that follow each other to the same topic travel in one envelope, at most so many. */
enum { RUN_COUNT_MAX = 64, RUN_BYTES_MAX = 16 * 1024 };

/* Frames of one message, per kind of transport, made when first needed. Two cursors are possible:
 * the message's id, or one less for a connection that is to get another message of the same id. */
struct frame_set {
    struct http_chunk frames[CLIENT_FRAME_KINDS][2];
};

static void
release_frames(struct frame_set *set)
{
    for (size_t i = 0; i < CLIENT_FRAME_KINDS; i++) {
        payload_unref(set->frames[i][0].payload);
        payload_unref(set->frames[i][1].payload);
    }
}

static uint32_t
poll_delay_ms(const struct worker_app *app, enum client_frame_kind kind)
{
    return kind == CLIENT_FRAME_LONG_POLL ? app->app->timeouts.long_poll_delay_ms : 0;
}

static const struct http_chunk *
frame_of(struct frame_set *set, const struct worker_app *app, enum client_frame_kind kind,
         const struct backplane_message *message, bool has_more)
{
    struct http_chunk *frame = &set->frames[kind][has_more];

    if (frame->payload == NULL) {
        struct client_frame content = {.cursor = message->id - has_more,
                                       .long_poll_delay_ms = poll_delay_ms(app, kind),
                                       .values = &message->message.value,
                                       .value_count = 1};
        *frame = transport_frame_from(kind, &content);
    }
    return frame->payload == NULL ? NULL : frame;
}

bool
delivery_value_is_valid(struct worker_app *app, struct bytes value)
{
    uint64_t suppressed;

    if (json_span_check(value) == STATUS_OK) {
        return true;
    }
    worker_app_count(app, app->context->metrics.invalid_values, 1);
    if (log_allows(&app->value_limit, app->context->clock->now_ms, &suppressed)) {
        log_warn(app->context->log, app->app->name,
                 "message dropped, its value is not JSON bytes=%zu suppressed=%llu", value.length,
                 (unsigned long long)suppressed);
    }
    return false;
}

static bool
entry_matches(void *context, struct bytes entry)
{
    const struct connection *connection = context;

    if (topic_name_filters_connection(entry, connection_id(connection))) {
        return true;
    }
    const struct topic *topic = topic_find(&connection->app->topics, entry);
    return topic != NULL && topic_set_find(&connection->topics, topic) != SIZE_MAX;
}

bool
delivery_is_excluded(struct connection *connection, const struct signalr_message *message)
{
    return message->filter.length > 0 &&
           signalr_message_filter_any(message, entry_matches, connection);
}

/* Nothing is ended in the middle of a batch: what that leads to may change the arrays that are
 * walked. */
static void
doom(struct connection *connection, enum transport_end why)
{
    connection->doom = (uint8_t)why;
    connection->app->has_doomed = true;
}

static void
end_doomed(struct worker_app *app)
{
    if (!app->has_doomed) {
        return;
    }
    app->has_doomed = false;
    LIST_FOR_EACH (node, &app->attached) {
        struct connection *connection = CONTAINER_OF(node, struct connection, node);
        if (connection->doom != 0) {
            connection_end_transport(connection, (enum transport_end)connection->doom);
        }
    }
}

/*
 * Polls.
 */

void
delivery_forget_poll(struct connection *connection)
{
    struct poll_queue *queue = connection->poll_queue;

    if (queue == NULL) {
        return;
    }
    connection->poll_queue = NULL;
    list_remove(&queue->node);
    payload_unref(queue->first_frame.payload);
    for (size_t i = 0; i < queue->count; i++) {
        payload_unref(queue->payloads[i]);
    }
    free(queue->payloads);
    free(queue->values);
    free(queue);
}

static struct poll_queue *
queue_of(struct connection *connection)
{
    struct poll_queue *queue = connection->poll_queue;

    if (queue == NULL) {
        queue = calloc(1, sizeof(*queue));
        if (queue == NULL) {
            return NULL;
        }
        queue->connection = connection;
        connection->poll_queue = queue;
        list_append(&connection->app->filled_polls, &queue->node);
    }
    return queue;
}

static bool
grow_queue(struct poll_queue *queue)
{
    size_t capacity = queue->capacity == 0 ? 4 : queue->capacity * 2;
    struct payload **payloads = realloc(queue->payloads, capacity * sizeof(struct payload *));

    if (payloads == NULL) {
        return false;
    }
    queue->payloads = payloads;
    struct bytes *values = realloc(queue->values, capacity * sizeof(*values));
    if (values == NULL) {
        return false;
    }
    queue->values = values;
    queue->capacity = capacity;
    return true;
}

/* Out of memory loses nothing here: the cursor stays, and the client's next poll replays. */
static void
add_to_poll(struct connection *connection, const struct backplane_message *message,
            const struct http_chunk *frame)
{
    struct poll_queue *queue = queue_of(connection);

    if (queue == NULL || (queue->count == queue->capacity && !grow_queue(queue))) {
        doom(connection, TRANSPORT_END_FAILED);
        return;
    }
    if (queue->count == 0) {
        queue->first_frame = *frame;
        payload_ref(frame->payload);
    }
    queue->payloads[queue->count] = payload_ref(message->frame);
    queue->values[queue->count] = message->message.value;
    queue->count++;
    queue->cursor = message->id;
}

static void
answer_poll(struct connection *connection)
{
    struct poll_queue *queue = connection->poll_queue;
    struct client_frame frame = {0};

    if (queue->count > 1 || connection->owes_groups) {
        delivery_send(connection, &frame, connection->owes_groups);
        return;
    }
    connection->cursor = queue->cursor;
    connection->transport.operations->deliver(&connection->transport, queue->first_frame);
    connection_poll_answered(connection);
}

static void
answer_polls(struct worker_app *app)
{
    LIST_FOR_EACH (node, &app->filled_polls) {
        struct poll_queue *queue = CONTAINER_OF(node, struct poll_queue, node);
        if (!queue->connection->holds_polls) {
            answer_poll(queue->connection);
        }
    }
}

void
delivery_send_init(struct connection *connection)
{
    struct client_frame frame = {.cursor = connection->cursor, .is_init = true};

    if (!transport_is_open(&connection->transport)) {
        return;
    }
    connection->holds_polls = false;
    delivery_send(connection, &frame, connection->owes_groups);
}

struct http_chunk
delivery_last_envelope(const struct connection *connection, bool is_drain)
{
    const struct worker_app *app = connection->app;
    /* A poll that ends before this worker knows where the farm is has no place to resume from; its
     * client was replaced. */
    if (connection->cursor == 0 && !app->has_position) {
        return (struct http_chunk){0};
    }
    bool is_current = connection->state == CONNECTION_ATTACHED && connection->poll_queue == NULL &&
                      connection->cursor < app->position;
    struct client_frame frame = {
        .cursor = is_current ? app->position : connection->cursor,
        .is_reconnect = is_drain,
        .long_poll_delay_ms = poll_delay_ms(app, CLIENT_FRAME_LONG_POLL),
    };

    return transport_frame_from(CLIENT_FRAME_LONG_POLL, &frame);
}

/*
 * One connection.
 */

static void
log_slow(struct connection *connection, size_t queued)
{
    struct worker_app *app = connection->app;
    uint64_t suppressed;

    worker_app_count(app, app->context->metrics.slow_consumers, 1);
    if (log_allows(&app->slow_limit, app->context->clock->now_ms, &suppressed)) {
        log_warn(app->context->log, app->app->name,
                 "client reads too slowly, closed reason=slow-consumer conn=%.*s queued=%zu "
                 "suppressed=%llu",
                 BYTES_PRINTF(connection_id(connection)), queued, (unsigned long long)suppressed);
    }
}

/* Whether the client has left too much unread. */
static bool
is_slow(struct connection *connection)
{
    size_t queued = connection->transport.operations->queued_bytes(&connection->transport);
    size_t cap = connection->app->app->limits.send_queue_bytes;

    if (queued <= cap) {
        connection->queue_allowance = 0;
        return false;
    }
    if (queued <= cap + connection->queue_allowance) {
        return false;
    }
    log_slow(connection, queued);
    return true;
}

void
delivery_allow_queue(struct connection *connection)
{
    const struct transport *transport = &connection->transport;

    if (transport_is_open(transport) && transport->operations->is_streaming) {
        size_t queued = transport->operations->queued_bytes(transport);
        connection->queue_allowance = queued > UINT32_MAX ? UINT32_MAX : (uint32_t)queued;
    }
}

/* Write to a transport; answers a poll. */
static void
write_frame(struct connection *connection, struct http_chunk frame, uint64_t cursor)
{
    const struct transport_operations *operations = connection->transport.operations;

    connection->cursor = cursor;
    operations->deliver(&connection->transport, frame);
    if (!operations->is_streaming) {
        connection_poll_answered(connection);
    }
}

void
delivery_send_result(struct connection *connection, struct bytes json)
{
    const struct transport_operations *operations = connection->transport.operations;
    struct http_chunk chunk = transport_frame_from_json(operations->kind, json);

    if (chunk.payload == NULL) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
        return;
    }
    operations->deliver(&connection->transport, chunk);
    payload_unref(chunk.payload);
    if (is_slow(connection)) {
        connection_end_transport(connection, TRANSPORT_END_SLOW);
    }
}

void
delivery_send_error(struct connection *connection, struct bytes text)
{
    const struct transport_operations *operations = connection->transport.operations;
    struct http_chunk chunk = {0};
    struct buffer json;

    buffer_init(&json, 64 * 1024);
    buffer_append_string(&json, "{\"E\":");
    buffer_append_json_string(&json, text);
    if (buffer_append_byte(&json, '}') == STATUS_OK) {
        chunk = transport_frame_from_json(operations->kind, buffer_bytes(&json));
    }
    buffer_deinit(&json);
    if (chunk.payload == NULL) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
        return;
    }
    write_frame(connection, chunk, connection->cursor);
    payload_unref(chunk.payload);
}

/* A poll has only one envelope: what it has got in this batch must be in it. */
static void
add_gathered(const struct connection *connection, struct client_frame *frame)
{
    const struct poll_queue *queue = connection->poll_queue;

    if (queue != NULL && frame->value_count == 0) {
        frame->values = queue->values;
        frame->value_count = queue->count;
        frame->cursor = frame->cursor > queue->cursor ? frame->cursor : queue->cursor;
    }
}

void
delivery_send(struct connection *connection, struct client_frame *frame, bool with_groups)
{
    enum client_frame_kind kind = connection->transport.operations->kind;
    struct http_chunk chunk = {0};
    struct buffer token;

    if (connection->holds_polls) {
        connection->owes_groups |= with_groups;
        /* There is no place to keep a replay until OnConnected is over. */
        if (frame->value_count > 0) {
            connection_end_transport(connection, TRANSPORT_END_FAILED);
        }
        return;
    }
    connection->owes_groups = false;
    add_gathered(connection, frame);
    buffer_init(&token, 64 * 1024);
    enum status status = with_groups ? membership_token(connection, &token) : STATUS_OK;
    if (status == STATUS_OK) {
        frame->groups_token = buffer_bytes(&token);
        frame->long_poll_delay_ms = poll_delay_ms(connection->app, kind);
        chunk = transport_frame_from(kind, frame);
    }
    buffer_deinit(&token);
    if (chunk.payload == NULL) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
        return;
    }
    write_frame(connection, chunk, frame->cursor);
    payload_unref(chunk.payload);
}

/*
 * Fan-out.
 */

/* Messages of one batch, of which [from, to) share an id. */
struct batch {
    struct worker_app *app;
    const struct backplane_message *messages;
    size_t to; /* end of those with the present one's id */
};

/* Whether this connection gets another message of the same id: then the cursor must not cover it
 * yet. */
static bool
has_more(const struct batch *batch, size_t index, struct connection *connection)
{
    for (size_t i = index + 1; i < batch->to; i++) {
        const struct signalr_message *message = &batch->messages[i].message;
        const struct topic *topic = topic_find(&batch->app->topics, message->topic);
        if (topic != NULL && !signalr_message_is_command(message) &&
            topic_set_find(&connection->topics, topic) != SIZE_MAX &&
            !delivery_is_excluded(connection, message)) {
            return true;
        }
    }
    return false;
}

/* An id that is not above the cursor: a repetition by a lagging bridge, or proof that the cursor
 * was stale. */
static bool
is_repetition(struct connection *connection)
{
    const struct worker_context *context = connection->app->context;

    if (context->clock->now_ms - connection->opened_ms < LAG_MS) {
        return true;
    }
    worker_app_count(connection->app, context->metrics.stale_cursors, 1);
    return false;
}

/* Write to an open stream. */
static void
write_stream(struct connection *connection, struct http_chunk frame, uint64_t cursor)
{
    connection->cursor = cursor;
    connection->transport.operations->deliver(&connection->transport, frame);
    if (is_slow(connection)) {
        doom(connection, TRANSPORT_END_SLOW);
    }
}

/* Returns whether the message was written. */
static bool
deliver(const struct batch *batch, size_t index, struct connection *connection,
        struct frame_set *frames)
{
    const struct backplane_message *message = &batch->messages[index];
    const struct transport_operations *operations = connection->transport.operations;

    if (connection->doom != 0 || (message->id <= connection->cursor && is_repetition(connection))) {
        return false;
    }
    if (message->message.filter.length > 0 && delivery_is_excluded(connection, &message->message)) {
        return false;
    }
    bool is_split = index + 1 < batch->to && has_more(batch, index, connection);
    const struct http_chunk *frame =
        frame_of(frames, batch->app, operations->kind, message, is_split);
    if (frame == NULL) {
        doom(connection, TRANSPORT_END_FAILED);
        return false;
    }
    if (!operations->is_streaming) {
        add_to_poll(connection, message, frame);
        return true;
    }
    write_stream(connection, *frame, message->id - is_split);
    return true;
}

static void
fan_out_one(const struct batch *batch, size_t index)
{
    struct worker_app *app = batch->app;
    const struct backplane_message *message = &batch->messages[index];
    struct topic *topic = topic_find(&app->topics, message->message.topic);
    struct frame_set frames = {0};
    int64_t delivered = 0;

    if (topic == NULL) {
        return;
    }
    if (signalr_message_is_command(&message->message)) {
        if (topic->owner != NULL) {
            connection_command_receive(topic->owner, message);
        }
        return;
    }
    if (topic->attached_count == 0 || !delivery_value_is_valid(app, message->message.value)) {
        return;
    }
    for (uint32_t i = 0; i < topic->attached_count; i++) {
        struct connection *connection =
            CONTAINER_OF(topic->attachments[i].set, struct connection, topics);
        delivered += deliver(batch, index, connection, &frames);
    }
    release_frames(&frames);
    worker_app_count(app, app->context->metrics.delivered, delivered);
}

/* Messages [from, to) of a batch, each with an id of its own, for everybody who hears one topic. */
struct run {
    const struct backplane_message *messages;
    struct bytes values[RUN_COUNT_MAX];
    size_t count;
    struct http_chunk frames[CLIENT_FRAME_KINDS]; /* all in one envelope */
};

static bool
is_plain(const struct backplane_message *message)
{
    return message->message.filter.length == 0 && !signalr_message_is_command(&message->message);
}

/* Whether ${message} is alone with its id, between its neighbours in the batch. */
static bool
is_alone(const struct backplane_message *messages, size_t index, size_t count)
{
    return (index == 0 || messages[index - 1].id != messages[index].id) &&
           (index + 1 == count || messages[index + 1].id != messages[index].id);
}

/* The run that begins at ${from}; its count is 1 when it is none. */
static void
find_run(struct run *run, const struct backplane_message *messages, size_t from, size_t count)
{
    const struct backplane_message *first = &messages[from];
    size_t bytes = first->message.value.length;

    memset(run->frames, 0, sizeof(run->frames));
    run->messages = first;
    run->values[0] = first->message.value;
    run->count = 1;
    if (!is_plain(first) || !is_alone(messages, from, count)) {
        return;
    }
    for (size_t i = from + 1; i < count && run->count < RUN_COUNT_MAX; i++) {
        const struct backplane_message *next = &messages[i];
        bytes += next->message.value.length;
        if (bytes > RUN_BYTES_MAX || !is_plain(next) || !is_alone(messages, i, count) ||
            !bytes_equal(next->message.topic, first->message.topic)) {
            return;
        }
        run->values[run->count++] = next->message.value;
    }
}

static const struct http_chunk *
frame_of_run(struct run *run, enum client_frame_kind kind)
{
    struct http_chunk *frame = &run->frames[kind];

    if (frame->payload == NULL) {
        struct client_frame content = {.cursor = run->messages[run->count - 1].id,
                                       .values = run->values,
                                       .value_count = run->count};
        *frame = transport_frame_from(kind, &content);
    }
    return frame->payload == NULL ? NULL : frame;
}

/* Who is beyond the start of the run, or polls, gets message by message. */
static bool
takes_run(const struct connection *connection, const struct run *run)
{
    return connection->doom == 0 && connection->transport.operations->is_streaming &&
           connection->cursor < run->messages[0].id;
}

static void
deliver_run(struct connection *connection, struct run *run)
{
    const struct http_chunk *frame = frame_of_run(run, connection->transport.operations->kind);

    if (frame == NULL) {
        doom(connection, TRANSPORT_END_FAILED);
        return;
    }
    write_stream(connection, *frame, run->messages[run->count - 1].id);
}

/* Returns whether it was done: else the messages go out one by one. */
static bool
fan_out_run(struct worker_app *app, struct run *run)
{
    struct topic *topic = topic_find(&app->topics, run->messages[0].message.topic);
    int64_t delivered = 0;

    if (topic == NULL) {
        return true;
    }
    for (size_t i = 0; i < run->count && topic->attached_count > 0; i++) {
        if (json_span_check(run->values[i]) != STATUS_OK) {
            return false;
        }
    }
    struct frame_set singles[RUN_COUNT_MAX]; /* large: only those of this run are made and freed */
    memset(singles, 0, run->count * sizeof(singles[0]));
    const struct batch batch = {.app = app, .messages = run->messages}; /* every id is alone */
    for (uint32_t i = 0; i < topic->attached_count; i++) {
        struct connection *connection =
            CONTAINER_OF(topic->attachments[i].set, struct connection, topics);
        if (takes_run(connection, run)) {
            deliver_run(connection, run);
            delivered += (int64_t)run->count;
            continue;
        }
        for (size_t k = 0; k < run->count; k++) {
            delivered += deliver(&batch, k, connection, &singles[k]);
        }
    }
    for (size_t i = 0; i < CLIENT_FRAME_KINDS; i++) {
        payload_unref(run->frames[i].payload);
    }
    for (size_t i = 0; i < run->count; i++) {
        release_frames(&singles[i]);
    }
    worker_app_count(app, app->context->metrics.delivered, delivered);
    return true;
}

void
delivery_fan_out(struct worker_app *app, const struct backplane_message *messages, size_t count)
{
    struct batch batch = {.app = app, .messages = messages};

    for (size_t i = 0; i < count; i++) {
        struct run run;
        find_run(&run, messages, i, count);
        if (run.count > 1 && fan_out_run(app, &run)) {
            i += run.count - 1;
            if (messages[i].id > app->position) {
                app->position = messages[i].id;
            }
            continue;
        }
        for (batch.to = i + 1; batch.to < count && messages[batch.to].id == messages[i].id;
             batch.to++) {}
        fan_out_one(&batch, i);
        if (batch.to == i + 1 && messages[i].id > app->position) {
            app->position = messages[i].id;
        }
    }
    end_doomed(app);
    answer_polls(app);
    worker_app_set_position(app, app->position);
}
