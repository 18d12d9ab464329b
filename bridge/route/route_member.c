/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_member.h"

#include <stdlib.h>

#include "bridge/bridge_metrics.h"
#include "bridge/route/route_app.h"
#include "bridge/route/route_query.h"
#include "bridge/route/route_replay.h"

struct route_member *
route_member_new(struct route_app *app, struct route_peer *peer, uint16_t handle)
{
    struct route_member *member = calloc(1, sizeof(*member));

    if (member == NULL) {
        return NULL;
    }
    member->app = app;
    member->peer = peer;
    member->handle = handle;
    member->state = ROUTE_MEMBER_OPENING;
    list_init(&member->interests);
    list_init(&member->replays);
    list_init(&member->queries);
    return member;
}

static void
forget_interest(struct route_member *member, struct route_interest *interest)
{
    list_remove(&interest->in_topic);
    list_remove(&interest->in_member);
    if (list_is_empty(&interest->topic->interests)) {
        route_spelling_remove(&member->app->spelling, route_topic_name(interest->topic));
    }
    route_topics_release(&member->app->topics, interest->topic);
    free(interest);
}

static void
listen_to_all(struct route_member *member, bool is_added)
{
    if (member->listens_to_all == is_added) {
        return;
    }
    member->listens_to_all = is_added;
    if (is_added) {
        list_append(&member->app->listeners, &member->in_listeners);
    } else {
        list_remove(&member->in_listeners);
    }
}

void
route_member_free(struct route_member *member)
{
    if (member == NULL) {
        return;
    }
    LIST_FOR_EACH (node, &member->replays) {
        route_replay_free(route_replay_from(node));
    }
    LIST_FOR_EACH (node, &member->queries) {
        route_query_abandon(node);
    }
    LIST_FOR_EACH (node, &member->interests) {
        forget_interest(member, CONTAINER_OF(node, struct route_interest, in_member));
    }
    listen_to_all(member, false);
    free(member);
}

static struct route_interest *
find_interest(const struct route_member *member, const struct route_topic *topic)
{
    LIST_FOR_EACH (node, &topic->interests) {
        struct route_interest *interest = CONTAINER_OF(node, struct route_interest, in_topic);

        if (interest->member == member) {
            return interest;
        }
    }
    return NULL;
}

static enum status
add_interest(struct route_member *member, struct bytes name)
{
    struct route_topic *topic = route_topics_get(&member->app->topics, name);
    struct route_interest *interest;

    if (topic == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (find_interest(member, topic) != NULL) {
        return STATUS_OK;
    }
    interest = malloc(sizeof(*interest));
    if (interest == NULL || (list_is_empty(&topic->interests) &&
                             route_spelling_add(&member->app->spelling, name) != STATUS_OK)) {
        free(interest);
        route_topics_release(&member->app->topics, topic);
        return STATUS_NO_MEMORY;
    }
    interest->topic = topic;
    interest->member = member;
    list_append(&topic->interests, &interest->in_topic);
    list_append(&member->interests, &interest->in_member);
    return STATUS_OK;
}

enum status
route_member_listen(struct route_member *member, struct bytes name, bool is_added)
{
    struct route_topic *topic;
    struct route_interest *interest;

    if (bytes_equal(name, ROUTE_TOPIC_ALL)) {
        listen_to_all(member, is_added);
        return STATUS_OK;
    }
    if (is_added) {
        return add_interest(member, name);
    }
    topic = route_topics_find(&member->app->topics, name);
    if (topic != NULL && (interest = find_interest(member, topic)) != NULL) {
        forget_interest(member, interest);
    }
    return STATUS_OK;
}

uint64_t
route_member_position(const struct route_member *member)
{
    return member->state == ROUTE_MEMBER_LIVE ? member->app->order.position : member->position;
}

bool
route_member_can_send(const struct route_member *member)
{
    const struct route_peer *peer = member->peer;

    return link_server_send_credit(peer->link) > 0 &&
           sink_queued_bytes(peer->sink) <= peer->deliver_high_bytes;
}

void
route_member_send(struct route_member *member, uint32_t request, uint64_t id,
                  struct payload_slice frame, bool is_foreign, bool is_whole)
{
    if (!is_whole && !is_foreign && !member->listens_to_all) {
        frame.length = signalr_message_length(payload_slice_bytes(frame));
    }
    link_server_deliver(member->peer->link, member->handle, request, id, frame, is_foreign);
}

static void
send_entry(struct route_member *member, const struct route_entry *entry)
{
    metrics_add(member->app->options.metrics, BRIDGE_METRIC_DELIVERED, 1);
    route_member_send(member, 0, entry->id, entry->frame, entry->is_foreign, false);
}

void
route_member_grant(struct route_member *member, size_t bytes)
{
    struct route_peer *peer = member->peer;

    peer->ungranted_bytes += bytes;
    if (peer->ungranted_bytes >= ROUTE_GRANT_AFTER_BYTES) {
        link_server_credit(peer->link, peer->ungranted_bytes);
        peer->ungranted_bytes = 0;
    }
}

void
route_member_deliver(struct route_member *member, const struct route_entry *entry)
{
    if (member->state != ROUTE_MEMBER_LIVE || member->delivered == entry->id) {
        return;
    }
    if (!route_member_can_send(member)) {
        route_member_fall_behind(member, entry->id - 1);
        return;
    }
    member->delivered = entry->id;
    send_entry(member, entry);
}

void
route_member_fall_behind(struct route_member *member, uint64_t position)
{
    if (member->state == ROUTE_MEMBER_LIVE) {
        member->state = ROUTE_MEMBER_BEHIND;
        member->position = position;
    }
}

static bool
wants(const struct route_member *member, const struct route_entry *entry)
{
    if (member->listens_to_all) {
        return true;
    }
    for (size_t i = 0; i < entry->link_count; i++) {
        if (find_interest(member, entry->links[i].topic) != NULL) {
            return true;
        }
    }
    return false;
}

/* Serve the history from the member's position on. */
bool
route_member_advance(struct route_member *member)
{
    const struct route_history *history = &member->app->history;

    if (history->dropped_to > member->position) {
        member->state = ROUTE_MEMBER_FAILED;
        metrics_add(member->app->options.metrics, BRIDGE_METRIC_SLOW_CONSUMERS, 1);
        link_server_error(member->peer->link, STATUS_LIMIT,
                          "slow-consumer: the history no longer holds what the node has not read");
        return false;
    }
    for (size_t i = route_history_index_after(history, member->position); i < history->count; i++) {
        const struct route_entry *entry = route_history_at(history, i);

        if (wants(member, entry)) {
            if (!route_member_can_send(member)) {
                return false;
            }
            send_entry(member, entry);
        }
        member->position = entry->id;
    }
    member->delivered = member->position;
    member->position = member->app->order.position;
    return true;
}

void
route_member_resume(struct route_member *member)
{
    struct list_node *node;

    if (member->state != ROUTE_MEMBER_BEHIND) {
        return;
    }
    while ((node = list_first(&member->replays)) != NULL) {
        if (!route_replay_step(route_replay_from(node))) {
            return;
        }
    }
    if (route_member_advance(member)) {
        member->state = ROUTE_MEMBER_LIVE;
    }
}
