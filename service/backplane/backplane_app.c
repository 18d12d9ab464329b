/* SPDX-License-Identifier: MIT */
/* backplane_app: one app's life with the link: open, catch up, live, lost; see DESIGN.md for the
 * phases. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "service/backplane/backplane_internal.h"

enum status
backplane_app_init(struct backplane_app *app, struct backplane *backplane, uint16_t handle,
                   struct bytes key)
{
    struct buffer label;

    memset(app, 0, sizeof(*app));
    app->backplane = backplane;
    app->handle = handle;
    app->phase = APP_UNLINKED;
    app->state = BACKPLANE_UNOPENED;
    app->next_request = 1;
    list_init(&app->waiting);
    list_init(&app->queries);
    topic_interest_init(&app->interest, backplane->options.worker_count);
    recent_ring_init(&app->ring, backplane->options.recent_bytes, 0);
    publish_spool_init(&app->spool, backplane->options.spool_bytes);
    app->key = bytes_duplicate(key);
    buffer_init(&label, 1024);
    buffer_append_string(&label, "app ");
    buffer_append(&label, key);
    app->label = bytes_duplicate(buffer_bytes(&label));
    buffer_deinit(&label);
    return app->key != NULL && app->label != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

void
backplane_app_deinit(struct backplane_app *app)
{
    querying_unlinked(app);
    subscribing_deinit(app);
    publish_spool_deinit(&app->spool);
    recent_ring_deinit(&app->ring);
    recent_selection_deinit(&app->held);
    topic_interest_deinit(&app->interest);
    free(app->key);
    free(app->label);
}

void
backplane_app_set_state(struct backplane_app *app, enum backplane_state state)
{
    struct backplane *backplane = app->backplane;

    if (app->state == state) {
        return;
    }
    app->state = state;
    for (size_t i = 0; i < backplane->options.worker_count; i++) {
        worker_outbox_add(&backplane->outboxes[i], PORT_STATE, app->handle)->as.state = state;
    }
    backplane_schedule_flush(backplane);
}

void
backplane_app_secrets(struct backplane_app *app, size_t count,
                      const uint8_t (*secrets)[BACKPLANE_SECRET_BYTES])
{
    struct backplane *backplane = app->backplane;

    if (count == app->secret_count &&
        memcmp(app->secrets, secrets, count * sizeof(*secrets)) == 0) {
        return;
    }
    app->secret_count = count;
    memcpy(app->secrets, secrets, count * sizeof(*secrets));
    for (size_t i = 0; i < backplane->options.worker_count; i++) {
        struct port_event *event =
            worker_outbox_add(&backplane->outboxes[i], PORT_SECRETS, app->handle);
        event->as.secrets.count = count;
        memcpy(event->as.secrets.secrets, secrets, count * sizeof(*secrets));
    }
    backplane_schedule_flush(backplane);
}

void
backplane_app_open(struct backplane_app *app)
{
    app->phase = APP_OPENING;
    link_client_open_app(app->backplane->link, app->handle, bytes_from_string(app->key),
                         app->position, app->spool.acknowledged);
}

void
backplane_app_open_refused(struct backplane_app *app, enum status status, struct bytes text)
{
    log_error(app->backplane->options.log, app->label,
              "the bridge refuses this app: %.*s; correct the configuration of the node or of the "
              "bridge status=%s",
              BYTES_PRINTF(text), status_name(status));
    app->phase = APP_UNLINKED;
    backplane_app_set_state(app, BACKPLANE_CLOSED);
    publishing_fail_unsent(app, STATUS_BACKPLANE_DOWN);
    subscribing_unlinked(app);
}

void
backplane_app_unlinked(struct backplane_app *app)
{
    if (app->phase == APP_UNLINKED) {
        return;
    }
    app->phase = APP_UNLINKED;
    recent_selection_deinit(&app->held);
    publish_spool_rewind(&app->spool);
    if (app->was_opened) {
        backplane_app_set_state(app, BACKPLANE_UNLINKED);
    }
    querying_unlinked(app);
    subscribing_unlinked(app);
}

static void
go_live(struct backplane_app *app, uint64_t position)
{
    struct recent_selection held = app->held;

    app->phase = APP_LINKED;
    if (position > app->position) {
        app->position = position;
    }
    memset(&app->held, 0, sizeof(app->held));
    for (size_t i = 0; i < held.count; i++) {
        if (held.messages[i].id > app->position) {
            subscribing_dispatch(app, &held.messages[i]);
            if (held.messages[i].is_last_of_id) {
                app->position = held.messages[i].id;
            }
        }
    }
    recent_selection_deinit(&held);
    subscribing_linked(app);
    publishing_send(app);
    backplane_schedule_flush(app->backplane);
}

/* What was missed, in one REPLAY, since only one brings the messages of all topics in id order.
 * More topics than it holds ask for every message of the app; dispatching passes over those nobody
 * here listens to. */
