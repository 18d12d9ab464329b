/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_receive.h"

#include <inttypes.h>

#include "bridge/bridge_metrics.h"

enum { LOG_PAGE = 500 };

static void
count(struct route_app *app, enum bridge_metric metric, uint64_t delta)
{
    metrics_add(app->options.metrics, metric, (int64_t)delta);
}

static void
reject(struct route_app *app, enum bridge_metric metric, uint64_t id, const char *what)
{
    uint64_t suppressed;

    count(app, metric, 1);
    if (log_allows(&app->malformed_limit, app->options.timers->clock->now_ms, &suppressed)) {
        log_warn(app->options.log, app->subject,
                 "a malformed message on the channel was ignored what=\"%s\" id=%" PRIu64
                 " suppressed=%" PRIu64,
                 what, id, suppressed);
    }
}

bool
route_receive_message(struct route_app *app, struct bytes channel_message, bool is_from_log)
{
    struct payload *payload;
    struct bytes frame;
    uint64_t id;

    /* Redis counts in signed 64-bit integers, from 1. */
    if (signalr_message_split_channel(channel_message, &id, &frame) != STATUS_OK || id == 0 ||
        id >= INT64_MAX) {
        reject(app, BRIDGE_METRIC_DECODE_ERRORS_CHANNEL, 0, "no message id");
        return false;
    }
    /* Without memory it becomes a hole, which is looked for in the log a moment later. */
    payload = payload_from(channel_message);
    if (payload != NULL) {
        struct payload_slice slice = {payload, channel_message.length - frame.length, frame.length};

        route_order_message(&app->order, id, slice, is_from_log);
        payload_unref(payload);
    }
    return true;
}

/* For a message that no node here listens to. */
static void
check_spelling(struct route_app *app, uint64_t id, struct bytes topic)
{
    uint64_t suppressed;

    if (!route_spelling_has(&app->spelling, topic)) {
        return;
    }
    count(app, BRIDGE_METRIC_UNMATCHED_CASE, 1);
    if (log_allows(&app->spelling_limit, app->options.timers->clock->now_ms, &suppressed)) {
        log_warn(app->options.log, app->subject,
                 "a message is for a name that is listened to in another case only id=%" PRIu64
                 " suppressed=%" PRIu64,
                 id, suppressed);
    }
}

static void
deliver(struct route_app *app, const struct route_entry *entry)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        if (list_is_empty(&entry->links[i].topic->interests)) {
            check_spelling(app, entry->id, route_topic_name(entry->links[i].topic));
        }
        LIST_FOR_EACH (node, &entry->links[i].topic->interests) {
            route_member_deliver(CONTAINER_OF(node, struct route_interest, in_topic)->member,
                                 entry);
        }
    }
    LIST_FOR_EACH (node, &app->listeners) {
        route_member_deliver(CONTAINER_OF(node, struct route_member, in_listeners), entry);
    }
}

static void
announce_gap(struct route_app *app, uint64_t from, uint64_t to)
{
    LIST_FOR_EACH (node, &app->members) {
        struct route_member *member = CONTAINER_OF(node, struct route_member, in_app);

        if (member->state == ROUTE_MEMBER_LIVE || member->state == ROUTE_MEMBER_BEHIND) {
            link_server_gap(member->peer->link, member->handle, from, to);
        }
    }
}

/* False: it must not be delivered, since the same publish was delivered under an earlier id. */
static bool
take_trailer(struct route_app *app, const struct signalr_trailer *trailer)
{
    struct route_publisher *publisher;

    if (trailer->sequence == 0) {
        count(app, BRIDGE_METRIC_COUNTERS_HEALED, 1);
        log_warn(app->options.log, app->subject,
                 "the id counter had been lost and was lifted void_from=%" PRIu64
                 " void_to=%" PRIu64,
                 trailer->void_from, trailer->void_to);
        return true;
    }
    publisher = route_app_publisher(app, trailer->instance);
    if (publisher != NULL && !route_publisher_saw(publisher, trailer->sequence)) {
        count(app, BRIDGE_METRIC_DUPLICATE_SEQUENCES, 1);
        return false;
    }
    return true;
}

/* Whoever published it: nodes of ours leave it to the script to add a message to the log, .NET
 * nodes to us. */
static void
take_foreign(struct route_app *app, uint64_t id, struct payload_slice frame, bool is_from_log)
{
    if (!is_from_log) {
        app->channel->operations->append_log(app->channel, id, payload_bytes(frame.payload));
    }
}

/* From 10^14 on .NET servers misprint their ids and cannot read each other any more. */
static void
warn_of_height(struct route_app *app, uint64_t id)
{
    uint64_t suppressed;

    if (id >= ROUTE_LIFT_LIMIT_ID &&
        log_allows(&app->height_limit, app->options.timers->clock->now_ms, &suppressed)) {
        log_error(
            app->options.log, app->subject,
            "the id counter nears 10^14, where .NET servers fail; use another key id=%" PRIu64, id);
    }
}

