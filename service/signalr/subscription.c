/* SPDX-License-Identifier: MIT */
#include "service/signalr/subscription.h"

#include <assert.h>
#include <stdlib.h>

#include "service/hubs/hub_dispatch.h"
#include "service/signalr/acknowledgement.h"
#include "service/signalr/connection_command.h"
#include "service/signalr/delivery.h"
#include "service/signalr/group_span.h"
#include "service/signalr/membership.h"
#include "service/signalr/membership_echo.h"
#include "service/signalr/replay.h"
#include "service/signalr/topic_name.h"

struct subscription {
    struct worker_app *app;
    struct connection *connection;
    struct backplane_request *request;
    uint64_t since;
    struct topic_set wanted;   /* subscribed by the request under way */
    struct group_spans groups; /* what the client said, then what the replay's commands change */
    size_t known_group_count;  /* the first of them: what the client said */
    uint64_t *left_at;         /* by hub: its groups are left as of this id; 0, NULL = not */
    struct buffer acknowledge; /* command id; empty = none */
    bool is_init;
    bool raises_connected;
    bool raises_reconnected;
    bool sends_groups;
    bool is_stale;
};

void
subscription_release_set(struct worker_app *app, struct topic_set *set)
{
    while (set->count > 0) {
        struct topic *topic = topic_set_take(set, set->count - 1);
        struct bytes name = topic_name_of(topic);
        backplane_unsubscribe(app->context->port, app->app->handle, &name, 1);
        topic_release(&app->topics, topic);
    }
}

static void
free_subscription(struct subscription *subscription)
{
    struct worker_app *app = subscription->app;

    if (subscription->request != NULL) {
        backplane_cancel(app->context->port, subscription->request);
    }
    subscription_release_set(app, &subscription->wanted);
    topic_set_deinit(&subscription->wanted);
    group_spans_deinit(&subscription->groups, &app->topics);
    buffer_deinit(&subscription->acknowledge);
    free(subscription->left_at);
    free(subscription);
}

void
subscription_cancel(struct connection *connection)
{
    if (connection->subscription != NULL) {
        free_subscription(connection->subscription);
        connection->subscription = NULL;
    }
}

bool
subscription_wants(const struct connection *connection, const struct topic *topic)
{
    return connection->subscription != NULL &&
           topic_set_find(&connection->subscription->wanted, topic) != SIZE_MAX;
}

/* Nothing to say about a group of which the last word is under way. */
static enum status
leave_hub(const struct subscription *subscription, size_t index)
{
    struct connection *connection = subscription->connection;
    struct bytes hub = bytes_from_string(connection->app->app->hubs[index].name);
    uint64_t id = subscription->left_at[index];
    enum status status = STATUS_OK;

    for (size_t i = 0; id != 0 && i < subscription->groups.count && status == STATUS_OK; i++) {
        const struct group_span *span = &subscription->groups.items[i];
        struct bytes topic = topic_name_of(span->topic), name;
        bool was_in = span->until == GROUP_SPAN_OPEN && span->joined < id;
        if (was_in && topic_name_in(topic, TOPIC_NAME_HUB_GROUP, hub, &name) &&
            !membership_echo_is_due(connection, topic)) {
            status = membership_echo_obey(connection, span->topic, false, id);
        }
    }
    return status;
}

enum status
subscription_leave_hub(struct connection *connection, size_t index, uint64_t id)
{
    struct subscription *subscription = connection->subscription;

    if (subscription->left_at == NULL) {
        subscription->left_at =
            calloc(connection->app->app->hub_count, sizeof(*subscription->left_at));
    }
    if (subscription->left_at == NULL) {
        return STATUS_NO_MEMORY;
    }
    subscription->left_at[index] = id;
    return leave_hub(subscription, index);
}

static enum status
leave_hubs(const struct subscription *subscription)
{
    enum status status = STATUS_OK;

    if (subscription->left_at != NULL) {
        for (size_t i = 0; i < subscription->app->app->hub_count && status == STATUS_OK; i++) {
            status = leave_hub(subscription, i);
        }
    }
    return status;
}