static void
replay_missed(struct backplane_app *app, const struct link_topic *topics, size_t count)
{
    const struct link_topic every = {BYTES("*"), app->position};
    bool fits = link_client_replay_fits(app->backplane->link, topics, count);

    app->phase = APP_CATCHING_UP;
    app->catch_up_request = app->next_request++;
    link_client_replay(app->backplane->link, app->handle, app->catch_up_request,
                       fits ? topics : &every, fits ? count : 1);
}

/* Every topic the node listens to, with the last id it has, so that nothing published meanwhile is
 * missed. */
static void
catch_up(struct backplane_app *app, uint64_t current_id)
{
    size_t count = 0;
    struct link_topic *topics = calloc(map_count(&app->interest.topics) + 1, sizeof(*topics));
    struct bytes *texts = calloc(map_count(&app->interest.topics) + 1, sizeof(*texts));

    if (topics == NULL || texts == NULL) {
        abort();
    }
    for (struct map_entry *entry = map_first(&app->interest.topics); entry != NULL;
         entry = map_next(entry)) {
        struct interested_topic *topic = map_entry_value(entry);
        if (topic->state == TOPIC_NEW) {
            topic_interest_complete(topic, app->position);
        }
        texts[count] = topic_interest_text(topic);
        topics[count] = (struct link_topic){texts[count], app->position};
        count++;
    }
    if (count == 0) {
        go_live(app, current_id);
    } else {
        link_client_interest(app->backplane->link, app->handle, 0, texts, count, NULL, 0);
        replay_missed(app, topics, count);
    }
    free(topics);
    free(texts);
}

static enum backplane_state
state_of(enum link_backplane_state state)
{
    switch (state) {
    case LINK_BACKPLANE_OPEN:
        return BACKPLANE_OPEN;
    case LINK_BACKPLANE_BUFFERING:
        return BACKPLANE_BUFFERING;
    default:
        return BACKPLANE_CLOSED;
    }
}

void
backplane_app_opened(struct backplane_app *app, const struct link_opened *opened)
{
    backplane_app_secrets(app, opened->secret_count, opened->secrets);
    if (!app->was_opened) {
        app->was_opened = true;
        app->position = opened->current_id;
        recent_ring_reset(&app->ring, app->position);
    }
    publishing_settled(app, opened->last_sequence, 0, STATUS_OK);
    publish_spool_rewind(&app->spool);
    log_info(app->backplane->options.log, app->label, "open position=%" PRIu64 " behind=%" PRIu64,
             app->position,
             opened->current_id > app->position ? opened->current_id - app->position : 0);
    backplane_app_set_state(app, state_of(opened->state));
    catch_up(app, opened->current_id);
}

void
backplane_app_replayed(struct backplane_app *app, uint32_t request, uint64_t position,
                       uint64_t missing_to)
{
    if (app->phase != APP_CATCHING_UP || request != app->catch_up_request) {
        (void)subscribing_replayed(app, request, position, missing_to);
        return;
    }
    if (missing_to > app->position) {
        backplane_app_gap(app, app->position + 1, missing_to);
    }
    go_live(app, position);
}

/* Where a message goes that has just come off the link. */
static void
route(struct backplane_app *app, uint32_t request, const struct backplane_message *message)
{
    bool is_catch_up = app->phase == APP_CATCHING_UP && request == app->catch_up_request;

    if (request != 0 && !is_catch_up) {
        (void)subscribing_replay_message(app, request, message);
    } else if (app->phase == APP_CATCHING_UP && !is_catch_up) {
        if (recent_selection_add(&app->held, message) != STATUS_OK) {
            abort();
        }
    } else if (message->id > app->position) {
        subscribing_dispatch(app, message);
    }
}