static void
trace(const struct route_app *app, const struct signalr_trailer *trailer, const char *what,
      uint64_t id)
{
    char text[SIGNALR_TRACE_BYTES];

    if (log_is_on(app->options.log, LOG_DEBUG)) {
        log_debug(app->options.log, app->subject, "%s trace=%s id=%" PRIu64, what,
                  signalr_trailer_trace(trailer->instance, trailer->sequence, text), id);
    }
}

static void
on_next(void *owner, uint64_t id, struct payload_slice frame, bool is_from_log)
{
    struct route_app *app = owner;
    struct signalr_message_reader reader;
    struct signalr_trailer trailer;
    struct route_entry *entry;
    bool is_foreign;

    warn_of_height(app, id);
    if (is_from_log) {
        count(app, BRIDGE_METRIC_GAPS_FILLED, 1);
    }
    if (signalr_message_open(payload_slice_bytes(frame), &reader) != STATUS_OK) {
        reject(app, BRIDGE_METRIC_DECODE_ERRORS_FRAME, id, "not a SignalR frame");
        return;
    }
    is_foreign = !signalr_trailer_decode(reader.trailer, &trailer);
    count(app, is_foreign ? BRIDGE_METRIC_RECEIVED_FOREIGN : BRIDGE_METRIC_RECEIVED_OWN, 1);
    if (is_foreign) {
        take_foreign(app, id, frame, is_from_log);
    } else {
        trace(app, &trailer, "heard", id);
        if (!take_trailer(app, &trailer)) {
            return;
        }
    }
    if (route_history_append(&app->history, id, frame, is_foreign, &reader, &entry) != STATUS_OK) {
        announce_gap(app, id, id);
        return;
    }
    deliver(app, entry);
    if (!is_foreign) {
        trace(app, &trailer, "delivered", id);
    }
}

static void
on_repeat(void *owner, uint64_t id, struct payload_slice frame)
{
    struct route_app *app = owner;
    const struct route_entry *entry = route_history_find(&app->history, id);
    uint64_t suppressed;

    if (entry == NULL) {
        count(app, BRIDGE_METRIC_ID_REGRESSIONS, 1);
        return;
    }
    if (bytes_equal(payload_slice_bytes(entry->frame), payload_slice_bytes(frame))) {
        count(app, BRIDGE_METRIC_DUPLICATE_IDS, 1);
        return;
    }
    count(app, BRIDGE_METRIC_ID_COLLISIONS, 1);
    if (log_allows(&app->collision_limit, app->options.timers->clock->now_ms, &suppressed)) {
        log_error(app->options.log, app->subject,
                  "two messages have one id: is another farm using this key, or did Redis lose its "
                  "data? id=%" PRIu64 " suppressed=%" PRIu64,
                  id, suppressed);
    }
}

static void
on_unbelievable(void *owner, uint64_t id)
{
    struct route_app *app = owner;
    uint64_t suppressed;

    count(app, BRIDGE_METRIC_IDS_UNBELIEVABLE, 1);
    if (log_allows(&app->collision_limit, app->options.timers->clock->now_ms, &suppressed)) {
        log_error(app->options.log, app->subject,
                  "a message was ignored because its id is above the counter: is a farm with the "
                  "same key using another database? id=%" PRIu64 " suppressed=%" PRIu64,
                  id, suppressed);
    }
}

static void
on_closed(void *owner, uint64_t from, uint64_t to, enum route_order_closing closing)
{
    struct route_app *app = owner;
    uint64_t suppressed;

    if (closing == ROUTE_ORDER_VOID) {
        count(app, BRIDGE_METRIC_VOID_RANGES, 1);
        return;
    }
    count(app, BRIDGE_METRIC_GAPS_LOST, to - from + 1);
    route_history_incomplete_to(&app->history, to);
    announce_gap(app, from, to);
    if (log_allows(&app->gap_limit, app->options.timers->clock->now_ms, &suppressed)) {
        log_warn(app->options.log, app->subject,
                 "messages were lost: neither the channel nor the log nor another bridge had them "
                 "from=%" PRIu64 " to=%" PRIu64 " suppressed=%" PRIu64,
                 from, to, suppressed);
    }
}

static void
on_past_entry(struct route_past *past, struct bytes channel_message)
{
    (void)route_receive_message(past->app, channel_message, true);
}

static void
on_past_done(struct route_past *past, enum status status, bool is_last)
{
    const struct route_order_page page = {
        .is_last = is_last,
        .read_to = past->read_to,
        .lost_to = past->lost_to,
        .counter = past->counter,
    };

    route_order_read_done(&past->app->order, status, &page);
}

static void
read_past(void *owner, uint64_t from, uint64_t to)
{
    struct route_app *app = owner;

    if (from == app->order.hole + 1 && app->order.reads == 0) {
        count(app, BRIDGE_METRIC_GAPS_DETECTED, to - from + 1);
    }
    app->past = (struct route_past){.app = app,
                                    .on_entry = on_past_entry,
                                    .on_done = on_past_done,
                                    .from_id = from,
                                    .to_id = to,
                                    .limit = LOG_PAGE};
    route_past_read(&app->past);
}

const struct route_order_handler route_receive_order_handler = {
    .on_next = on_next,
    .on_repeat = on_repeat,
    .on_unbelievable = on_unbelievable,
    .on_closed = on_closed,
    .read_past = read_past,
};
