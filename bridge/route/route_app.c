/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_app.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bridge_metrics.h"
#include "bridge/route/route_receive.h"
#include "bridge/route/route_replay.h"

enum { STATE_TEXT_BYTES = 1024 };

static void
count(struct route_app *app, enum bridge_metric metric, int64_t delta)
{
    metrics_add(app->options.metrics, metric, delta);
}

/* ---- State: what the backplane can do, as the nodes are told ---- */

static enum link_backplane_state
told_state(const struct route_app *app)
{
    if (app->state == LINK_BACKPLANE_OPEN && app->is_publish_failing) {
        return LINK_BACKPLANE_BUFFERING;
    }
    return app->state;
}

static void
tell_state(struct route_app *app)
{
    LIST_FOR_EACH (node, &app->members) {
        struct route_member *member = CONTAINER_OF(node, struct route_member, in_app);

        if (member->state != ROUTE_MEMBER_OPENING) {
            link_server_state(member->peer->link, member->handle, told_state(app),
                              buffer_bytes(&app->state_text));
        }
    }
}

static void
set_state(struct route_app *app, enum link_backplane_state state, bool is_publish_failing,
          struct bytes text)
{
    enum link_backplane_state before = told_state(app);

    app->state = state;
    app->is_publish_failing = is_publish_failing;
    if (told_state(app) == before) {
        return;
    }
    buffer_clear(&app->state_text);
    (void)buffer_append(&app->state_text, bytes_slice(text, 0, STATE_TEXT_BYTES));
    if (told_state(app) == LINK_BACKPLANE_OPEN) {
        log_info(app->options.log, app->subject, "the backplane is open position=%" PRIu64,
                 app->order.position);
    } else {
        log_warn(app->options.log, app->subject, "%s: %.*s",
                 told_state(app) == LINK_BACKPLANE_CLOSED ? "publishes are refused"
                                                          : "publishes wait",
                 BYTES_PRINTF(buffer_bytes(&app->state_text)));
    }
    tell_state(app);
}

/* ---- Members ---- */

uint64_t
route_app_position(const struct route_member *member)
{
    return member->peer->is_bridge ? route_app_highest(member->app) : route_member_position(member);
}

static void
send_opened(struct route_member *member)
{
    struct route_app *app = member->app;
    struct link_opened opened = {
        .oldest_id = app->history.complete_since,
        .last_sequence = route_publisher_known(member->publisher),
        .state = told_state(app),
        .secret_count = app->options.secret_count,
    };

    member->state = ROUTE_MEMBER_LIVE;
    opened.current_id = route_app_position(member);
    memcpy(opened.secrets, app->options.secrets, sizeof(opened.secrets));
    app->is_position_told |= !member->peer->is_bridge;
    link_server_opened(member->peer->link, member->handle, &opened);
}

static void
open_waiting(struct route_app *app)
{
    LIST_FOR_EACH (node, &app->members) {
        struct route_member *member = CONTAINER_OF(node, struct route_member, in_app);

        if (member->state == ROUTE_MEMBER_OPENING) {
            send_opened(member);
        }
    }
}

static void
on_open_timer(struct timer *timer)
{
    open_waiting(CONTAINER_OF(timer, struct route_app, open_timer));
}

void
route_app_saw(struct route_app *app, uint64_t id)
{
    if (id > app->floor_id) {
        app->floor_id = id;
    }
}

uint64_t
route_app_highest(const struct route_app *app)
{
    return app->floor_id > app->order.position ? app->floor_id : app->order.position;
}

static uint64_t
present_floor(const struct route_app *app)
{
    uint64_t highest = route_app_highest(app);

    return highest <= ROUTE_LIFT_LIMIT_ID ? highest : 0;
}

/* A bridge that was just started knows nothing itself; one that does not answer is not waited for
 * longer than that. */
static bool
floor_id(void *owner, uint64_t *out)
{
    const struct route_app *app = owner;
    struct route_bridges *bridges = app->options.bridges;
    uint64_t age_ms = app->options.timers->clock->now_ms - app->opened_ms;

    *out = present_floor(app);
    return bridges == NULL || age_ms >= ROUTE_FLOOR_PATIENCE_MS ||
           bridges->operations->have_told(bridges, app);
}

/* There is no position yet: begin where a node has come to. What is before is in the log at best.
 */
static void
resume_from(struct route_app *app, uint64_t id)
{
    if (app->order.state == ROUTE_ORDER_UNSTARTED) {
        route_order_resume_from(&app->order, id);
        route_history_incomplete_to(&app->history, app->order.position);
    }
}

enum status
route_app_join(struct route_app *app, struct route_peer *peer, uint16_t handle,
               const uint8_t *instance, uint64_t last_seen_id, uint64_t acknowledged_sequence,
               struct route_member **out)
{
    struct route_publisher *publisher = route_app_publisher(app, instance);
    struct route_member *member = route_member_new(app, peer, handle);