void
backplane_app_deliver(struct backplane_app *app, uint32_t request, uint64_t id, struct bytes bytes)
{
    struct backplane *backplane = app->backplane;
    struct signalr_message_reader reader;
    struct backplane_message message = {.id = id, .frame = payload_from(bytes)};

    if (message.frame == NULL) {
        abort(); /* a hole in the feed cannot be made good */
    }
    if (signalr_message_open(payload_bytes(message.frame), &reader) != STATUS_OK) {
        backplane_count(backplane, backplane->options.metrics.rejected_frames, 1);
        payload_unref(message.frame);
        return;
    }
    do {
        /* One without messages is news only to those who listen to every frame. */
        (void)signalr_message_next(&reader, &message.message);
        message.is_last_of_id = reader.remaining == 0;
        route(app, request, &message);
    } while (!message.is_last_of_id);
    payload_unref(message.frame);
    log_debug(backplane->options.log, app->label, "message received id=%" PRIu64, id);
    bool is_live = request == 0 ? app->phase == APP_LINKED : request == app->catch_up_request;
    if (is_live && id > app->position) {
        app->position = id;
    }
    backplane_schedule_flush(backplane);
}

void
backplane_app_position(struct backplane_app *app, uint64_t position)
{
    if (app->phase == APP_LINKED && position > app->position) {
        app->position = position;
        backplane_schedule_flush(app->backplane);
    }
}

void
backplane_app_gap(struct backplane_app *app, uint64_t from, uint64_t to)
{
    struct backplane *backplane = app->backplane;

    log_error(
        backplane->options.log, app->label,
        "messages are lost: neither a log nor a bridge's history has them any more from=%" PRIu64
        " to=%" PRIu64,
        from, to);
    backplane_count(backplane, backplane->options.metrics.gaps, (int64_t)(to - from + 1));
    recent_ring_reset(&app->ring, to);
    for (size_t i = 0; i < backplane->options.worker_count; i++) {
        struct port_event *event =
            worker_outbox_add(&backplane->outboxes[i], PORT_GAP, app->handle);
        event->as.gap.from = from;
        event->as.gap.to = to;
    }
    backplane_schedule_flush(backplane);
}

/* One INTEREST with everything the turn has added. */
static void
send_added(struct backplane_app *app)
{
    size_t count = 0, capacity = 0;
    struct bytes *texts = NULL;

    LIST_FOR_EACH (node, &app->interest.added) {
        struct interested_topic *topic = CONTAINER_OF(node, struct interested_topic, changed);
        if (count == capacity) {
            capacity = capacity == 0 ? 64 : capacity * 2;
            struct bytes *grown = realloc(texts, capacity * sizeof(*texts));
            if (grown == NULL) {
                abort();
            }
            texts = grown;
        }
        texts[count++] = topic_interest_text(topic);
        topic_interest_ask(&app->interest, topic, app->next_request);
    }
    if (count > 0) {
        link_client_interest(app->backplane->link, app->handle, app->next_request, texts, count,
                             NULL, 0);
        app->next_request++;
    }
    free(texts);
}

static void
remove_expired(struct backplane_app *app)
{
    uint64_t now_ms = app->backplane->options.timers->clock->now_ms;
    struct interested_topic *topic;

    while ((topic = topic_interest_expired(&app->interest, now_ms)) != NULL) {
        struct bytes text = topic_interest_text(topic);
        if (topic->state != TOPIC_NEW && app->phase == APP_LINKED) {
            link_client_interest(app->backplane->link, app->handle, 0, NULL, 0, &text, 1);
        }
        topic_interest_remove(&app->interest, topic);
    }
}

void
backplane_app_flush(struct backplane_app *app)
{
    if (app->phase == APP_LINKED) {
        send_added(app);
    }
    /* Not while catching up: a removed topic would still be in the replay that is under way. */
    if (app->phase != APP_CATCHING_UP) {
        remove_expired(app);
    }
}
