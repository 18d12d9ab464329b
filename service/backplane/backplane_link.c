/* SPDX-License-Identifier: MIT */
/* backplane_link: the node's session with one bridge: what the link tells goes to the app it is
 * about. */
#include <assert.h>
#include <stdlib.h>

#include "service/backplane/backplane_internal.h"

enum { GRANT_AFTER_BYTES = 256 * 1024 };

static void
on_welcome(void *owner, const struct link_identity *bridge)
{
    struct backplane *backplane = owner;

    backplane->is_welcome = true;
    free(backplane->bridge_name);
    backplane->bridge_name = bytes_duplicate(bridge->name);
    log_info(backplane->options.log, "link", "connected to bridge=%.*s software=\"%.*s\"",
             BYTES_PRINTF(bridge->name), BYTES_PRINTF(bridge->software));
    if (backplane->options.metrics.registry != NULL) {
        metrics_set(backplane->options.metrics.registry, backplane->options.metrics.link_up, 1);
    }
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        backplane_app_open(&backplane->apps[i]);
    }
}

static void
on_opened(void *owner, uint16_t app, const struct link_opened *opened)
{
    backplane_app_opened(backplane_app_of(owner, app), opened);
}

static void
on_open_refused(void *owner, uint16_t app, enum status status, struct bytes text)
{
    backplane_app_open_refused(backplane_app_of(owner, app), status, text);
}

static void
on_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id)
{
    publishing_settled(backplane_app_of(owner, app), sequence, id, STATUS_OK);
}

static void
on_refused(void *owner, uint16_t app, uint64_t sequence, enum status status, struct bytes text)
{
    struct backplane_app *refused = backplane_app_of(owner, app);

    log_warn(refused->backplane->options.log, refused->label,
             "a publish was refused: %.*s status=%s", BYTES_PRINTF(text), status_name(status));
    publishing_settled(refused, sequence, 0, status);
}

static void
on_interest_ack(void *owner, uint16_t app, uint32_t request, uint64_t position)
{
    backplane_app_position(backplane_app_of(owner, app), position);
    subscribing_interest_ack(backplane_app_of(owner, app), request, position);
}

static void
on_deliver(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame,
           bool is_foreign)
{
    struct backplane *backplane = owner;

    (void)is_foreign;
    backplane_app_deliver(backplane_app_of(backplane, app), request, id, frame);
    backplane->ungranted_bytes += frame.length;
    if (backplane->ungranted_bytes >= GRANT_AFTER_BYTES) {
        link_client_credit(backplane->link, backplane->ungranted_bytes);
        backplane->ungranted_bytes = 0;
    }
}

static void
on_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position, uint64_t missing_to)
{
    backplane_app_replayed(backplane_app_of(owner, app), request, position, missing_to);
}

static void
on_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    backplane_app_gap(backplane_app_of(owner, app), from, to);
}

static void
on_query_ack(void *owner, uint16_t app, uint32_t request, bool exists)
{
    querying_answer(backplane_app_of(owner, app), request, exists);
}

static void
on_state(void *owner, uint16_t handle, enum link_backplane_state state, struct bytes text)
{
    struct backplane_app *app = backplane_app_of(owner, handle);
    static const char *const words[] = {"", "open", "buffering", "closed"};
    static const enum backplane_state states[] = {BACKPLANE_CLOSED, BACKPLANE_OPEN,
                                                  BACKPLANE_BUFFERING, BACKPLANE_CLOSED};

    log_info(app->backplane->options.log, app->label, "the backplane is %s: %.*s", words[state],
             BYTES_PRINTF(text));
    backplane_app_set_state(app, states[state]);
    if (app->state == BACKPLANE_CLOSED) {
        publishing_fail_unsent(app, STATUS_BACKPLANE_DOWN);
    }
    publishing_send(app);
}

static void
on_secrets(void *owner, uint16_t app, size_t count, const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    backplane_app_secrets(backplane_app_of(owner, app), count, secrets);
}

static void
on_position(void *owner, uint16_t app, uint64_t position)
{
    backplane_app_position(backplane_app_of(owner, app), position);
}

