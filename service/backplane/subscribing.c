/* SPDX-License-Identifier: MIT */
/* subscribing: what a worker asks for and when it is answered; service/DESIGN.md has the picture.
 */
#include <stdlib.h>

#include "service/backplane/backplane_internal.h"

/* Why a subscription is not answered yet. */
enum waiting_reason {
    WAITING_INTEREST, /* for the INTEREST acknowledgement `request` */
    WAITING_REPLAY,   /* for the REPLAYED of `request` */
    WAITING_LINK,     /* for the app to be live */
};

struct pending_subscribe {
    struct list_node node;
    struct port_command *command;
    enum waiting_reason reason;
    uint32_t request;
    uint64_t asked_at;     /* the app's position then; BACKPLANE_NO_REPLAY = it had none yet */
    uint64_t restarted_at; /* see struct backplane_subscribed */
    struct recent_selection replay;
};

static void
answer(struct backplane_app *app, struct pending_subscribe *pending, enum status status,
       uint64_t position, uint64_t missing_to)
{
    struct backplane *backplane = app->backplane;
    struct port_command *command = pending->command;
    struct port_event *event =
        worker_outbox_add(&backplane->outboxes[command->worker], PORT_SUBSCRIBED, app->handle);

    event->request = command->request;
    event->as.subscribed.status = status;
    event->as.subscribed.position = position;
    event->as.subscribed.missing_to = missing_to;
    event->as.subscribed.restarted_at = pending->restarted_at;
    recent_selection_sort(&pending->replay);
    event->as.subscribed.messages = pending->replay;
    list_remove(&pending->node);
    free(pending);
    free(command);
    backplane_schedule_flush(backplane);
}

static bool
wants_replay(const struct port_command *command)
{
    for (size_t i = 0; i < command->topic_count; i++) {
        if (command->topics[i].since != BACKPLANE_NO_REPLAY) {
            return true;
        }
    }
    return false;
}

/* Whether the ring holds everything asked for: nothing was evicted since, and each topic's interest
 * is older. A cursor ahead of us comes from a node that is, so only the bridge can tell whether it
 * is stale. */
static bool
ring_covers(const struct backplane_app *app, const struct port_command *command)
{
    for (size_t i = 0; i < command->topic_count; i++) {
        uint64_t since = command->topics[i].since;
        const struct interested_topic *topic =
            topic_interest_find(&app->interest, command->topics[i].topic);
        if (topic == NULL || topic->state != TOPIC_COMPLETE) {
            return false;
        }
        if (since != BACKPLANE_NO_REPLAY &&
            (since > app->position || since < app->ring.complete_from ||
             since < topic->complete_since)) {
            return false;
        }
    }
    return true;
}

static bool
replay_from_ring(struct backplane_app *app, struct pending_subscribe *pending)
{
    const struct port_command *command = pending->command;

    for (size_t i = 0; i < command->topic_count; i++) {
        const struct interested_topic *topic =
            topic_interest_find(&app->interest, command->topics[i].topic);
        if (command->topics[i].since == BACKPLANE_NO_REPLAY) {
            continue;
        }
        if (recent_ring_select(&app->ring, topic->latest, command->topics[i].since,
                               &pending->replay) != STATUS_OK) {
            recent_selection_deinit(&pending->replay);
            return false;
        }
    }
    return true;
}

/* The newest INTEREST that one of its topics still waits for, 0 when all are complete. */
static uint32_t
interest_awaited(const struct backplane_app *app, const struct port_command *command)
{
    uint32_t awaited = 0;

    for (size_t i = 0; i < command->topic_count; i++) {
        const struct interested_topic *topic =
            topic_interest_find(&app->interest, command->topics[i].topic);
        if (topic != NULL && topic->state == TOPIC_NEW) {
            return app->next_request; /* the one the end of this turn sends */
        }
        if (topic != NULL && topic->state == TOPIC_ASKED && topic->request > awaited) {
            awaited = topic->request;
        }
    }
    return awaited;
}

static void
ask_for_replay(struct backplane_app *app, struct pending_subscribe *pending)
{
    const struct port_command *command = pending->command;
    struct link_topic *topics = malloc((command->topic_count + 1) * sizeof(*topics));
    size_t count = 0;

    if (pending->asked_at == BACKPLANE_NO_REPLAY) {
        pending->asked_at = app->position;
    }
    if (topics == NULL) {
        answer(app, pending, STATUS_NO_MEMORY, app->position, 0);
        return;
    }
    for (size_t i = 0; i < command->topic_count; i++) {
        if (command->topics[i].since != BACKPLANE_NO_REPLAY) {
            topics[count++] =
                (struct link_topic){command->topics[i].topic, command->topics[i].since};
        }
    }
    if (!link_client_replay_fits(app->backplane->link, topics, count)) {
        free(topics);
        /* one connection must not cost all others the link */
        answer(app, pending, STATUS_LIMIT, app->position, 0);
        return;
    }
    /* interest first: then REPLAYED's position is complete for the new topics, too */
    backplane_app_flush(app);
    pending->reason = WAITING_REPLAY;
    pending->request = app->next_request++;
    link_client_replay(app->backplane->link, app->handle, pending->request, topics, count);
    free(topics);
    backplane_count(app->backplane, app->backplane->options.metrics.replays_bridge, 1);
}

