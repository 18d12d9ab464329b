/* SPDX-License-Identifier: MIT */
#include "service/signalr/connection_command.h"

#include <stdlib.h>

#include "common/base/crypto.h"
#include "service/signalr/acknowledgement.h"
#include "service/signalr/delivery.h"
#include "service/signalr/membership.h"
#include "service/signalr/membership_echo.h"
#include "service/signalr/subscription.h"
#include "service/signalr/topic_name.h"

/* The connection's groups and one more, each complete up to ${id} but the new one. NULL when out of
 * memory. */
static struct subscription_group *
list_with(const struct connection *connection, struct bytes group, uint64_t since, uint64_t id,
          size_t *count)
{
    struct subscription_group *groups = malloc((connection->topics.count + 1) * sizeof(*groups));

    *count = 0;
    if (groups == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < connection->topics.count; i++) {
        struct bytes name = topic_name_of(connection->topics.items[i].topic);
        if (membership_is_group(name)) {
            groups[(*count)++] = (struct subscription_group){name, id};
        }
    }
    groups[(*count)++] = (struct subscription_group){group, since};
    return groups;
}

/* Open anew at message ${id}, with the group, which it is in from ${since} on: so the cursor passes
 * that message only together with the token that names the group, and nothing that was sent to the
 * group after it is missed. ${acknowledge}: id of the command that is the message; empty = none. */
static void
join(struct connection *connection, struct bytes group, uint64_t since, uint64_t id,
     struct bytes acknowledge)
{
    size_t count;
    bool is_poll = !connection->transport.operations->is_streaming;
    /* A poll has not been given what it gathered in this batch. */
    uint64_t cursor = is_poll ? connection->cursor : id;
    struct subscription_group *groups =
        list_with(connection, group, membership_since(connection, group, since, cursor), cursor,
                  &count);
    struct subscription_options options = {
        .since = cursor,
        .groups = groups,
        .group_count = count,
        .sends_groups = true,
        /* A poll's replay holds the command itself. */
        .acknowledge = is_poll ? BYTES_NONE : acknowledge,
    };

    if (groups == NULL || subscription_open(connection, &options) != STATUS_OK) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
    }
    free(groups);
}

static void
acknowledge(const struct connection *connection, const struct backplane_message *message)
{
    if (message->message.waits_for_ack) {
        acknowledgement_publish(connection, message->message.command_id);
    }
}

static bool
is_in(const struct connection *connection, const struct topic *topic)
{
    return topic != NULL && topic_set_find(&connection->topics, topic) != SIZE_MAX;
}

static void
warn_lost(const struct connection *connection)
{
    log_warn(connection->app->context->log, connection->app->app->name,
             "a change of a group is lost: out of memory");
}

static void
change_groups(struct connection *connection, const struct backplane_message *message,
              const struct signalr_command *command)
{
    bool is_join = command->type == SIGNALR_COMMAND_ADD_TO_GROUP;
    const struct topic *topic = topic_find(&connection->app->topics, command->value);

    if (!membership_is_group(command->value)) {
        return;
    }
    if (is_in(connection, topic) == is_join ||
        membership_echo_overrules(connection, command->value)) {
        acknowledge(connection, message);
        return;
    }
    if (is_join) {
        /* One group too many stays unacknowledged: whoever asked learns it from the time-out. */
        if (membership_has_room(connection, command->value)) {
            join(connection, command->value, signalr_command_since(command, message->id),
                 message->id,
                 message->message.waits_for_ack ? message->message.command_id : BYTES_NONE);
        }
        return;
    }
    acknowledge(connection, message);
    membership_forget(connection, topic, message->id);
    membership_send_groups(connection, message->id);
}

static void
carry_out(struct connection *connection, const struct backplane_message *message,
          const struct signalr_command *command)
{
    struct client_frame frame = {.cursor = message->id, .is_init = true};

    switch (command->type) {
    case SIGNALR_COMMAND_INITIALIZING:
        /* Ours are never published; another implementation's get what they expect. */
        delivery_send(connection, &frame, false);
        break;
    case SIGNALR_COMMAND_ADD_TO_GROUP:
    case SIGNALR_COMMAND_REMOVE_FROM_GROUP:
        change_groups(connection, message, command);
        break;
    case SIGNALR_COMMAND_ABORT:
        break;
    }
}

/*
 * By farm commands.
 */

/* Whether there is nothing to say: it is so, and nothing else is on its way. */
static bool
is_settled(const struct connection *connection, const struct topic *topic, bool is_join)
{
    return connection->state == CONNECTION_ATTACHED && is_in(connection, topic) == is_join &&
           !membership_echo_is_due(connection, topic_name_of(topic));
}

static void
put_in(struct connection *connection, const struct topic *topic, uint64_t id)
{
    struct bytes group = topic_name_of(topic);
    bool must_join = connection->state == CONNECTION_ATTACHED && !is_in(connection, topic);

    if (is_settled(connection, topic, true) ||
        (must_join && !membership_has_room(connection, group))) {
        return;
    }
    if (membership_echo_obey(connection, topic, true, id) != STATUS_OK) {
        warn_lost(connection);
    } else if (must_join) {
        join(connection, group, id, id, BYTES_NONE);
    }
}

