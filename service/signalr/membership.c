/* SPDX-License-Identifier: MIT */
#include "service/signalr/membership.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "service/signalr/acknowledgement.h"
#include "service/signalr/delivery.h"
#include "service/signalr/groups_token.h"
#include "service/signalr/topic_name.h"

/* A join or leave that is not done yet. */
struct membership_change {
    struct list_node node; /* in connection->joins while a local join waits for its barrier */
    struct worker_app *app;
    struct connection *connection; /* of a local join; else NULL */
    struct topic *topic;
    struct backplane_request *request;       /* local: the barrier */
    struct acknowledgement *acknowledgement; /* remote */
    membership_fn fn;                        /* NULL = nobody waits any more */
    void *owner;
    bool is_join;
    bool is_revoked; /* left again before it took effect */
    size_t id_length;
    char id[];
};

static void
free_change(struct membership_change *change)
{
    topic_release(&change->app->topics, change->topic);
    free(change);
}

static void
complete(struct membership_change *change, enum status status)
{
    membership_fn fn = change->fn;
    void *owner = change->owner;

    free_change(change);
    if (fn != NULL) {
        fn(owner, status);
    }
}

/*
 * What a connection is in.
 */

bool
membership_is_group(struct bytes topic)
{
    struct bytes owner, name;
    enum topic_name_kind kind = topic_name_split(topic, &owner, &name);

    return (kind == TOPIC_NAME_HUB_GROUP || kind == TOPIC_NAME_RAW_GROUP) &&
           topic.length <= TOPIC_NAME_BYTES_MAX;
}

/* The groups of a connection as its token names them; an array to free, or NULL with ${*count} 0.
 */
static struct bytes *
list_groups(const struct connection *connection, struct bytes extra, size_t *count)
{
    struct bytes *groups = malloc((connection->topics.count + 1) * sizeof(*groups));

    *count = 0;
    if (groups == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < connection->topics.count; i++) {
        struct bytes group = topic_name_group(topic_name_of(connection->topics.items[i].topic));
        if (group.length > 0) {
            groups[(*count)++] = group;
        }
    }
    if (extra.length > 0) {
        groups[(*count)++] = topic_name_group(extra);
    }
    return groups;
}

bool
membership_has_room(const struct connection *connection, struct bytes topic)
{
    size_t count;
    struct bytes *groups = list_groups(connection, topic, &count);
    bool has_room = groups != NULL && count <= connection->app->app->limits.groups_max &&
                    groups_token_fits(connection_id(connection), groups, count);

    free(groups);
    return has_room;
}