    if (publisher == NULL || member == NULL) {
        route_member_free(member);
        return STATUS_NO_MEMORY;
    }
    member->publisher = publisher;
    route_publisher_attach(publisher, member, acknowledged_sequence);
    list_append(&app->members, &member->in_app);
    member->seen = peer->is_bridge ? 0 : last_seen_id;
    route_app_saw(app, last_seen_id);
    if (!app->is_position_told) {
        resume_from(app, last_seen_id);
    }
    *out = member;
    /* Two bridges that start must not wait for each other. */
    if (app->order.state != ROUTE_ORDER_UNSTARTED || peer->is_bridge) {
        send_opened(member);
    } else if (!timer_is_running(&app->open_timer)) {
        timer_start(app->options.timers, &app->open_timer, ROUTE_OPEN_PATIENCE_MS, on_open_timer);
    }
    return STATUS_OK;
}

void
route_app_leave(struct route_member *member)
{
    struct route_app *app = member->app;

    list_remove(&member->in_app);
    /* A link of the same instance may have taken over already. */
    if (member->publisher->attached == member) {
        route_publisher_detach(member->publisher);
    }
    route_member_free(member);
    /* Whoever fails next says so again; a failure is never remembered without a publish that waits
     * for its end. */
    set_state(app, app->state, false, BYTES("no publish is waiting"));
}

void
route_app_interest_end(struct route_member *member, uint32_t request)
{
    link_server_interest_ack(member->peer->link, member->handle, request,
                             route_member_position(member));
}

enum status
route_app_replay(struct route_member *member, uint32_t request, uint64_t to_id,
                 const struct link_topic *topics, size_t topic_count)
{
    enum status status = route_replay_add(member, request, to_id, topics, topic_count);

    if (status == STATUS_OK) {
        count(member->app, BRIDGE_METRIC_REPLAYS, 1);
        route_member_fall_behind(member, member->app->order.position);
        route_member_resume(member);
    }
    return status;
}

bool
route_app_has_listener(const struct route_app *app, struct bytes name,
                       const struct route_member *besides)
{
    const struct route_topic *topic = route_topics_find(&app->topics, name);

    if (topic == NULL) {
        return false;
    }
    LIST_FOR_EACH (node, &topic->interests) {
        if (CONTAINER_OF(node, struct route_interest, in_topic)->member != besides) {
            return true;
        }
    }
    return false;
}

void
route_app_set_secrets(struct route_app *app, size_t secret_count,
                      const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    app->options.secret_count = secret_count;
    memcpy(app->options.secrets, secrets, secret_count * sizeof(secrets[0]));
    LIST_FOR_EACH (node, &app->members) {
        struct route_member *member = CONTAINER_OF(node, struct route_member, in_app);

        if (member->state != ROUTE_MEMBER_OPENING) {
            link_server_secrets(member->peer->link, member->handle, secret_count, secrets);
        }
    }
}

/* ---- Publishing ---- */

static void
publish(void *owner, struct route_batch *batch)
{
    struct route_app *app = owner;

    batch->floor_id = present_floor(app);
    app->channel->operations->publish(app->channel, batch);
}

/* One message, followed by its trace id: received, published, heard, delivered. */
static void
trace(const struct route_app *app, const struct route_publisher *publisher, uint64_t sequence,
      const char *what, uint64_t id)
{
    char text[SIGNALR_TRACE_BYTES];

    if (log_is_on(app->options.log, LOG_DEBUG)) {
        log_debug(app->options.log, app->subject, "%s trace=%s id=%" PRIu64, what,
                  signalr_trailer_trace(publisher->instance, sequence, text), id);
    }
}

static void
on_settled(void *owner, struct route_publisher *publisher, uint64_t sequence, uint64_t id,
           uint64_t settled_count)
{
    struct route_app *app = owner;
    struct route_member *member = publisher->attached;

    count(app, BRIDGE_METRIC_PUBLISH_CONFIRMED, (int64_t)settled_count);
    trace(app, publisher, sequence, "published", id);
    if (id != 0) {
        route_app_saw(app, id);
        route_order_known(&app->order, id);
    } else {
        count(app, BRIDGE_METRIC_PUBLISH_REPEATED, 1);
    }
    if (member != NULL && member->state != ROUTE_MEMBER_OPENING) {
        link_server_published(member->peer->link, member->handle, sequence, id);
    }
}

static void
on_refused(void *owner, struct route_publisher *publisher, uint64_t sequence, enum status status,
           struct bytes text)
{
    struct route_app *app = owner;
    struct route_member *member = publisher->attached;
    uint64_t suppressed;