/* Returns whether it was in until now: then the client needs a new token. */
static bool
take_out(struct connection *connection, const struct topic *topic, uint64_t id)
{
    bool must_leave = connection->state == CONNECTION_ATTACHED && is_in(connection, topic);

    if (is_settled(connection, topic, false)) {
        return false;
    }
    if (membership_echo_obey(connection, topic, false, id) != STATUS_OK) {
        warn_lost(connection);
        return false;
    }
    if (must_leave) {
        membership_forget(connection, topic, id);
    }
    return must_leave;
}

void
connection_command_change_group(struct connection *connection, struct bytes group, bool is_join,
                                uint64_t id)
{
    struct topic_table *table = &connection->app->topics;
    struct topic *topic = topic_acquire(table, group);

    if (topic == NULL) {
        warn_lost(connection);
        return;
    }
    if (is_join) {
        put_in(connection, topic, id);
    } else if (take_out(connection, topic, id)) {
        membership_send_groups(connection, id);
    }
    topic_release(table, topic);
}

static bool
take_out_if_of_hub(struct connection *connection, struct bytes name, struct bytes hub, uint64_t id)
{
    struct topic_table *table = &connection->app->topics;
    struct topic *topic;
    struct bytes group;

    if (!topic_name_in(name, TOPIC_NAME_HUB_GROUP, hub, &group)) {
        return false;
    }
    topic = topic_acquire(table, name);
    if (topic == NULL) {
        warn_lost(connection);
        return false;
    }
    bool was_in = take_out(connection, topic, id);
    topic_release(table, topic);
    return was_in;
}

void
connection_command_leave_hub(struct connection *connection, struct bytes hub, uint64_t id)
{
    size_t echo_count = membership_echo_count(connection);
    size_t index = app_find_hub(connection->app->app, hub);
    bool has_left = false;

    for (size_t i = connection->topics.count; i-- > 0;) {
        struct bytes name = topic_name_of(connection->topics.items[i].topic);
        has_left |= take_out_if_of_hub(connection, name, hub, id);
    }
    for (size_t i = 0; i < echo_count; i++) {
        if (!membership_echo_is_followed(connection, i)) {
            (void)take_out_if_of_hub(connection, membership_echo_group(connection, i), hub, id);
        }
    }
    if (connection->subscription != NULL && index != SIZE_MAX &&
        subscription_leave_hub(connection, index, id) != STATUS_OK) {
        warn_lost(connection);
    }
    if (has_left) {
        membership_send_groups(connection, id);
    }
}

void
connection_command_end(struct connection *connection, struct bytes why)
{
    if (why.length > 0 && transport_is_open(&connection->transport)) {
        delivery_send_error(connection, why);
    }
    connection_disconnect(connection, true, why.length > 0 ? "closed-by-application" : "abort");
}

void
connection_command_receive(struct connection *connection, const struct backplane_message *message)
{
    struct signalr_command command;
    struct buffer storage;

    if (connection->state == CONNECTION_ATTACHED) {
        membership_echo_take(connection, message->message.command_id);
    } else {
        membership_echo_hold(connection, message->message.command_id);
    }
    buffer_init(&storage, TOPIC_NAME_BYTES_MAX);
    if (message->message.is_ack ||
        signalr_command_decode(message->message.value, &storage, &command) != STATUS_OK) {
        buffer_deinit(&storage);
        return;
    }
    if (membership_echo_keep_order(connection, &command, message->id) != STATUS_OK) {
        warn_lost(connection);
    }
    if (command.type == SIGNALR_COMMAND_ABORT) {
        acknowledge(connection, message);
        connection_command_end(connection, command.value);
    } else if (connection->state == CONNECTION_ATTACHED) {
        carry_out(connection, message, &command);
    }
    buffer_deinit(&storage);
}

enum status
connection_command_abort(const struct worker_app *app, struct bytes connection_id, struct bytes why,
                         backplane_published_fn fn, void *owner)
{
    char id[CRYPTO_GUID_TEXT_BYTES + 1];
    struct buffer topic, value;

    crypto_guid(id);
    struct signalr_command command = {.type = SIGNALR_COMMAND_ABORT,
                                      .id = bytes_from(id, CRYPTO_GUID_TEXT_BYTES),
                                      .value = why};
    buffer_init(&topic, TOPIC_NAME_BYTES_MAX);
    buffer_init(&value, TOPIC_NAME_BYTES_MAX);
    enum status status = topic_name_append(&topic, TOPIC_NAME_CONNECTION, BYTES(""), connection_id);
    if (status == STATUS_OK) {
        status = signalr_command_encode(&command, &value);
    }
    if (status == STATUS_OK) {
        struct signalr_message message = {.source = connection_id,
                                          .topic = buffer_bytes(&topic),
                                          .value = buffer_bytes(&value),
                                          .command_id = command.id};
        backplane_publish(app->context->port, app->app->handle, &message, fn, owner);
    }
    buffer_deinit(&topic);
    buffer_deinit(&value);
    return status;
}
