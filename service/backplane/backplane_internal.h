/* SPDX-License-Identifier: MIT */
/* backplane_internal: what the files of this folder share about the backplane; nobody else includes
 * it. */
#ifndef HUBPLANE_SERVICE_BACKPLANE_INTERNAL_H
#define HUBPLANE_SERVICE_BACKPLANE_INTERNAL_H

#include "common/base/map.h"
#include "common/wire/link_client.h"
#include "service/backplane/backplane.h"
#include "service/backplane/publish_spool.h"
#include "service/backplane/recent_ring.h"
#include "service/backplane/topic_interest.h"
#include "service/backplane/worker_port.h"

/* Where an app stands with the present bridge. */
enum backplane_app_phase {
    APP_UNLINKED, /* no link, or the bridge refused the app */
    APP_OPENING,  /* OPEN sent */
    /* OPENED; interest and a replay of everything since our position are under way */
    APP_CATCHING_UP,
    APP_LINKED, /* live */
};

struct backplane_app {
    struct backplane *backplane;
    uint16_t handle;
    char *key;
    char *label; /* "app ChatApp", for the log */
    enum backplane_app_phase phase;
    enum backplane_state state; /* as last told to the workers */
    bool was_opened;            /* ever: position and secrets are known */
    uint64_t position;          /* everything of interest up to this id has gone to the workers */
    uint64_t told_position;     /* what the workers were told in their last batch */
    struct topic_interest interest;
    struct recent_ring ring;
    struct publish_spool spool;
    struct list waiting; /* pending_subscribe */
    struct list queries; /* pending_query */
    uint32_t next_request;
    uint32_t catch_up_request;
    struct recent_selection held; /* live messages that arrived while catching up */
    size_t secret_count;
    uint8_t secrets[2][BACKPLANE_SECRET_BYTES];
};

struct backplane {
    struct backplane_options options;
    struct link_identity self;
    char *self_name;
    char *self_software;
    struct backplane_app *apps;
    struct worker_port *ports;
    struct worker_outbox *outboxes;
    struct timer janitor;
    bool is_flush_scheduled;
    /* The link. */
    struct link_client *link;
    /* failed inside one of its own callbacks: freed at the end of the turn */
    struct link_client *ended_link;
    bool is_welcome;
    char *bridge_name;
    uint64_t ungranted_bytes; /* delivered to us, not yet granted again */
    bool must_leave;          /* the bridge is stopping: at the end of the turn */
    backplane_session_ended_fn on_ended;
    void *ended_owner;
};

/** Carry out a worker's command and free it. Link loop only. */
void backplane_run(struct backplane *backplane, struct port_command *command);
void backplane_schedule_flush(struct backplane *backplane);
/** Leave a bridge that asked for it. */
void backplane_link_leave(struct backplane *backplane);
/** The app of a handle that this node gave out. */
struct backplane_app *backplane_app_of(struct backplane *backplane, uint16_t handle);
void backplane_count(struct backplane *backplane, size_t metric, int64_t delta);

/* backplane_app.c: one app's life with the link. */
MUST_CHECK enum status backplane_app_init(struct backplane_app *app, struct backplane *backplane,
                                          uint16_t handle, struct bytes key);
void backplane_app_deinit(struct backplane_app *app);
void backplane_app_open(struct backplane_app *app);
void backplane_app_unlinked(struct backplane_app *app);
void backplane_app_opened(struct backplane_app *app, const struct link_opened *opened);
void backplane_app_open_refused(struct backplane_app *app, enum status status, struct bytes text);
void backplane_app_secrets(struct backplane_app *app, size_t count,
                           const uint8_t (*secrets)[BACKPLANE_SECRET_BYTES]);
void backplane_app_set_state(struct backplane_app *app, enum backplane_state state);
void backplane_app_deliver(struct backplane_app *app, uint32_t request, uint64_t id,
                           struct bytes frame);
void backplane_app_position(struct backplane_app *app, uint64_t position);
void backplane_app_gap(struct backplane_app *app, uint64_t from, uint64_t to);
void backplane_app_replayed(struct backplane_app *app, uint32_t request, uint64_t position,
                            uint64_t missing_to);
/** Send what the turn gathered: topics to add and remove. */
void backplane_app_flush(struct backplane_app *app);

/* publishing.c: spool to link and back. */
void publishing_add(struct backplane_app *app, struct port_command *command);
void publishing_send(struct backplane_app *app);
void publishing_settled(struct backplane_app *app, uint64_t sequence, uint64_t id,
                        enum status status);
void publishing_janitor(struct backplane_app *app);
/** Everyone who waits is told ${status}; the publishes that never left the node are dropped. */
void publishing_fail_unsent(struct backplane_app *app, enum status status);

/* subscribing.c: interest, replay, and who waits for them. */
void subscribing_add(struct backplane_app *app, struct port_command *command);
void subscribing_remove(struct backplane_app *app, const struct port_command *command);
void subscribing_interest_ack(struct backplane_app *app, uint32_t request, uint64_t position);
bool subscribing_replay_message(struct backplane_app *app, uint32_t request,
                                const struct backplane_message *message);
bool subscribing_replayed(struct backplane_app *app, uint32_t request, uint64_t position,
                          uint64_t missing_to);
/** The link was lost: what waits for an answer of it is answered or waits for the next. */
void subscribing_unlinked(struct backplane_app *app);
/** Live again: start over with everyone who had to wait for that. */
void subscribing_linked(struct backplane_app *app);
void subscribing_deinit(struct backplane_app *app);
/** Live: to the ring and to every worker that listens. */
void subscribing_dispatch(struct backplane_app *app, const struct backplane_message *message);

/* querying.c */
void querying_add(struct backplane_app *app, struct port_command *command);
void querying_answer(struct backplane_app *app, uint32_t request, bool exists);
void querying_unlinked(struct backplane_app *app);

#endif