enum status
membership_token(const struct connection *connection, struct buffer *out)
{
    size_t count;
    struct bytes *groups = list_groups(connection, BYTES(""), &count);

    if (groups == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = groups_token_seal(&connection->app->keys, worker_app_key(connection->app),
                                           connection_id(connection), groups, count, out);
    free(groups);
    return status;
}

void
membership_forget(struct connection *connection, const struct topic *topic)
{
    struct worker_app *app = connection->app;
    size_t slot = topic_set_find(&connection->topics, topic);

    if (slot == SIZE_MAX) {
        return;
    }
    struct topic *taken = topic_set_take(&connection->topics, slot);
    struct bytes name = topic_name_of(taken);
    backplane_unsubscribe(app->context->port, app->app->handle, &name, 1);
    topic_release(&app->topics, taken);
}

void
membership_send_groups(struct connection *connection, uint64_t cursor)
{
    struct client_frame frame = {.cursor =
                                     cursor > connection->cursor ? cursor : connection->cursor};

    delivery_send(connection, &frame, true);
}

/*
 * Changes that took effect here before their command is published. Until it comes round, older
 * commands about the same group, which are still under way, must not undo it.
 */

struct membership_echo {
    struct list_node node; /* in connection->echoes */
    struct topic *topic;
    char id[CRYPTO_GUID_TEXT_BYTES + 1]; /* of the command */
};

static void
free_echo(struct connection *connection, struct membership_echo *echo)
{
    list_remove(&echo->node);
    topic_release(&connection->app->topics, echo->topic);
    free(echo);
}

void
membership_forget_echoes(struct connection *connection)
{
    while (!list_is_empty(&connection->echoes)) {
        free_echo(connection,
                  CONTAINER_OF(list_first(&connection->echoes), struct membership_echo, node));
    }
}

void
membership_take_echo(struct connection *connection, struct bytes command_id)
{
    LIST_FOR_EACH (node, &connection->echoes) {
        struct membership_echo *echo = CONTAINER_OF(node, struct membership_echo, node);
        if (bytes_equal(bytes_from(echo->id, CRYPTO_GUID_TEXT_BYTES), command_id)) {
            free_echo(connection, echo);
        }
    }
}

bool
membership_is_overruled(const struct connection *connection, struct bytes topic)
{
    LIST_FOR_EACH (node, &connection->echoes) {
        const struct membership_echo *echo = CONTAINER_OF(node, struct membership_echo, node);
        if (bytes_equal(topic_name_of(echo->topic), topic)) {
            return true;
        }
    }
    return false;
}

static void
publish_echo(const struct connection *connection, const struct membership_echo *echo, bool is_join,
             uint64_t since)
{
    const struct worker_app *app = connection->app;
    struct buffer value;
    struct signalr_command command = {
        .type = is_join ? SIGNALR_COMMAND_ADD_TO_GROUP : SIGNALR_COMMAND_REMOVE_FROM_GROUP,
        .id = bytes_from(echo->id, CRYPTO_GUID_TEXT_BYTES),
        .value = topic_name_of(echo->topic),
        .since = since,
    };

    buffer_init(&value, 2 * TOPIC_NAME_BYTES_MAX);
    if (signalr_command_encode(&command, &value) == STATUS_OK) {
        struct signalr_message message = {.source = connection_id(connection),
                                          .topic = topic_name_of(connection->own_topic),
                                          .value = buffer_bytes(&value),
                                          .command_id = command.id};
        backplane_publish(app->context->port, app->app->handle, &message, NULL, NULL);
    }
    buffer_deinit(&value);
}

/* Tell other nodes, for a resume there, what has been done here. Nobody waits for it. */
static enum status
publish_done(struct connection *connection, const struct topic *group, bool is_join, uint64_t since)
{
    struct membership_echo *echo = calloc(1, sizeof(*echo));

    if (echo == NULL) {
        return STATUS_NO_MEMORY;
    }
    echo->topic = topic_acquire(&connection->app->topics, topic_name_of(group));
    if (echo->topic == NULL) {
        free(echo);
        return STATUS_NO_MEMORY;
    }
    crypto_guid(echo->id);
    list_append(&connection->echoes, &echo->node);
    publish_echo(connection, echo, is_join, since);
    return STATUS_OK;
}

/*
 * Elsewhere.
 */

static void
on_acknowledged(void *owner, enum status status)
{
    struct membership_change *change = owner;

    change->acknowledgement = NULL;
    complete(change, status);
}

static enum status
start_remote(struct membership_change *change)
{
    struct worker_app *app = change->app;
    struct signalr_command command = {
        .type = change->is_join ? SIGNALR_COMMAND_ADD_TO_GROUP : SIGNALR_COMMAND_REMOVE_FROM_GROUP,
        .value = topic_name_of(change->topic),
    };

    /* Nobody could acknowledge it: say so now rather than in half a minute. */
    if (app->state != BACKPLANE_OPEN) {
        return STATUS_BACKPLANE_DOWN;
    }
    return acknowledgement_request(app, bytes_from(change->id, change->id_length), &command,
                                   on_acknowledged, change, &change->acknowledgement);
}

/*
 * Here.
 */

static enum status
take_effect(struct membership_change *change, uint64_t position)
{
    struct connection *connection = change->connection;
    struct worker_app *app = change->app;
    struct topic *topic = change->topic;
    struct bytes name = topic_name_of(topic);
    size_t slot = connection->topics.count;
    bool is_done = change->is_revoked || topic_set_find(&connection->topics, topic) != SIZE_MAX;

    if (is_done || topic_set_add(&connection->topics, topic) != STATUS_OK) {
        backplane_unsubscribe(app->context->port, app->app->handle, &name, 1);
        return is_done ? STATUS_OK : STATUS_NO_MEMORY;
    }
    /* The set has a use of its own; the topic exists, so this cannot fail. */
    (void)topic_acquire(&app->topics, name);
    enum status status = topic_set_attach(&connection->topics, slot);
    if (status == STATUS_OK) {
        status = publish_done(connection, topic, true, position);
    }
    if (status != STATUS_OK) {
        membership_forget(connection, topic);
        return status;
    }
    membership_send_groups(connection, position);
    return STATUS_OK;
}

static void
on_barrier(void *owner, const struct backplane_subscribed *result)
{
    struct membership_change *change = owner;
    struct bytes name = topic_name_of(change->topic);
    enum status status = result->status;

    change->request = NULL;
    list_remove(&change->node);
    if (status == STATUS_OK) {
        status = take_effect(change, result->position);
    } else {
        backplane_unsubscribe(change->app->context->port, change->app->app->handle, &name, 1);
    }
    complete(change, status);
}

static void
start_local_join(struct membership_change *change, struct connection *connection)
{
    struct worker_app *app = change->app;
    struct backplane_topic topic = {topic_name_of(change->topic), BACKPLANE_NO_REPLAY};

    change->connection = connection;
    list_append(&connection->joins, &change->node);
    change->request =
        backplane_subscribe(app->context->port, app->app->handle, &topic, 1, on_barrier, change);
}

/* Left before the join took effect: it never will. */
static void
revoke_joins(struct connection *connection, const struct topic *topic)
{
    LIST_FOR_EACH (node, &connection->joins) {
        struct membership_change *change = CONTAINER_OF(node, struct membership_change, node);
        if (change->topic == topic) {
            change->is_revoked = true;
        }
    }
}

static enum status
leave_here(struct connection *connection, const struct topic *topic)
{
    uint64_t position = connection->app->position;

    revoke_joins(connection, topic);
    if (topic_set_find(&connection->topics, topic) == SIZE_MAX) {
        return STATUS_OK;
    }
    /* What was delivered up to now has been seen; a resume elsewhere stops at the same place. */
    position = position > connection->cursor ? position : connection->cursor;
    enum status status = publish_done(connection, topic, false, position);
    if (status == STATUS_OK) {
        membership_forget(connection, topic);
        membership_send_groups(connection, position);
    }
    return status;
}

void
membership_cancel_joins(struct connection *connection)
{
    while (!list_is_empty(&connection->joins)) {
        struct membership_change *change =
            CONTAINER_OF(list_first(&connection->joins), struct membership_change, node);
        struct worker_app *app = change->app;
        struct bytes name = topic_name_of(change->topic);
        list_remove(&change->node);
        backplane_cancel(app->context->port, change->request);
        backplane_unsubscribe(app->context->port, app->app->handle, &name, 1);
        change->request = NULL;
        change->connection = NULL;
        /* It did not take effect here; the client may be back elsewhere by the time the command
         * arrives. */
        enum status status = change->is_revoked ? STATUS_OK : start_remote(change);
        if (change->is_revoked || status != STATUS_OK) {
            complete(change, status);
        }
    }
}

static struct membership_change *
make_change(struct worker_app *app, struct bytes connection_id, struct bytes topic)
{
    struct membership_change *change = calloc(1, sizeof(*change) + connection_id.length);

    if (change == NULL) {
        return NULL;
    }
    change->app = app;
    change->topic = topic_acquire(&app->topics, topic);
    if (change->topic == NULL) {
        free(change);
        return NULL;
    }
    change->id_length = connection_id.length;
    memcpy(change->id, connection_id.data, connection_id.length);
    return change;
}

/* Whether it is done: nothing to wait for. */
static bool
change_here(struct membership_change *change, struct connection *connection, enum status *status)
{
    *status = STATUS_OK;
    if (!change->is_join) {
        *status = leave_here(connection, change->topic);
        return true;
    }
    if (topic_set_find(&connection->topics, change->topic) != SIZE_MAX) {
        return true;
    }
    if (!membership_has_room(connection, topic_name_of(change->topic))) {
        *status = STATUS_LIMIT;
        return true;
    }
    start_local_join(change, connection);
    return false;
}

struct membership_change *
membership_change(struct worker_app *app, struct bytes connection_id, struct bytes topic,
                  bool is_join, membership_fn fn, void *owner, enum status *status)
{
    struct connection *connection = connection_find(app, connection_id);
    struct membership_change *change = make_change(app, connection_id, topic);
    bool is_done;

    if (change == NULL) {
        *status = STATUS_NO_MEMORY;
        return NULL;
    }
    change->is_join = is_join;
    change->fn = fn;
    change->owner = owner;
    if (connection != NULL && connection->state == CONNECTION_ATTACHED) {
        is_done = change_here(change, connection, status);
    } else {
        *status = start_remote(change);
        is_done = *status != STATUS_OK;
    }
    if (is_done) {
        free_change(change);
        return NULL;
    }
    return change;
}

void
membership_cancel(struct membership_change *change)
{
    change->fn = NULL;
}
