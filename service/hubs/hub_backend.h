/* SPDX-License-Identifier: MIT */
/*
 * hub_backend: who answers the calls of one hub: relay rules, the web application (upstream), or a
 * module. A backend gets a hub_call, orders actions on it, and ends it, now or later, on the same
 * worker.
 */
#ifndef HUBPLANE_SERVICE_HUB_BACKEND_H
#define HUBPLANE_SERVICE_HUB_BACKEND_H

#include "common/base/bytes.h"
#include "common/base/log.h"
#include "common/base/poster.h"
#include "common/base/timer.h"

struct hub_call;

enum hub_event {
    HUB_INVOCATION,
    HUB_CONNECTED,
    HUB_RECONNECTED,
    /* actions on the caller reach nobody; the end of the call is waited for by nobody */
    HUB_DISCONNECTED,
    HUB_RAW_DATA, /* a raw connection received data; no hub, no method */
    HUB_OWN,      /* nobody called: hub_call_begin() */
};

/* What a call is about. Views live until the call ends. */
struct hub_call_info {
    enum hub_event event;
    struct bytes hub;    /* canonical name; of a raw connection its full type name */
    struct bytes method; /* as the client spelled it */
    /* JSON array text: ["ann","hi"]; of raw data the payload as it came */
    struct bytes arguments;
    size_t argument_count;
    struct bytes state; /* JSON object text of the client's hub state, or empty */
    struct bytes connection_id;
    struct bytes user;  /* empty = anonymous */
    struct bytes query; /* of the request that carried the call, not decoded */
    /* Of that request, or of the one that opened the transport: the headers on the app's list, as
     * "Name: value" lines that end in CR LF. */
    struct bytes headers;
    struct bytes claims; /* of the user's token: "type: value, type: value"; empty = none */
    struct bytes token;  /* the connection token, with which one may act as the client */
    struct bytes id;     /* "I" of the client; data == NULL = none */
    bool stop_called;    /* DISCONNECTED: the client said goodbye */
};

const struct hub_call_info *hub_call_info(const struct hub_call *call);

/** What the backend keeps with the call; NULL at first. */
void hub_call_set_memory(struct hub_call *call, void *memory);
void *hub_call_memory(const struct hub_call *call);

enum hub_target {
    HUB_TARGET_ALL,
    HUB_TARGET_OTHERS, /* all but the caller */
    HUB_TARGET_CALLER,
    HUB_TARGET_CLIENT, /* name: a connection id */
    HUB_TARGET_GROUP,  /* name: a group */
    HUB_TARGET_OTHERS_IN_GROUP,
    HUB_TARGET_USER, /* name: a user id */
};

/*
 * Actions. They are carried out in the order given; a join is complete before the next action
 * starts, so that a message to the group reaches who just joined. Views are copied. A failed action
 * ends the call with an error the client can see.
 */

/** Invoke ${method} on the target's clients. ${arguments} is a JSON array text. ${excluded}:
 * connection ids left out, may be NULL. */
void hub_call_send(struct hub_call *call, enum hub_target target, struct bytes name,
                   struct bytes method, struct bytes arguments, const struct bytes *excluded,
                   size_t excluded_count);
/** As above for raw connections, or any finished ${value} (JSON text) on the bus. */
void hub_call_send_raw(struct hub_call *call, enum hub_target target, struct bytes name,
                       struct bytes value, const struct bytes *excluded, size_t excluded_count);
/** ${connection_id} empty = the caller. */
void hub_call_join(struct hub_call *call, struct bytes connection_id, struct bytes group);
void hub_call_leave(struct hub_call *call, struct bytes connection_id, struct bytes group);
/** ${value} is JSON text. Ignored when the call has ended. */
void hub_call_progress(struct hub_call *call, struct bytes value);
/** A member of the hub state that the client shall take over; ${value} is JSON text. */
void hub_call_set_state(struct hub_call *call, struct bytes name, struct bytes value);

/* Exactly one of these ends the call, after the actions before it are accepted by the farm. */

/** ${value} is JSON text; empty = void. */
void hub_call_return(struct hub_call *call, struct bytes value);
/** A deliberate error: its text and data (JSON or empty) always reach the client ("HubException").
 */
void hub_call_throw(struct hub_call *call, struct bytes text, struct bytes data);
/** Any other error: the client sees ${detail} only with detailed errors on. */
void hub_call_fail(struct hub_call *call, struct bytes detail);
/** No method of that name or argument count; the backend lists what there is, or nothing. */
void hub_call_unknown_method(struct hub_call *call, struct bytes candidates);
/** CONNECTED: this client may not connect. Its start is answered 403 and the connection ended. */
void hub_call_refuse(struct hub_call *call, struct bytes text);

/** An action could not even be made: the call will end with this error, however it is ended. */
void hub_call_spoil(struct hub_call *call, enum status status);
/** One of the above has been called. */
bool hub_call_is_over(const struct hub_call *call);

struct hub_backend;
struct upstreams;
struct worker_app;

/** hub_call_begin(app, backend, hub): A call without a caller, for what a backend does of its own
 * accord; actions and end as of any other. NULL when out of memory, or when the app serves no hubs.
 */
struct hub_call *hub_call_begin(struct worker_app *app, struct hub_backend *backend,
                                struct bytes hub);

/* What a worker offers the backends it makes. */
struct hub_backend_context {
    struct timers *timers;
    struct log *log;
    struct poster home;                /* reaches this worker's loop from any thread */
    const struct upstreams *upstreams; /* the node's; NULL = none */
    size_t worker;                     /* its index in the node */
    struct worker_app *app;
    struct bytes hub; /* canonical name */
};

struct hub_backend_operations {
    /* Invocations and events alike; ends with one of the four calls above. */
    void (*call)(struct hub_backend *backend, struct hub_call *call);
    /* The caller is gone; the backend may forget the call but must still end it (nobody sees the
     * result). Optional. */
    void (*canceled)(struct hub_backend *backend, struct hub_call *call);
    /* The call is over, with everything it ordered, or is dropped because the worker stops; its
     * memory goes. Optional. */
    void (*ended)(struct hub_backend *backend, struct hub_call *call, bool is_refused);
    /* Methods for the generated script: the ${index}-th name in ${name}; false when there is none.
     */
    bool (*method)(const struct hub_backend *backend, size_t index, struct bytes *name);
    void (*free)(struct hub_backend *backend);
    /* info.token is made for it. */
    bool wants_token;
};

/* Embedded first in whatever implements it. One object per hub and worker: no locks. */
struct hub_backend {
    const struct hub_backend_operations *operations;
};

#endif
