/* SPDX-License-Identifier: MIT */
/*
 * connection: one client session: what is kept of it between and during its transports. Groups and
 * cursor come back from the client with every request, so a record without transport holds little
 * and may be dropped at any time.
 */
#ifndef HUBPLANE_SERVICE_CONNECTION_H
#define HUBPLANE_SERVICE_CONNECTION_H

#include "common/base/list.h"
#include "service/signalr/group_span.h"
#include "service/signalr/topic.h"
#include "service/signalr/worker_app.h"
#include "service/transport/transport.h"

/* Each state is a list of its worker_app. */
enum connection_state {
    CONNECTION_NEW,      /* being made or taken apart: no list */
    CONNECTION_OPENING,  /* app->opening: has a transport, its topics are on the way */
    CONNECTION_ATTACHED, /* app->attached: has a transport and hears its topics */
    CONNECTION_DETACHED, /* app->detached: no transport; waits for the client or the disconnect
                            time-out */
    CONNECTION_STATES,
};

struct hub_dispatch_start;
struct poll_queue;
struct subscription;

struct connection {
    struct list_node node; /* in the list of its state */
    struct worker_app *app;
    const struct app_path *path; /* that the current transport came by */
    struct transport transport;
    struct topic *own_topic;           /* c-<id>, named after it; holds a use of its own */
    struct topic_set topics;           /* each with a use at the backplane */
    struct subscription *subscription; /* while OPENING */
    struct poll_queue *poll_queue;     /* messages for a poll, during a batch */
    struct hub_dispatch_start *start;  /* OnConnected of a client before 1.4, under way */
    struct list calls;                 /* hub calls whose result goes to the transport */
    struct list joins;                 /* local joins waiting for their barrier */
    struct list echoes;                /* commands about its groups, published here, under way */
    struct client_place *place;        /* what it takes of its address's; NULL without limits */
    struct group_spans left;           /* memberships that ended while the record was here */
    uint64_t hubs;                     /* bit i: registered for app->hubs[i] */
    uint64_t cursor;                   /* the highest id written to the client, or its barrier */
    uint64_t opened_ms;                /* when the transport was opened */
    uint64_t detached_ms;              /* when it went away */
    char *user;                        /* NULL = anonymous */
    char *query;   /* what the client added to SignalR's own parameters; NULL = nothing */
    char *headers; /* the request's headers on the app's list; NULL = none */
    char *claims;  /* of the user's token; NULL = none */
    uint32_t queue_allowance; /* bytes above the cap that a replay may take until it is read */
    uint8_t state;
    uint8_t doom; /* enum transport_end: to be ended after the batch that showed it; 0 = none */
    bool is_detached_poll; /* the transport that went away was a poll: no extra patience */
    bool has_connected;    /* clients before 1.4: OnConnected has been raised */
    bool holds_polls;      /* such a client's poll waits for OnConnected */
    bool owes_groups;      /* that poll will also tell the groups */
    bool has_claimed;      /* the present opening was announced to other nodes */
};

/** connection_new(app, id): A record without transport, in no list. NULL when out of memory. */
struct connection *connection_new(struct worker_app *app, struct bytes id);
/** Take it out of everything and free it: no event, no answer; the transport must be gone. */
void connection_free(struct connection *connection);
/** The record of that id on this worker, or NULL. */
struct connection *connection_find(const struct worker_app *app, struct bytes id);
struct bytes connection_id(const struct connection *connection);
struct bytes connection_user(const struct connection *connection);
bool connection_is_raw(const struct connection *connection);

/** The only way to change state: moves it to the new state's list; the move must be legal. */
void connection_set_state(struct connection *connection, enum connection_state state);

/** Who is at the other end, as this request says. OK or NO_MEMORY. */
struct connection_identity {
    const struct app_path *path;
    uint64_t hubs;
    struct bytes user;
    struct bytes query;
    struct bytes headers;
    struct bytes claims;
};
MUST_CHECK enum status connection_identify(struct connection *connection,
                                           const struct connection_identity *identity);

/** Stop listening, keep the topics' uses: forget the subscription under way, and what waits for a
 * transport. */
void connection_detach_topics(struct connection *connection);
/** Release every topic at the backplane. */
void connection_release_topics(struct connection *connection);

/** End the transport, if any, and go to DETACHED (or stay NEW). ${why} goes to the log. */
void connection_end_transport(struct connection *connection, enum transport_end why);
/** The poll has been completed by its envelope. */
void connection_poll_answered(struct connection *connection);
/** The client is gone for good: ends the transport, raises the event, frees the record. */
void connection_disconnect(struct connection *connection, bool stop_called, const char *reason);
/** It lives elsewhere now: as above, without event. */
void connection_drop(struct connection *connection, const char *reason);

/** One line about this connection: its end, for the operator; or a detail. */
void connection_log_info(const struct connection *connection, const char *sentence,
                         const char *reason);
void connection_log_debug(const struct connection *connection, const char *sentence,
                          const char *reason);

#endif