    count(app, BRIDGE_METRIC_PUBLISH_REFUSED, 1);
    if (status != STATUS_CANCELED &&
        log_allows(&app->refused_limit, app->options.timers->clock->now_ms, &suppressed)) {
        log_warn(app->options.log, app->subject,
                 "a publish was refused: %.*s sequence=%" PRIu64 " suppressed=%" PRIu64,
                 BYTES_PRINTF(text), sequence, suppressed);
    }
    if (member != NULL) {
        link_server_refused(member->peer->link, member->handle, sequence, status, text);
    }
}

static void
on_finished(void *owner, struct route_publisher *publisher, size_t bytes)
{
    struct route_member *member = publisher->attached;

    (void)owner;
    if (member != NULL) {
        route_member_grant(member, bytes);
    }
}

static void
on_outcome(void *owner, const struct route_result *result)
{
    struct route_app *app = owner;

    if (result->counter > 0) {
        route_app_saw(app, result->last_id);
    }
    switch (result->outcome) {
    case ROUTE_PUBLISHED:
    case ROUTE_REFUSED:
        set_state(app, app->state, false, BYTES_NONE);
        break;
    case ROUTE_TRY_AGAIN:
        count(app, BRIDGE_METRIC_PUBLISH_RETRIES, 1);
        set_state(app, app->state, true, result->text);
        break;
    case ROUTE_OUT_OF_ORDER:
        count(app, BRIDGE_METRIC_PUBLISH_RETRIES, 1);
        break;
    case ROUTE_MISCONFIGURED:
        break; /* the channel says the same of the whole app: on_state() */
    }
}

static void
on_settled_after(void *owner, uint64_t duration_ms)
{
    const struct route_app *app = owner;
    metrics_observe_ms(app->options.metrics, BRIDGE_METRIC_PUBLISH_LATENCY, duration_ms);
}

static void
on_seen_after(void *owner, uint64_t duration_ms)
{
    const struct route_app *app = owner;
    metrics_observe_ms(app->options.metrics, BRIDGE_METRIC_ECHO_LATENCY, duration_ms);
}

static const struct route_publisher_handler publisher_handler = {
    .publish = publish,
    .on_settled = on_settled,
    .on_refused = on_refused,
    .on_finished = on_finished,
    .on_outcome = on_outcome,
    .on_settled_after = on_settled_after,
    .on_seen_after = on_seen_after,
};

struct route_publisher *
route_app_publisher(struct route_app *app, const uint8_t *instance)
{
    struct bytes key = bytes_from(instance, SIGNALR_INSTANCE_BYTES);
    struct route_publisher *publisher = map_get(&app->publishers, key);

    if (publisher != NULL) {
        return publisher;
    }
    publisher = route_publisher_new(app->options.timers, instance, &publisher_handler, app);
    if (publisher != NULL && map_put(&app->publishers, key, publisher) != STATUS_OK) {
        route_publisher_free(publisher);
        publisher = NULL;
    }
    return publisher;
}

static enum status
check_frame(const struct route_app *app, struct bytes frame, const char **text)
{
    struct signalr_message_reader reader;

    if (frame.length == 0) {
        *text = "the node gave it up";
        return STATUS_CANCELED;
    }
    if (frame.length > app->options.message_bytes) {
        *text = "the message is larger than the bridge's message_bytes";
        return STATUS_LIMIT;
    }
    if (signalr_message_open(frame, &reader) != STATUS_OK || reader.trailer.length > 0) {
        *text = "the message is not a SignalR frame";
        return STATUS_INVALID;
    }
    if (app->state == LINK_BACKPLANE_CLOSED) {
        *text = "the backplane is closed; the bridge's log says why";
        return STATUS_BACKPLANE_DOWN;
    }
    return STATUS_OK;
}

enum status
route_app_publish(struct route_member *member, uint64_t sequence, struct bytes frame)
{
    const char *text = "";
    enum status refusal = check_frame(member->app, frame, &text);

    count(member->app, BRIDGE_METRIC_PUBLISH_ACCEPTED, 1);
    trace(member->app, member->publisher, sequence, "publish received", 0);
    return route_publisher_add(member->publisher, sequence, frame, refusal, text);
}

void
route_app_flush(struct route_member *member)
{
    route_publisher_flush(member->publisher);
}

/* ---- What the channel says ---- */

static void
on_subscribed(void *owner, uint64_t counter, bool is_fresh)
{
    struct route_app *app = owner;
    bool is_first = app->order.state == ROUTE_ORDER_UNSTARTED;

    if (is_fresh) {
        route_order_restart(&app->order, counter);
    } else {
        route_order_start(&app->order, counter);
    }
    if (is_first) {
        route_history_incomplete_to(&app->history, app->order.position);
        timer_stop(app->options.timers, &app->open_timer);
        open_waiting(app);
    }
}

static void
on_message(void *owner, struct bytes channel_message)
{
    (void)route_receive_message(owner, channel_message, false);
}