/* The link is down or not live yet: who only wants what comes next need not wait for it, since the
 * catch-up will replay everything after our position for every topic. */
static void
answer_unlinked(struct backplane_app *app, struct pending_subscribe *pending)
{
    const struct port_command *command = pending->command;

    for (size_t i = 0; i < command->topic_count; i++) {
        struct interested_topic *topic =
            topic_interest_find(&app->interest, command->topics[i].topic);
        if (topic != NULL && topic->state == TOPIC_NEW) {
            topic_interest_complete(topic, app->position);
        }
    }
    if (wants_replay(command) && !(ring_covers(app, command) && replay_from_ring(app, pending))) {
        pending->reason = WAITING_LINK;
        return;
    }
    answer(app, pending, STATUS_OK, app->position, 0);
}

static void
try_to_answer(struct backplane_app *app, struct pending_subscribe *pending)
{
    struct port_command *command = pending->command;

    if (app->state == BACKPLANE_CLOSED) {
        answer(app, pending, STATUS_CLOSED, app->position, 0);
    } else if (app->phase == APP_UNLINKED && app->was_opened) {
        answer_unlinked(app, pending);
    } else if (app->phase != APP_LINKED) {
        pending->reason = WAITING_LINK;
    } else if (wants_replay(command)) {
        if (ring_covers(app, command) && replay_from_ring(app, pending)) {
            backplane_count(app->backplane, app->backplane->options.metrics.replays_local, 1);
            answer(app, pending, STATUS_OK, app->position, 0);
        } else {
            ask_for_replay(app, pending);
        }
    } else {
        pending->request = interest_awaited(app, command);
        pending->reason = WAITING_INTEREST;
        if (pending->request == 0) {
            answer(app, pending, STATUS_OK, app->position, 0);
        }
    }
}

void
subscribing_add(struct backplane_app *app, struct port_command *command)
{
    struct pending_subscribe *pending = calloc(1, sizeof(*pending));

    if (pending == NULL) {
        abort(); /* its worker would wait for ever */
    }
    pending->command = command;
    pending->asked_at = app->was_opened ? app->position : BACKPLANE_NO_REPLAY;
    pending->restarted_at = BACKPLANE_NO_REPLAY;
    list_append(&app->waiting, &pending->node);
    for (size_t i = 0; i < command->topic_count; i++) {
        if (topic_interest_use(&app->interest, command->topics[i].topic, command->worker) == NULL) {
            abort();
        }
    }
    backplane_schedule_flush(app->backplane);
    try_to_answer(app, pending);
}

void
subscribing_remove(struct backplane_app *app, const struct port_command *command)
{
    uint64_t until =
        app->backplane->options.timers->clock->now_ms + app->backplane->options.linger_ms;

    for (size_t i = 0; i < command->topic_count; i++) {
        topic_interest_release(&app->interest, command->topics[i].topic, command->worker, until);
    }
}

static void
complete_topics(struct backplane_app *app, uint32_t request, uint64_t position)
{
    LIST_FOR_EACH (node, &app->interest.asked) {
        struct interested_topic *topic = CONTAINER_OF(node, struct interested_topic, asking);
        if (topic->request > request) {
            return;
        }
        topic_interest_complete(topic, position);
    }
}

void
subscribing_interest_ack(struct backplane_app *app, uint32_t request, uint64_t position)
{
    complete_topics(app, request, position);
    LIST_FOR_EACH (node, &app->waiting) {
        struct pending_subscribe *pending = CONTAINER_OF(node, struct pending_subscribe, node);
        if (pending->reason == WAITING_INTEREST && pending->request <= request) {
            answer(app, pending, STATUS_OK, app->position, 0);
        }
    }
}

static struct pending_subscribe *
find_replay(const struct backplane_app *app, uint32_t request)
{
    LIST_FOR_EACH (node, &app->waiting) {
        struct pending_subscribe *pending = CONTAINER_OF(node, struct pending_subscribe, node);
        if (pending->reason == WAITING_REPLAY && pending->request == request) {
            return pending;
        }
    }
    return NULL;
}

