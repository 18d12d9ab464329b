/* SPDX-License-Identifier: MIT */
#include "service/signalr/membership_echo.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "service/signalr/topic_name.h"

struct membership_echo {
    struct list_node node; /* in connection->echoes, in the order published */
    struct topic *group;   /* a use of it */
    char id[CRYPTO_GUID_TEXT_BYTES];
    uint64_t obeys; /* id of the farm command that wants it; 0 = it was decided here */
    bool is_join;
    bool is_done; /* here already: it has the last word until it comes round */
    bool is_held; /* it came round, but counts only with the next replay */
};

static struct bytes
id_of(const struct membership_echo *echo)
{
    return bytes_from(echo->id, sizeof(echo->id));
}

static void
free_echo(struct connection *connection, struct membership_echo *echo)
{
    list_remove(&echo->node);
    assert(connection->echoes.head.next != &echo->node); /* the analyzer cannot see it */
    topic_release(&connection->app->topics, echo->group);
    free(echo);
}

static struct membership_echo *
add(struct connection *connection, const struct topic *group, struct bytes command_id)
{
    struct membership_echo *echo = calloc(1, sizeof(*echo));

    if (echo == NULL) {
        return NULL;
    }
    echo->group = topic_acquire(&connection->app->topics, topic_name_of(group));
    if (echo->group == NULL) {
        free(echo);
        return NULL;
    }
    memcpy(echo->id, command_id.data, sizeof(echo->id));
    list_append(&connection->echoes, &echo->node);
    return echo;
}

enum status
membership_echo_add(struct connection *connection, const struct topic *group,
                    struct bytes command_id)
{
    return add(connection, group, command_id) == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status
publish_command(const struct connection *connection, const struct signalr_command *command)
{
    const struct worker_app *app = connection->app;
    struct buffer value;

    buffer_init(&value, 2 * TOPIC_NAME_BYTES_MAX);
    enum status status = signalr_command_encode(command, &value);
    if (status == STATUS_OK) {
        struct signalr_message message = {.source = connection_id(connection),
                                          .topic = topic_name_of(connection->own_topic),
                                          .value = buffer_bytes(&value),
                                          .command_id = command->id};
        backplane_publish(app->context->port, app->app->handle, &message, NULL, NULL);
    }
    buffer_deinit(&value);
    return status;
}

static enum status
publish(struct connection *connection, const struct topic *group, bool is_join, uint64_t since,
        uint64_t obeys)
{
    char id[CRYPTO_GUID_TEXT_BYTES + 1];

    crypto_guid(id);
    struct signalr_command command = {
        .type = is_join ? SIGNALR_COMMAND_ADD_TO_GROUP : SIGNALR_COMMAND_REMOVE_FROM_GROUP,
        .id = bytes_from(id, CRYPTO_GUID_TEXT_BYTES),
        .value = topic_name_of(group),
        .since = since,
    };
    struct membership_echo *echo = add(connection, group, command.id);

    if (echo == NULL) {
        return STATUS_NO_MEMORY;
    }
    echo->obeys = obeys;
    echo->is_join = is_join;
    echo->is_done = true;
    return publish_command(connection, &command);
}

enum status
membership_echo_publish(struct connection *connection, const struct topic *group, bool is_join,
                        uint64_t since)
{
    return publish(connection, group, is_join, since, 0);
}

enum status
membership_echo_obey(struct connection *connection, const struct topic *group, bool is_join,
                     uint64_t id)
{
    return publish(connection, group, is_join, id, id);
}

static struct membership_echo *
find(const struct connection *connection, struct bytes command_id)
{
    LIST_FOR_EACH (node, &connection->echoes) {
        struct membership_echo *echo = CONTAINER_OF(node, struct membership_echo, node);
        if (bytes_equal(id_of(echo), command_id)) {
            return echo;
        }
    }
    return NULL;
}

void
membership_echo_take(struct connection *connection, struct bytes command_id)
{
    struct membership_echo *echo = find(connection, command_id);

    if (echo != NULL) {
        free_echo(connection, echo);
    }
}

void
membership_echo_hold(struct connection *connection, struct bytes command_id)
{
    struct membership_echo *echo = find(connection, command_id);

    if (echo != NULL) {
        echo->is_held = true;
    }
}

void
membership_echo_forget_held(struct connection *connection)
{
    LIST_FOR_EACH (node, &connection->echoes) {
        struct membership_echo *echo = CONTAINER_OF(node, struct membership_echo, node);
        if (echo->is_held) {
            free_echo(connection, echo);
        }
    }
}

static bool
has_echo(const struct connection *connection, struct bytes group, bool must_be_done)
{
    LIST_FOR_EACH (node, &connection->echoes) {
        const struct membership_echo *echo = CONTAINER_OF(node, struct membership_echo, node);
        if ((echo->is_done || !must_be_done) && bytes_equal(topic_name_of(echo->group), group)) {
            return true;
        }
    }
    return false;
}

bool
membership_echo_is_due(const struct connection *connection, struct bytes group)
{
    return has_echo(connection, group, false);
}

bool
membership_echo_overrules(const struct connection *connection, struct bytes group)
{
    return has_echo(connection, group, true);
}

enum status
membership_echo_keep_order(struct connection *connection, const struct signalr_command *command,
                           uint64_t id)
{
    bool is_join = command->type == SIGNALR_COMMAND_ADD_TO_GROUP;
    const struct membership_echo *last = NULL;

    if (!is_join && command->type != SIGNALR_COMMAND_REMOVE_FROM_GROUP) {
        return STATUS_OK;
    }
    LIST_FOR_EACH (node, &connection->echoes) {
        const struct membership_echo *echo = CONTAINER_OF(node, struct membership_echo, node);
        if (!echo->is_held && bytes_equal(topic_name_of(echo->group), command->value)) {
            last = echo;
        }
    }
    id = signalr_command_since(command, id);
    if (last == NULL || last->obeys == 0 || last->obeys >= id || last->is_join == is_join) {
        return STATUS_OK;
    }
    return membership_echo_obey(connection, last->group, is_join, id);
}

size_t
membership_echo_count(const struct connection *connection)
{
    size_t count = 0;

    LIST_FOR_EACH (node, &connection->echoes) {
        count++;
    }
    return count;
}

struct bytes
membership_echo_group(const struct connection *connection, size_t index)
{
    LIST_FOR_EACH (node, &connection->echoes) {
        if (index-- == 0) {
            return topic_name_of(CONTAINER_OF(node, struct membership_echo, node)->group);
        }
    }
    return BYTES_NONE;
}

bool
membership_echo_is_followed(const struct connection *connection, size_t index)
{
    const struct topic *group = NULL;

    LIST_FOR_EACH (node, &connection->echoes) {
        const struct membership_echo *echo = CONTAINER_OF(node, struct membership_echo, node);
        if (group != NULL && echo->group == group) {
            return true;
        }
        if (index-- == 0) {
            group = echo->group;
        }
    }
    return false;
}

void
membership_echo_forget_all(struct connection *connection)
{
    while (!list_is_empty(&connection->echoes)) {
        free_echo(connection,
                  CONTAINER_OF(list_first(&connection->echoes), struct membership_echo, node));
    }
}