static void
on_state(void *owner, enum link_backplane_state state, struct bytes text)
{
    struct route_app *app = owner;

    set_state(app, state, state == LINK_BACKPLANE_OPEN && app->is_publish_failing, text);
    if (state != LINK_BACKPLANE_OPEN) {
        open_waiting(app); /* nothing better will be known soon */
        return;
    }
    for (struct map_entry *entry = map_first(&app->publishers); entry != NULL;
         entry = map_next(entry)) {
        route_publisher_hurry(map_entry_value(entry));
    }
}

static const struct route_channel_handler channel_handler = {
    .on_subscribed = on_subscribed,
    .on_message = on_message,
    .on_state = on_state,
    .floor_id = floor_id,
};

/* ---- Life ---- */

/* Whatever nobody has used for a while: publishers whose node is gone. */
static void
forget_publishers(struct route_app *app)
{
    uint64_t now_ms = app->options.timers->clock->now_ms;
    bool is_crowded = map_count(&app->publishers) > ROUTE_PUBLISHERS_MAX;
    struct map_entry *next;

    for (struct map_entry *entry = map_first(&app->publishers); entry != NULL; entry = next) {
        struct route_publisher *publisher = map_entry_value(entry);
        uint64_t life_ms = is_crowded ? ROUTE_SWEEP_MS : ROUTE_PUBLISHER_LIFE_MS;

        next = map_next(entry);
        if (publisher->attached == NULL && publisher->in_flight == 0 &&
            now_ms - publisher->last_used_ms > life_ms) {
            map_remove(&app->publishers, map_entry_key(entry));
            route_publisher_free(publisher);
        }
    }
}

static void
on_sweep_timer(struct timer *timer)
{
    struct route_app *app = CONTAINER_OF(timer, struct route_app, sweep_timer);

    forget_publishers(app);
    /* Those that are behind and never drain would otherwise not be noticed. */
    LIST_FOR_EACH (node, &app->members) {
        route_member_resume(CONTAINER_OF(node, struct route_member, in_app));
    }
    timer_start(app->options.timers, timer, ROUTE_SWEEP_MS, on_sweep_timer);
}

static enum status
set_names(struct route_app *app)
{
    struct buffer subject;

    buffer_init(&subject, SIZE_MAX);
    (void)buffer_append_string(&subject, "app ");
    (void)buffer_append(&subject, app->options.key);
    app->key = bytes_duplicate(app->options.key);
    app->subject = subject.status == STATUS_OK ? bytes_duplicate(buffer_bytes(&subject)) : NULL;
    app->options.key = bytes_from(app->key, app->options.key.length);
    buffer_deinit(&subject);
    return app->key != NULL && app->subject != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status
route_app_new(const struct route_app_options *options, struct route_app **out)
{
    struct route_app *app = calloc(1, sizeof(*app));
    struct route_backplane *backplane = options->backplane;
    enum status status = STATUS_NO_MEMORY;

    if (app == NULL) {
        return status;
    }
    app->options = *options;
    app->state = LINK_BACKPLANE_BUFFERING;
    app->opened_ms = options->timers->clock->now_ms;
    buffer_init(&app->state_text, STATE_TEXT_BYTES);
    list_init(&app->members);
    list_init(&app->listeners);
    map_init(&app->publishers);
    route_topics_init(&app->topics);
    route_spelling_init(&app->spelling);
    route_history_init(&app->history, &app->topics, options->history_bytes);
    route_order_init(&app->order, options->timers, options->reorder_bytes,
                     &route_receive_order_handler, app);
    if ((status = set_names(app)) != STATUS_OK) {
        goto error;
    }
    status = backplane->operations->open(backplane, app->options.key, &channel_handler, app,
                                         &app->channel);
    if (status != STATUS_OK) {
        goto error;
    }
    timer_start(options->timers, &app->sweep_timer, ROUTE_SWEEP_MS, on_sweep_timer);
    *out = app;
    return STATUS_OK;

error:
    route_app_free(app);
    return status;
}

void
route_app_free(struct route_app *app)
{
    if (app == NULL) {
        return;
    }
    assert(list_is_empty(&app->members));
    if (app->channel != NULL) {
        app->channel->operations->close(app->channel);
    }
    timer_stop(app->options.timers, &app->open_timer);
    timer_stop(app->options.timers, &app->sweep_timer);
    for (struct map_entry *entry = map_first(&app->publishers); entry != NULL;
         entry = map_next(entry)) {
        route_publisher_free(map_entry_value(entry));
    }
    map_deinit(&app->publishers);
    route_order_deinit(&app->order);
    route_history_deinit(&app->history);
    route_spelling_deinit(&app->spelling);
    route_topics_deinit(&app->topics);
    buffer_deinit(&app->state_text);
    free(app->subject);
    free(app->key);
    free(app);
}
