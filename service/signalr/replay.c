/* SPDX-License-Identifier: MIT */
#include "service/signalr/replay.h"

#include <stdlib.h>

#include "service/signalr/acknowledgement.h"
#include "service/signalr/delivery.h"
#include "service/signalr/membership.h"
#include "service/signalr/membership_echo.h"
#include "service/signalr/topic_name.h"

/* An envelope is closed at the next message id after so many bytes of values. A poll has only one:
 * the next poll brings the rest. */
enum { STREAM_ENVELOPE_BYTES = 64 * 1024, POLL_ENVELOPE_BYTES = 1024 * 1024 };

/* The next command for this connection at or after ${*index}; false when there is none. */
static bool
next_command(const struct connection *connection, const struct backplane_subscribed *result,
             size_t *index, struct buffer *storage, struct signalr_command *command)
{
    struct bytes own = topic_name_of(connection->own_topic);

    for (; *index < result->count; (*index)++) {
        const struct signalr_message *message = &result->messages[*index].message;
        buffer_clear(storage);
        if (signalr_message_is_command(message) && bytes_equal(message->topic, own) &&
            signalr_command_decode(message->value, storage, command) == STATUS_OK) {
            return true;
        }
    }
    return false;
}

static enum status
apply_command(const struct connection *connection, uint64_t cursor, struct group_spans *groups,
              const struct signalr_command *command, uint64_t id)
{
    struct topic_table *table = &connection->app->topics;
    uint64_t from = signalr_command_since(command, id);

    if (command->type == SIGNALR_COMMAND_ADD_TO_GROUP && membership_is_group(command->value)) {
        return group_spans_join(groups, table, command->value,
                                membership_since(connection, command->value, from, cursor), from);
    }
    if (command->type == SIGNALR_COMMAND_REMOVE_FROM_GROUP) {
        const struct topic *topic = topic_find(table, command->value);
        if (topic != NULL) {
            group_spans_leave(groups, topic, from);
        }
    }
    return STATUS_OK;
}

enum status
replay_apply_commands(struct connection *connection, uint64_t cursor,
                      const struct backplane_subscribed *result, struct group_spans *groups)
{
    struct signalr_command command;
    struct buffer storage;
    enum status status = STATUS_OK;

    buffer_init(&storage, TOPIC_NAME_BYTES_MAX);
    for (size_t i = 0;
         status == STATUS_OK && next_command(connection, result, &i, &storage, &command); i++) {
        membership_echo_take(connection, result->messages[i].message.command_id);
        status = membership_echo_keep_order(connection, &command, result->messages[i].id);
        if (status == STATUS_OK) {
            status = apply_command(connection, cursor, groups, &command, result->messages[i].id);
        }
    }
    buffer_deinit(&storage);
    for (size_t i = 0; i < groups->count && status == STATUS_OK; i++) {
        if (topic_set_find(&connection->topics, groups->items[i].topic) == SIZE_MAX) {
            status = STATUS_NEED_MORE;
        }
    }
    return status;
}

void
replay_acknowledge(const struct connection *connection, const struct backplane_subscribed *result)
{
    struct bytes own = topic_name_of(connection->own_topic);

    for (size_t i = 0; i < result->count; i++) {
        const struct signalr_message *message = &result->messages[i].message;
        if (message->waits_for_ack && signalr_message_is_command(message) &&
            bytes_equal(message->topic, own)) {
            acknowledgement_publish(connection, message->command_id);
        }
    }
}

bool
replay_has_abort(const struct connection *connection, const struct backplane_subscribed *result,
                 struct buffer *why)
{
    struct signalr_command command;
    struct buffer storage;
    bool has_abort = false;

    buffer_init(&storage, TOPIC_NAME_BYTES_MAX);
    for (size_t i = 0; !has_abort && next_command(connection, result, &i, &storage, &command);
         i++) {
        has_abort = command.type == SIGNALR_COMMAND_ABORT;
        if (has_abort) {
            buffer_append(why, command.value);
        }
    }
    buffer_deinit(&storage);
    return has_abort;
}

static bool
is_visible(struct connection *connection, const struct backplane_message *message,
           const struct group_spans *groups)
{
    const struct topic *topic = topic_find(&connection->app->topics, message->message.topic);

    if (signalr_message_is_command(&message->message) || topic == NULL) {
        return false;
    }
    bool is_heard = group_spans_has_before(groups, groups->count, topic)
                        ? group_spans_contain(groups, topic, message->id)
                        : topic_set_find(&connection->topics, topic) != SIZE_MAX;
    return is_heard && !delivery_is_excluded(connection, &message->message) &&
           delivery_value_is_valid(connection->app, message->message.value);
}

/* Envelopes being filled. */
struct writing {
    struct connection *connection;
    const struct replay_options *options;
    struct bytes *values;
    size_t count;
    size_t total;
    size_t bytes;
    uint64_t last_id;
    bool has_begun; /* S and G have been sent */
    bool is_over;   /* a poll is complete, or the transport failed */
};

static void
flush(struct writing *writing, uint64_t cursor)
{
    const struct replay_options *options = writing->options;
    struct client_frame frame = {.cursor = cursor,
                                 .is_init = options->is_init && !writing->has_begun,
                                 .values = writing->values,
                                 .value_count = writing->count};

    delivery_send(writing->connection, &frame, options->sends_groups && !writing->has_begun);
    writing->has_begun = true;
    writing->is_over = !transport_is_open(&writing->connection->transport);
    writing->total += writing->count;
    writing->count = 0;
    writing->bytes = 0;
}

/* Messages up to the client's cursor (of a group joined in between) share an envelope with what
 * follows them, since the cursor it carries covers them all. */
static bool
is_full(const struct writing *writing, uint64_t next_id)
{
    bool is_streaming = writing->connection->transport.operations->is_streaming;

    return writing->bytes >= (is_streaming ? STREAM_ENVELOPE_BYTES : POLL_ENVELOPE_BYTES) &&
           next_id != writing->last_id && next_id > writing->options->since;
}

static uint64_t
higher(uint64_t left, uint64_t right)
{
    return left > right ? left : right;
}

static void
write_all(struct writing *writing, const struct backplane_subscribed *result)
{
    const struct replay_options *options = writing->options;
    uint64_t since = options->since == BACKPLANE_NO_REPLAY ? 0 : options->since;

    for (size_t i = 0; i < result->count; i++) {
        const struct backplane_message *message = &result->messages[i];
        if (!is_visible(writing->connection, message, options->groups)) {
            continue;
        }
        if (is_full(writing, message->id)) {
            flush(writing, higher(writing->last_id, since));
            if (writing->is_over) {
                return;
            }
        }
        writing->values[writing->count] = message->message.value;
        writing->count++;
        writing->bytes += message->message.value.length;
        writing->last_id = message->id;
    }
    bool has_more = writing->count > 0 || !writing->has_begun;
    bool has_reason =
        writing->count > 0 || options->is_init || options->sends_groups || options->is_stale;
    if (has_more && has_reason) {
        flush(writing, higher(options->position, since));
    }
}

void
replay_write(struct connection *connection, const struct backplane_subscribed *result,
             const struct replay_options *options)
{
    struct worker_app *app = connection->app;
    struct writing writing = {.connection = connection, .options = options};

    writing.values = calloc(result->count + 1, sizeof(*writing.values));
    if (writing.values == NULL) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
        return;
    }
    write_all(&writing, result);
    free(writing.values);
    worker_app_count(app, app->context->metrics.replayed, (int64_t)writing.total);
    delivery_allow_queue(connection);
}