static void
on_credit(void *owner, uint64_t bytes)
{
    struct backplane *backplane = owner;

    (void)bytes;
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        publishing_send(&backplane->apps[i]);
    }
}

static void
on_goaway(void *owner, struct bytes reason, struct bytes others)
{
    struct backplane *backplane = owner;

    log_info(backplane->options.log, "link", "the bridge asks us to leave: %.*s others=%.*s",
             BYTES_PRINTF(reason), BYTES_PRINTF(others));
    /* What else has arrived with it is still taken. */
    backplane->must_leave = true;
    backplane_schedule_flush(backplane);
}

/* The session is over. One of the link's own callbacks may be below us, so it is freed at the end
 * of the turn. */
static void
forget_link(struct backplane *backplane, const char *reason)
{
    if (backplane->link == NULL) {
        return;
    }
    if (backplane->is_welcome) {
        log_warn(backplane->options.log, "link", "closed: %s bridge=%s", reason,
                 backplane->bridge_name != NULL ? backplane->bridge_name : "?");
    }
    link_client_free(backplane->ended_link);
    backplane->ended_link = backplane->link;
    backplane->link = NULL;
    backplane->is_welcome = false;
    if (backplane->options.metrics.registry != NULL) {
        metrics_set(backplane->options.metrics.registry, backplane->options.metrics.link_up, 0);
    }
    for (size_t i = 0; i < backplane->options.app_count; i++) {
        backplane_app_unlinked(&backplane->apps[i]);
    }
    backplane_schedule_flush(backplane);
}

static void
end_session(struct backplane *backplane, const char *reason, bool is_sent_away)
{
    backplane_session_ended_fn tell = backplane->on_ended;

    forget_link(backplane, reason);
    tell(backplane->ended_owner, reason, is_sent_away);
}

/* What is under way is sent again over the next link, and published once. */
void
backplane_link_leave(struct backplane *backplane)
{
    if (backplane->must_leave && backplane->link != NULL) {
        end_session(backplane, "the bridge is stopping", true);
    }
}

static void
on_failed(void *owner, enum status status, const char *reason)
{
    struct backplane *backplane = owner;

    log_warn(backplane->options.log, "link", "lost: %s status=%s", reason, status_name(status));
    end_session(backplane, reason, false);
}

static const struct link_client_handler link_handler = {
    .on_welcome = on_welcome,
    .on_opened = on_opened,
    .on_open_refused = on_open_refused,
    .on_published = on_published,
    .on_refused = on_refused,
    .on_interest_ack = on_interest_ack,
    .on_deliver = on_deliver,
    .on_replayed = on_replayed,
    .on_gap = on_gap,
    .on_query_ack = on_query_ack,
    .on_state = on_state,
    .on_secrets = on_secrets,
    .on_position = on_position,
    .on_credit = on_credit,
    .on_goaway = on_goaway,
    .on_failed = on_failed,
};

enum status
backplane_link_opened(struct backplane *backplane, struct sink *sink,
                      backplane_session_ended_fn ended, void *owner)
{
    assert(backplane->link == NULL);
    link_client_free(backplane->ended_link);
    backplane->ended_link = NULL;
    backplane->is_welcome = false;
    backplane->ungranted_bytes = 0;
    backplane->must_leave = false;
    backplane->on_ended = ended;
    backplane->ended_owner = owner;
    return link_client_new(sink, backplane->options.timers, backplane->options.log,
                           &backplane->self, &link_handler, backplane, &backplane->link);
}

void
backplane_link_receive(struct backplane *backplane, struct bytes input)
{
    if (backplane->link != NULL) {
        link_client_receive(backplane->link, input);
    }
}

void
backplane_link_closed(struct backplane *backplane, const char *reason)
{
    forget_link(backplane, reason);
    /* At once: its keep-alive may be due before the turn ends, and the sink is gone. */
    link_client_free(backplane->ended_link);
    backplane->ended_link = NULL;
}

const char *
backplane_bridge_name(const struct backplane *backplane)
{
    return backplane->is_welcome ? backplane->bridge_name : NULL;
}