/* What is asked for, while it is put together. */
struct asking {
    struct subscription *subscription;
    struct backplane_topic *topics;
    size_t capacity;
};

static enum status
add_topic(struct asking *asking, struct bytes name, uint64_t since)
{
    struct subscription *subscription = asking->subscription;
    struct topic_table *table = &subscription->connection->app->topics;
    size_t count = subscription->wanted.count;

    if (count == asking->capacity) {
        size_t capacity = count == 0 ? 8 : count * 2;
        struct backplane_topic *grown = realloc(asking->topics, capacity * sizeof(*grown));
        if (grown == NULL) {
            return STATUS_NO_MEMORY;
        }
        asking->topics = grown;
        asking->capacity = capacity;
    }
    struct topic *topic = topic_acquire(table, name);
    if (topic == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (topic_set_add(&subscription->wanted, topic) != STATUS_OK) {
        topic_release(table, topic);
        return STATUS_NO_MEMORY;
    }
    assert(asking->topics != NULL); /* the analyzer cannot see it */
    asking->topics[count] = (struct backplane_topic){topic_name_of(topic), since};
    return STATUS_OK;
}

static enum status
add_named(struct asking *asking, enum topic_name_kind kind, struct bytes owner, struct bytes name)
{
    struct buffer text;

    buffer_init(&text, TOPIC_NAME_BYTES_MAX);
    enum status status = topic_name_append(&text, kind, owner, name);
    if (status == STATUS_OK) {
        status = add_topic(asking, buffer_bytes(&text), asking->subscription->since);
    }
    buffer_deinit(&text);
    return status;
}

static enum status
add_hub(struct asking *asking, struct bytes hub)
{
    const struct connection *connection = asking->subscription->connection;
    struct bytes user = connection_user(connection);
    enum status status = add_named(asking, TOPIC_NAME_HUB, hub, BYTES(""));

    if (status == STATUS_OK) {
        status = add_named(asking, TOPIC_NAME_HUB_CONNECTION, hub, connection_id(connection));
    }
    if (status == STATUS_OK && user.length > 0) {
        status = add_named(asking, TOPIC_NAME_HUB_USER, hub, user);
    }
    return status;
}

/* In the order of signalr2-protocol.md 18.1. */
static enum status
add_all(struct asking *asking)
{
    const struct subscription *subscription = asking->subscription;
    const struct connection *connection = subscription->connection;
    const struct app *app = connection->app->app;
    enum status status = STATUS_OK;

    if (connection_is_raw(connection)) {
        status = add_named(asking, TOPIC_NAME_RAW, bytes_from_string(connection->path->raw->name),
                           BYTES(""));
    }
    for (size_t i = 0; i < app->hub_count && status == STATUS_OK; i++) {
        if ((connection->hubs >> i & 1) != 0) {
            status = add_hub(asking, bytes_from_string(app->hubs[i].name));
        }
    }
    if (status == STATUS_OK) {
        status = add_topic(asking, topic_name_of(connection->own_topic), subscription->since);
    }
    for (size_t i = 0; i < subscription->groups.count && status == STATUS_OK; i++) {
        struct topic *topic = subscription->groups.items[i].topic;
        if (topic_set_find(&subscription->wanted, topic) == SIZE_MAX) {
            status = add_topic(asking, topic_name_of(topic),
                               group_spans_first(&subscription->groups, topic));
        }
    }
    return status;
}

static void on_subscribed(void *owner, const struct backplane_subscribed *result);

static enum status
ask(struct subscription *subscription)
{
    struct worker_app *app = subscription->connection->app;
    struct asking asking = {.subscription = subscription};
    enum status status = add_all(&asking);

    if (status == STATUS_OK) {
        subscription->request =
            backplane_subscribe(app->context->port, app->app->handle, asking.topics,
                                subscription->wanted.count, on_subscribed, subscription);
    } else {
        /* Nothing was asked for: the backplane counts no use of these. */
        while (subscription->wanted.count > 0) {
            topic_release(&app->topics,
                          topic_set_take(&subscription->wanted, subscription->wanted.count - 1));
        }
    }
    free(asking.topics);
    return status;
}

/* What was subscribed becomes what the connection holds; what it held before is given back after
 * that, so that the node's interest has no hole. */
static void
adopt(struct subscription *subscription)
{
    struct connection *connection = subscription->connection;
    struct topic_set old = connection->topics;

    connection->topics = subscription->wanted;
    subscription->wanted = (struct topic_set){0};
    subscription_release_set(connection->app, &old);
    topic_set_deinit(&old);
}

/* The cursor is of a farm that is no more: go on as if the client had come with where this one is.
 */
static void
restart_stale(struct subscription *subscription, uint64_t restarted_at)
{
    struct worker_app *app = subscription->connection->app;
    uint64_t suppressed;

    subscription->is_stale = true;
    subscription->since = restarted_at;
    group_spans_restart(&subscription->groups, restarted_at);
    worker_app_count(app, app->context->metrics.stale_cursors, 1);
    if (log_allows(&app->stale_limit, app->context->clock->now_ms, &suppressed)) {
        log_warn(app->context->log, app->app->name,
                 "client presented a cursor the farm has not reached; restarted at now "
                 "suppressed=%llu",
                 (unsigned long long)suppressed);
    }
}

static void
check_retained(const struct subscription *subscription, const struct backplane_subscribed *result)
{
    struct worker_app *app = subscription->connection->app;
    uint64_t suppressed;

    if (subscription->since != BACKPLANE_NO_REPLAY && result->missing_to > subscription->since) {
        worker_app_count(app, app->context->metrics.replays_short, 1);
        if (log_allows(&app->short_limit, app->context->clock->now_ms, &suppressed)) {
            log_warn(app->context->log, app->app->name,
                     "client resumed at the oldest retained message since=%llu missing_to=%llu "
                     "suppressed=%llu",
                     (unsigned long long)subscription->since,
                     (unsigned long long)result->missing_to, (unsigned long long)suppressed);
        }
    }
}

/* Whether the groups after the replay differ from what the client said: then it needs a new token.
 */
static bool
groups_changed(const struct subscription *subscription)
{
    const struct group_spans *groups = &subscription->groups;

    for (size_t i = 0; i < groups->count; i++) {
        bool was_known = i < subscription->known_group_count;
        bool is_in = group_spans_is_open(groups, groups->items[i].topic);
        if (was_known != is_in &&
            (was_known || !group_spans_has_before(groups, subscription->known_group_count,
                                                  groups->items[i].topic))) {
            return true;
        }
    }
    return subscription->sends_groups;
}

/* Groups that were left during the replay are given back. */
static void
release_left_groups(struct subscription *subscription)
{
    struct connection *connection = subscription->connection;
    const struct group_spans *groups = &subscription->groups;

    for (size_t i = 0; i < groups->count; i++) {
        const struct topic *topic = groups->items[i].topic;
        if (!group_spans_is_open(groups, topic)) {
            membership_forget(connection, topic, group_spans_last(groups, topic));
        }
    }
}

/* Write what was missed and let live messages through. A poll is answered, and so detached again,
 * if there was anything to write. */
static void
write_and_attach(struct subscription *subscription, const struct backplane_subscribed *result)
{
    struct connection *connection = subscription->connection;
    struct replay_options options = {
        .since = subscription->since,
        .position = result->position,
        .is_init = subscription->is_init && !subscription->raises_connected,
        .sends_groups = groups_changed(subscription),
        .is_stale = subscription->is_stale,
        .groups = &subscription->groups,
    };

    release_left_groups(subscription);
    membership_echo_forget_held(connection);
    if (leave_hubs(subscription) != STATUS_OK ||
        topic_set_attach_all(&connection->topics) != STATUS_OK) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
        return;
    }
    if (subscription->acknowledge.length > 0) {
        acknowledgement_publish(connection, buffer_bytes(&subscription->acknowledge));
    }
    replay_acknowledge(connection, result);
    replay_write(connection, result, &options);
    if (subscription->raises_connected) {
        hub_dispatch_connected_before_init(connection);
    }
    if (subscription->raises_reconnected) {
        hub_dispatch_reconnected(connection);
    }
}

