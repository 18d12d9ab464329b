/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_replay.h"

#include <stdlib.h>

#include "bridge/bridge_metrics.h"
#include "bridge/route/route_app.h"

enum replay_state {
    REPLAY_WAITING,   /* not the member's first, or not begun */
    REPLAY_ASKING,    /* for the counter: the node has seen more than this bridge, or believes so */
    REPLAY_LAGGING,   /* the node has; the timer runs */
    REPLAY_READING,   /* a page of the log, or of other bridges, is being read */
    REPLAY_PAUSED,    /* the log could not be read; the timer runs */
    REPLAY_SENDING,   /* `matches` is complete and sorted */
    REPLAY_ABANDONED, /* the member is gone, the backplane still has the read */
};

struct replay_topic {
    uint64_t since;
};

struct replay_match {
    uint64_t id;
    struct payload_slice frame; /* holds a reference */
    bool is_foreign;
};

struct route_replay {
    struct list_node in_member;
    struct route_member *member;
    enum replay_state state;
    uint32_t request;
    struct map topics;        /* name -> struct replay_topic */
    struct replay_topic *all; /* that of the topic "*", or NULL */
    uint64_t oldest_since;
    uint64_t newest_since;
    uint64_t to_id; /* not above the member's position, once begun */
    bool is_ahead;  /* what was asked for is above the counter: nobody can have seen it */
    uint64_t missing_to;
    struct replay_match *matches;
    size_t match_count;
    size_t match_capacity;
    size_t match_bytes; /* of their frames */
    size_t next;
    struct route_log_read counter; /* ASKING */
    struct route_past past;        /* READING */
    uint64_t give_up_ms;
    struct timer timer;
};

struct route_replay *
route_replay_from(struct list_node *node)
{
    return CONTAINER_OF(node, struct route_replay, in_member);
}

static enum status
add_topic(struct route_replay *replay, const struct link_topic *asked)
{
    struct replay_topic *topic = map_get(&replay->topics, asked->topic);

    if (topic == NULL) {
        if ((topic = malloc(sizeof(*topic))) == NULL) {
            return STATUS_NO_MEMORY;
        }
        topic->since = asked->since;
        if (map_put(&replay->topics, asked->topic, topic) != STATUS_OK) {
            free(topic);
            return STATUS_NO_MEMORY;
        }
        if (bytes_equal(asked->topic, ROUTE_TOPIC_ALL)) {
            replay->all = topic;
        }
    }
    if (asked->since < topic->since) {
        topic->since = asked->since;
    }
    if (topic->since < replay->oldest_since) {
        replay->oldest_since = topic->since;
    }
    if (asked->since > replay->newest_since) {
        replay->newest_since = asked->since;
    }
    return STATUS_OK;
}

