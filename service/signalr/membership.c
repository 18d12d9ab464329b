/* SPDX-License-Identifier: MIT */
#include "service/signalr/membership.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/signalr/acknowledgement.h"
#include "service/signalr/delivery.h"
#include "service/signalr/groups_token.h"
#include "service/signalr/membership_echo.h"
#include "service/signalr/topic_name.h"

/* A connection's ended memberships that are remembered. */
enum { LEFT_COUNT_MAX = 16 };

/* A join or leave that is not done yet. */
struct membership_change {
    /* in connection->joins while a local join waits for its barrier, or app->ended_joins */
    struct list_node node;
    struct worker_app *app;
    struct connection *connection; /* of a local join; else NULL */
    struct topic *topic;
    struct backplane_request *request; /* at once: the barrier */
    membership_fn fn;                  /* NULL = nobody waits any more */
    void *owner;
    bool is_join;
    bool is_revoked;      /* left again before it took effect */
    enum status ended_as; /* in app->ended_joins: how */
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

/* Without memory for it, a join that arrives later may repeat what was heard before. */
static void
note_left(struct connection *connection, const struct topic *topic, uint64_t until)
{
    struct group_spans *left = &connection->left;
    struct topic_table *table = &connection->app->topics;

    group_spans_remove(left, table, topic);
    if (left->count == LEFT_COUNT_MAX) {
        group_spans_remove(left, table, left->items[0].topic);
    }
    if (group_spans_join(left, table, topic_name_of(topic), 0, 0) == STATUS_OK) {
        group_spans_leave(left, topic, until);
    }
}

uint64_t
membership_since(const struct connection *connection, struct bytes group, uint64_t since,
                 uint64_t cursor)
{
    const struct topic *topic = topic_find(&connection->app->topics, group);
    uint64_t left_at = topic == NULL ? 0 : group_spans_last(&connection->left, topic);

    return left_at > since && left_at <= cursor ? left_at : since;
}

void
membership_forget(struct connection *connection, const struct topic *topic, uint64_t until)
{
    struct worker_app *app = connection->app;
    size_t slot = topic_set_find(&connection->topics, topic);

    if (slot == SIZE_MAX) {
        return;
    }
    note_left(connection, topic, until);
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
 * Elsewhere.
 */

static void
on_acknowledged(void *owner, enum status status)
{
    complete(owner, status);
}

/* As a command, which takes its place in the order of the farm; whoever holds the connection then
 * carries it out. */
static enum status
start_command(struct membership_change *change, struct connection *connection)
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
    enum status status = acknowledgement_request(app, bytes_from(change->id, change->id_length),
                                                 &command, on_acknowledged, change, NULL);
    if (status == STATUS_OK && connection != NULL) {
        /* Without memory for it a quick change of mind may come out wrong; the command is on its
         * way all the same. */
        (void)membership_echo_add(connection, change->topic, command.id);
    }
    return status;
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
        status = membership_echo_publish(connection, topic, true, position);
    }
    if (status != STATUS_OK) {
        membership_forget(connection, topic, position);
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

/* The farm is not there to put it in order. */
static enum status
leave_at_once(struct connection *connection, const struct topic *topic)
{
    uint64_t position = connection->app->position;

    if (topic_set_find(&connection->topics, topic) == SIZE_MAX) {
        return STATUS_OK;
    }
    /* What was delivered up to now has been seen; a resume elsewhere stops at the same place. */
    position = position > connection->cursor ? position : connection->cursor;
    enum status status = membership_echo_publish(connection, topic, false, position);
    if (status == STATUS_OK) {
        membership_forget(connection, topic, position);
        membership_send_groups(connection, position);
    }
    return status;
}

void
membership_tell_ended(struct worker_app *app)
{
    while (!list_is_empty(&app->ended_joins)) {
        struct membership_change *change =
            CONTAINER_OF(list_first(&app->ended_joins), struct membership_change, node);
        list_remove(&change->node);
        assert(app->ended_joins.head.next != &change->node); /* the analyzer cannot see it */
        complete(change, change->ended_as);
    }
}

static void
on_ended_joins_due(struct timer *timer)
{
    membership_tell_ended(CONTAINER_OF(timer, struct worker_app, ended_joins_timer));
}

/* Later: who is told may be done with the connection, which is in the middle of losing its
 * transport. */
static void
complete_later(struct membership_change *change, enum status status)
{
    struct worker_app *app = change->app;

    change->ended_as = status;
    list_append(&app->ended_joins, &change->node);
    timer_start(app->context->timers, &app->ended_joins_timer, 0, on_ended_joins_due);
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
        enum status status = change->is_revoked ? STATUS_OK : start_command(change, NULL);
        if (change->is_revoked || status != STATUS_OK) {
            complete_later(change, status);
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

/* The connection is in the group already. What is under way about it is older than this wish, and
 * must not have the last word. */
static enum status
confirm_membership(struct connection *connection, const struct topic *topic)
{
    if (!membership_echo_is_due(connection, topic_name_of(topic))) {
        return STATUS_OK;
    }
    return membership_echo_publish(connection, topic, true, connection->cursor);
}

/* Whether it is done: nothing to wait for. */
static bool
change_at_once(struct membership_change *change, struct connection *connection, enum status *status)
{
    if (!change->is_join) {
        *status = leave_at_once(connection, change->topic);
        return true;
    }
    if (topic_set_find(&connection->topics, change->topic) != SIZE_MAX) {
        *status = confirm_membership(connection, change->topic);
        return true;
    }
    if (!membership_has_room(connection, topic_name_of(change->topic))) {
        *status = STATUS_LIMIT;
        return true;
    }
    *status = STATUS_OK;
    start_local_join(change, connection);
    return false;
}

static bool
start_change(struct membership_change *change, bool is_in_order, enum status *status)
{
    struct worker_app *app = change->app;
    struct connection *connection = connection_find(app, bytes_from(change->id, change->id_length));
    bool is_here = connection != NULL && connection->state == CONNECTION_ATTACHED;

    if (is_here && !change->is_join) {
        revoke_joins(connection, change->topic);
    }
    if (is_here && !(is_in_order && app->state == BACKPLANE_OPEN)) {
        return change_at_once(change, connection, status);
    }
    *status = start_command(change, is_here ? connection : NULL);
    return *status != STATUS_OK;
}

struct membership_change *
membership_change(struct worker_app *app, const struct membership_wish *wish, membership_fn fn,
                  void *owner, enum status *status)
{
    struct membership_change *change = make_change(app, wish->connection_id, wish->topic);

    if (change == NULL) {
        *status = STATUS_NO_MEMORY;
        return NULL;
    }
    change->is_join = wish->is_join;
    change->fn = fn;
    change->owner = owner;
    if (start_change(change, wish->is_in_order || !wish->is_join, status)) {
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