/* The replay is complete. From here on the connection does without its subscription, so that
 * whatever ends the transport meanwhile leaves it alone. */
static void
finish(struct subscription *subscription, const struct backplane_subscribed *result)
{
    struct connection *connection = subscription->connection;
    struct buffer why;

    connection->subscription = NULL;
    check_retained(subscription, result);
    connection_set_state(connection, CONNECTION_ATTACHED);
    if (connection->cursor < result->position || subscription->is_stale) {
        connection->cursor = result->position;
    }
    if (subscription->raises_connected) {
        connection->holds_polls = !connection->transport.operations->is_streaming;
    }
    buffer_init(&why, TOPIC_NAME_BYTES_MAX);
    if (replay_has_abort(connection, result, &why)) {
        replay_acknowledge(connection, result);
        connection_command_end(connection, buffer_bytes(&why));
    } else {
        write_and_attach(subscription, result);
    }
    buffer_deinit(&why);
    free_subscription(subscription);
}

static void
on_subscribed(void *owner, const struct backplane_subscribed *result)
{
    struct subscription *subscription = owner;
    struct connection *connection = subscription->connection;

    subscription->request = NULL;
    if (result->status != STATUS_OK) {
        connection_log_debug(connection, "could not subscribe", status_name(result->status));
        connection_end_transport(connection, TRANSPORT_END_FAILED);
        return;
    }
    adopt(subscription);
    group_spans_truncate(&subscription->groups, subscription->known_group_count,
                         &connection->app->topics);
    if (result->restarted_at != BACKPLANE_NO_REPLAY) {
        restart_stale(subscription, result->restarted_at);
    }
    enum status status =
        replay_apply_commands(connection, subscription->since, result, &subscription->groups);
    if (status == STATUS_NEED_MORE) {
        status = ask(subscription);
        if (status == STATUS_OK) {
            return;
        }
    }
    if (status != STATUS_OK) {
        connection_end_transport(connection, TRANSPORT_END_FAILED);
        return;
    }
    finish(subscription, result);
}