enum status
route_replay_add(struct route_member *member, uint32_t request, uint64_t to_id,
                 const struct link_topic *topics, size_t count)
{
    struct route_replay *replay = calloc(1, sizeof(*replay));

    if (replay == NULL) {
        return STATUS_NO_MEMORY;
    }
    replay->member = member;
    replay->request = request;
    replay->to_id = to_id == 0 ? UINT64_MAX : to_id;
    replay->oldest_since = UINT64_MAX;
    map_init(&replay->topics);
    list_append(&member->replays, &replay->in_member);
    for (size_t i = 0; i < count; i++) {
        if (add_topic(replay, &topics[i]) != STATUS_OK) {
            route_replay_free(replay);
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

static void
release(struct route_replay *replay)
{
    for (size_t i = replay->next; i < replay->match_count; i++) {
        payload_unref(replay->matches[i].frame.payload);
    }
    free(replay->matches);
    for (struct map_entry *entry = map_first(&replay->topics); entry != NULL;
         entry = map_next(entry)) {
        free(map_entry_value(entry));
    }
    map_deinit(&replay->topics);
    free(replay);
}

void
route_replay_free(struct route_replay *replay)
{
    list_remove(&replay->in_member);
    timer_stop(replay->member->app->options.timers, &replay->timer);
    if (replay->state == REPLAY_READING || replay->state == REPLAY_ASKING) {
        replay->state = REPLAY_ABANDONED;
        return;
    }
    release(replay);
}

static enum status
add_match(struct route_replay *replay, uint64_t id, struct payload_slice frame, bool is_foreign)
{
    if (replay->match_count == replay->match_capacity) {
        size_t capacity = replay->match_capacity == 0 ? 16 : replay->match_capacity * 2;
        struct replay_match *matches =
            realloc(replay->matches, capacity * sizeof(struct replay_match));

        if (matches == NULL) {
            return STATUS_NO_MEMORY;
        }
        replay->matches = matches;
        replay->match_capacity = capacity;
    }
    payload_ref(frame.payload);
    replay->matches[replay->match_count++] = (struct replay_match){id, frame, is_foreign};
    replay->match_bytes += frame.length;
    return STATUS_OK;
}

static void
note_missing(struct route_replay *replay, uint64_t id)
{
    if (id > replay->missing_to) {
        replay->missing_to = id;
    }
}

/* A match that there is no memory for is a match that is not retained. */
static void
match(struct route_replay *replay, uint64_t id, struct payload_slice frame, bool is_foreign)
{
    if (add_match(replay, id, frame, is_foreign) != STATUS_OK) {
        note_missing(replay, id);
    }
}

static void
match_entry(struct route_replay *replay, const struct route_entry *entry)
{
    if (entry->id <= replay->to_id) {
        match(replay, entry->id, entry->frame, entry->is_foreign);
    }
}

static void
collect_topic(struct route_replay *replay, const struct route_topic *topic, uint64_t since)
{
    for (struct list_node *node = topic->messages.head.previous; node != &topic->messages.head;
         node = node->previous) {
        struct route_history_link *link = CONTAINER_OF(node, struct route_history_link, in_topic);

        if (link->entry->id <= since) {
            return;
        }
        match_entry(replay, link->entry);
    }
}

/* Another bridge asks again for what does not fit. */
static bool
is_full(const struct route_replay *replay)
{
    return replay->member->peer->is_bridge && replay->match_bytes >= ROUTE_REPLAY_BRIDGE_BYTES;
}

static void
collect_history(struct route_replay *replay)
{
    const struct route_app *app = replay->member->app;

    if (replay->all != NULL) {
        size_t index = route_history_index_after(&app->history, replay->all->since);

        for (; index < app->history.count && !is_full(replay); index++) {
            match_entry(replay, route_history_at(&app->history, index));
        }
    }
    for (struct map_entry *entry = map_first(&replay->topics); entry != NULL;
         entry = map_next(entry)) {
        const struct replay_topic *asked = map_entry_value(entry);
        const struct route_topic *topic = route_topics_find(&app->topics, map_entry_key(entry));

        if (topic != NULL) {
            collect_topic(replay, topic, asked->since);
        }
    }
}

static int
compare_matches(const void *left, const void *right)
{
    uint64_t a = ((const struct replay_match *)left)->id;
    uint64_t b = ((const struct replay_match *)right)->id;

    return (a > b) - (a < b);
}

static void
cut_matches(struct route_replay *replay)
{
    size_t bytes = 0, kept = 0;

    while (kept < replay->match_count && bytes < ROUTE_REPLAY_BRIDGE_BYTES) {
        bytes += replay->matches[kept++].frame.length;
    }
    for (size_t i = kept; i < replay->match_count; i++) {
        payload_unref(replay->matches[i].frame.payload);
    }
    replay->match_count = kept;
    replay->to_id = replay->matches[kept - 1].id;
    if (replay->missing_to > replay->to_id) {
        replay->missing_to = replay->to_id;
    }
}

/* In id order, each once: a message may have matched by several topics, or stand in both log and
 * history. */
static void
finish_matches(struct route_replay *replay)
{
    size_t kept = 0;

    if (replay->match_count > 0) {
        qsort(replay->matches, replay->match_count, sizeof(struct replay_match), compare_matches);
    }
    for (size_t i = 0; i < replay->match_count; i++) {
        if (kept > 0 && replay->matches[kept - 1].id == replay->matches[i].id) {
            payload_unref(replay->matches[i].frame.payload);
        } else {
            replay->matches[kept++] = replay->matches[i];
        }
    }
    replay->match_count = kept;
    replay->state = REPLAY_SENDING;
    if (is_full(replay)) {
        cut_matches(replay);
    }
}

static bool
is_asked(const struct route_replay *replay, uint64_t id, struct bytes name)
{
    const struct replay_topic *topic = map_get(&replay->topics, name);

    return topic != NULL && id > topic->since;
}

static bool
matches_frame(const struct route_replay *replay, uint64_t id, struct signalr_message_reader reader)
{
    struct signalr_message message;

    if (replay->all != NULL && id > replay->all->since) {
        return true;
    }
    while (signalr_message_next(&reader, &message)) {
        if (is_asked(replay, id, message.topic)) {
            return true;
        }
    }
    return false;
}

static void
on_past_entry(struct route_past *past, struct bytes channel_message)
{
    struct route_replay *replay = CONTAINER_OF(past, struct route_replay, past);
    struct signalr_message_reader reader;
    struct signalr_trailer trailer;
    struct bytes frame;
    struct payload *payload;
    uint64_t id;

    if (replay->state == REPLAY_ABANDONED ||
        signalr_message_split_channel(channel_message, &id, &frame) != STATUS_OK ||
        signalr_message_open(frame, &reader) != STATUS_OK || !matches_frame(replay, id, reader)) {
        return;
    }
    if ((payload = payload_from(frame)) == NULL) {
        note_missing(replay, id);
        return;
    }
    match(replay, id, payload_whole(payload), !signalr_trailer_decode(reader.trailer, &trailer));
    payload_unref(payload);
}

static bool
has_log(const struct route_replay *replay)
{
    struct route_channel *channel = replay->member->app->channel;

    return channel->operations->log_limit(channel) > 0;
}

/* False: there is nobody to ask. */
static bool
read_page(struct route_replay *replay)
{
    replay->state = REPLAY_READING;
    if (!has_log(replay)) {
        return route_past_read_bridges(&replay->past);
    }
    route_past_read(&replay->past);
    return true;
}

static void
end_reading(struct route_replay *replay)
{
    finish_matches(replay);
    route_member_resume(replay->member);
}

static void
on_retry(struct timer *timer)
{
    struct route_replay *replay = CONTAINER_OF(timer, struct route_replay, timer);

    if (!read_page(replay)) {
        note_missing(replay, replay->past.to_id);
        end_reading(replay);
    }
}

static void
on_page_done(struct route_past *past, enum status status, bool is_last)
{
    struct route_replay *replay = CONTAINER_OF(past, struct route_replay, past);
    struct timers *timers;

    if (replay->state == REPLAY_ABANDONED) {
        release(replay);
        return;
    }
    timers = replay->member->app->options.timers;
    if (replay->member->app->state != LINK_BACKPLANE_OPEN) {
        /* Redis is away: what is in the log will be there when it is back. */
        replay->give_up_ms = timers->clock->now_ms + ROUTE_REPLAY_PATIENCE_MS;
    }
    if (status != STATUS_OK && timers->clock->now_ms < replay->give_up_ms) {
        replay->state = REPLAY_PAUSED;
        timer_start(timers, &replay->timer, ROUTE_REPLAY_RETRY_MS, on_retry);
        return;
    }
    note_missing(replay, status == STATUS_OK ? past->missing_to : past->to_id);
    if (status == STATUS_OK && !is_last) {
        if (read_page(replay)) {
            return;
        }
        note_missing(replay, past->to_id);
    }
    end_reading(replay);
}

/* It has become the member's first: its position stands still from here to the end of the replay.
 */
static void
begin(struct route_replay *replay)
{
    const struct route_member *member = replay->member;
    const struct route_app *app = member->app;
    uint64_t to = app->history.complete_since;

    if (replay->to_id > member->position) {
        replay->to_id = member->position;
    }
    collect_history(replay);
    if (to > replay->to_id) {
        to = replay->to_id;
    }
    if (replay->oldest_since >= to) {
        finish_matches(replay);
        return;
    }
    if (member->peer->is_bridge) {
        note_missing(replay, to); /* it has read the log itself, and asks all bridges */
        finish_matches(replay);
        return;
    }
    replay->past = (struct route_past){.app = member->app,
                                       .on_entry = on_past_entry,
                                       .on_done = on_page_done,
                                       .from_id = replay->oldest_since + 1,
                                       .to_id = to,
                                       .limit = ROUTE_REPLAY_PAGE};
    replay->give_up_ms = app->options.timers->clock->now_ms + ROUTE_REPLAY_PATIENCE_MS;
    if (has_log(replay)) {
        metrics_add(app->options.metrics, BRIDGE_METRIC_REPLAYS_FROM_LOG, 1);
    }
    if (!read_page(replay)) {
        note_missing(replay, to);
        finish_matches(replay);
    }
}

/* ---- A node that is ahead ---- */

static void
on_lag_timer(struct timer *timer)
{
    struct route_replay *replay = CONTAINER_OF(timer, struct route_replay, timer);

    replay->state = REPLAY_WAITING;
    route_member_resume(replay->member);
}

static void
wait_for_more(struct route_replay *replay, uint64_t delay_ms)
{
    replay->state = REPLAY_LAGGING;
    timer_start(replay->member->app->options.timers, &replay->timer, delay_ms, on_lag_timer);
}

static void
ignore_log_entry(struct route_log_read *read, struct bytes channel_message)
{
    (void)read;
    (void)channel_message;
}

/* How far this bridge must have come before it can answer: to what the client has seen, and to what
 * the node has, which lets nothing up to there pass any more. */
static uint64_t
needed_position(const struct route_replay *replay)
{
    uint64_t seen = replay->member->seen;

    return replay->newest_since > seen ? replay->newest_since : seen;
}

static void
on_counter_read(struct route_log_read *read, enum status status, bool is_last)
{
    struct route_replay *replay = CONTAINER_OF(read, struct route_replay, counter);

    (void)is_last;
    if (replay->state == REPLAY_ABANDONED) {
        release(replay);
    } else if (status != STATUS_OK) {
        wait_for_more(replay, ROUTE_REPLAY_RETRY_MS);
    } else if (read->counter >= needed_position(replay)) {
        wait_for_more(replay, ROUTE_REPLAY_LAG_MS);
    } else {
        replay->is_ahead = true;
        replay->state = REPLAY_WAITING;
        route_member_resume(replay->member);
    }
}

static void
ask_for_counter(struct route_replay *replay)
{
    struct route_channel *channel = replay->member->app->channel;

    replay->state = REPLAY_ASKING;
    replay->counter = (struct route_log_read){.on_entry = ignore_log_entry,
                                              .on_done = on_counter_read,
                                              .from_id = needed_position(replay),
                                              .to_id = needed_position(replay),
                                              .limit = 1};
    channel->operations->read_log(channel, &replay->counter);
}

/* A node may come from a bridge that is ahead of this one: then that is waited for. A position that
 * the counter has not reached is stale. */
static bool
has_reached(struct route_replay *replay)
{
    struct route_member *member = replay->member;
    uint64_t needed = needed_position(replay);
    /* A node's own catching up, which ends where it begins. */
    bool is_nothing_missing = replay->oldest_since == needed && needed == member->seen;

    if (needed <= member->position || is_nothing_missing || replay->is_ahead ||
        member->peer->is_bridge) {
        return true;
    }
    if (needed > member->app->order.position) {
        ask_for_counter(replay);
        return false;
    }
    return route_member_advance(member);
}

bool
route_replay_step(struct route_replay *replay)
{
    struct route_member *member = replay->member;
    struct link_server *link = member->peer->link;

    if (replay->state == REPLAY_WAITING && has_reached(replay)) {
        begin(replay);
    }
    if (replay->state != REPLAY_SENDING) {
        return false;
    }
    for (; replay->next < replay->match_count; replay->next++) {
        struct replay_match *next = &replay->matches[replay->next];

        if (!route_member_can_send(member)) {
            return false;
        }
        route_member_send(member, replay->request, next->id, next->frame, next->is_foreign,
                          replay->all != NULL);
        payload_unref(next->frame.payload);
        metrics_add(member->app->options.metrics, BRIDGE_METRIC_REPLAYED_MESSAGES, 1);
    }
    link_server_replayed(link, member->handle, replay->request, replay->to_id, replay->missing_to);
    route_replay_free(replay);
    return true;
}