static bool
asks_for(const struct port_command *command, const struct backplane_message *message)
{
    for (size_t i = 0; i < command->topic_count; i++) {
        if (command->topics[i].since != BACKPLANE_NO_REPLAY &&
            message->id > command->topics[i].since &&
            bytes_equal(command->topics[i].topic, message->message.topic)) {
            return true;
        }
    }
    return false;
}

bool
subscribing_replay_message(struct backplane_app *app, uint32_t request,
                           const struct backplane_message *message)
{
    struct pending_subscribe *pending = find_replay(app, request);

    if (pending == NULL) {
        return false;
    }
    if (asks_for(pending->command, message) &&
        recent_selection_add(&pending->replay, message) != STATUS_OK) {
        recent_selection_deinit(&pending->replay);
        answer(app, pending, STATUS_NO_MEMORY, app->position, 0);
    }
    return true;
}

/* What was asked for since an id that the farm, at ${position}, has not reached: nobody can have
 * seen that, so start over where it was asked for. What has come since then is new. */
static bool
restart_stale(struct backplane_app *app, struct pending_subscribe *pending, uint64_t position)
{
    struct port_command *command = pending->command;
    bool is_restarted = false;

    for (size_t i = 0; i < command->topic_count; i++) {
        struct backplane_topic *asked = &command->topics[i];
        if (asked->since == BACKPLANE_NO_REPLAY || asked->since <= position) {
            continue;
        }
        const struct interested_topic *topic = topic_interest_find(&app->interest, asked->topic);
        uint64_t since = pending->asked_at;
        if (topic != NULL && topic->state == TOPIC_COMPLETE && topic->complete_since > since) {
            since = topic->complete_since;
        }
        if (asked->since > since) {
            asked->since = since;
            pending->restarted_at = pending->asked_at;
            is_restarted = true;
        }
    }
    return is_restarted;
}

bool
subscribing_replayed(struct backplane_app *app, uint32_t request, uint64_t position,
                     uint64_t missing_to)
{
    struct pending_subscribe *pending = find_replay(app, request);

    if (pending == NULL) {
        return false;
    }
    /* A replay can be ahead of the live feed by what is still under way to us; the larger one is
     * where both have been. */
    if (position > app->position) {
        app->position = position;
    }
    if (restart_stale(app, pending, position)) {
        recent_selection_deinit(&pending->replay);
        try_to_answer(app, pending);
    } else {
        answer(app, pending, STATUS_OK, app->position, missing_to);
    }
    return true;
}

void
subscribing_unlinked(struct backplane_app *app)
{
    LIST_FOR_EACH (node, &app->interest.asked) {
        topic_interest_complete(CONTAINER_OF(node, struct interested_topic, asking), app->position);
    }
    LIST_FOR_EACH (node, &app->waiting) {
        struct pending_subscribe *pending = CONTAINER_OF(node, struct pending_subscribe, node);
        recent_selection_deinit(&pending->replay);
        try_to_answer(app, pending);
    }
}

void
subscribing_linked(struct backplane_app *app)
{
    LIST_FOR_EACH (node, &app->waiting) {
        try_to_answer(app, CONTAINER_OF(node, struct pending_subscribe, node));
    }
}

void
subscribing_deinit(struct backplane_app *app)
{
    LIST_FOR_EACH (node, &app->waiting) {
        struct pending_subscribe *pending = CONTAINER_OF(node, struct pending_subscribe, node);
        recent_selection_deinit(&pending->replay);
        list_remove(&pending->node);
        free(pending->command);
        free(pending);
    }
}

/* To the workers that listen to ${topic}. */
static void
hand_over(struct backplane_app *app, const struct interested_topic *topic,
          const struct backplane_message *message)
{
    struct backplane *backplane = app->backplane;

    for (uint32_t worker = 0; worker < backplane->options.worker_count; worker++) {
        if (topic->counts[worker] == 0) {
            continue;
        }
        if (worker_outbox_add_message(&backplane->outboxes[worker], app->handle, message) !=
            STATUS_OK) {
            abort(); /* a hole in a worker's feed cannot be made good */
        }
        backplane_count(backplane, backplane->options.metrics.delivered, 1);
    }
}

void
subscribing_dispatch(struct backplane_app *app, const struct backplane_message *message)
{
    struct interested_topic *topic = topic_interest_find(&app->interest, message->message.topic);
    const struct interested_topic *every =
        topic_interest_find(&app->interest, BACKPLANE_EVERY_TOPIC);

    if (topic != NULL && topic != every) {
        recent_ring_append(&app->ring, message, &topic->latest);
        hand_over(app, topic, message);
    }
    if (every != NULL && message->is_last_of_id) {
        hand_over(app, every, message);
    }
}