static enum status
keep_options(struct subscription *subscription, const struct subscription_options *options)
{
    struct topic_table *table = &subscription->connection->app->topics;

    subscription->since = options->since;
    subscription->is_init = options->is_init;
    subscription->raises_connected = options->raises_connected;
    subscription->raises_reconnected = options->raises_reconnected;
    subscription->sends_groups = options->sends_groups;
    for (size_t i = 0; i < options->group_count; i++) {
        const struct subscription_group *group = &options->groups[i];
        enum status status =
            group_spans_join(&subscription->groups, table, group->topic, group->since, 0);
        if (status != STATUS_OK) {
            return status;
        }
    }
    subscription->known_group_count = subscription->groups.count;
    return options->acknowledge.length == 0
               ? STATUS_OK
               : buffer_append(&subscription->acknowledge, options->acknowledge);
}

enum status
subscription_open(struct connection *connection, const struct subscription_options *options)
{
    struct subscription *subscription = calloc(1, sizeof(*subscription));

    assert(connection->subscription == NULL);
    connection_set_state(connection, CONNECTION_OPENING);
    connection_detach_topics(connection);
    connection->cursor =
        options->since != BACKPLANE_NO_REPLAY ? options->since : connection->app->position;
    if (subscription == NULL) {
        return STATUS_NO_MEMORY;
    }
    subscription->app = connection->app;
    subscription->connection = connection;
    connection->subscription = subscription;
    buffer_init(&subscription->acknowledge, 4096);
    enum status status = keep_options(subscription, options);
    if (status == STATUS_OK) {
        status = ask(subscription);
    }
    if (status != STATUS_OK) {
        subscription_cancel(connection);
    }
    return status;
}
