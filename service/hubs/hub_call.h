/* SPDX-License-Identifier: MIT */
/*
 * hub_call: one call under way, from the backend's first action to the answer. The actions are in
 * hub_backend.h; here is what the rest of the worker needs: making a call and hearing how it ended.
 */
#ifndef HUBPLANE_SERVICE_HUB_CALL_H
#define HUBPLANE_SERVICE_HUB_CALL_H

#include "common/base/list.h"
#include "service/hubs/hub_backend.h"

struct worker_app;
struct app_path;

/* How a call ended. Views live during the callback. */
struct hub_call_outcome {
    bool is_ok;        /* false: the method failed, `json` says how */
    bool is_refused;   /* CONNECTED: the client may not connect */
    struct bytes json; /* the result object, {"I":"0",...}; of events and raw data empty */
};

/* Exactly once, never inside hub_call_start(), unless the caller was lost before. */
typedef void (*hub_call_ended_fn)(void *owner, const struct hub_call_outcome *outcome);

struct hub_call_options {
    struct worker_app *app;
    const struct app_path *path;
    struct hub_backend *backend; /* NULL: the hub could not be made, the call fails */
    struct hub_call_info info;   /* views are copied */
    struct bytes hub_as_spelled; /* for error texts */
    bool
        is_too_deep; /* an argument nests too deeply: the call fails without reaching the backend */
    hub_call_ended_fn on_ended; /* NULL = nobody waits */
    void *owner;
};

/** Make the call and hand it to its backend. OK, or NO_MEMORY: nothing will be called. ${*out} is
 * for hub_call_lose_caller() and valid until it has ended. */
MUST_CHECK enum status hub_call_start(const struct hub_call_options *options,
                                      struct hub_call **out);

/** Keep ${call} in ${callers} until it ends, so that all of them can be told when the transport
 * goes. */
void hub_call_track(struct hub_call *call, struct list *callers);
/** Nobody waits for the result any more; the call goes on to its end. */
void hub_call_lose_caller(struct hub_call *call);
/** The same for every call tracked in a list. */
void hub_call_lose_callers(struct list *callers);

/** The position has moved: results that waited for their progress to be delivered may go. */
void hub_call_position_moved(struct worker_app *app);
/** Free every call of a worker that stops. */
void hub_call_drop_all(struct worker_app *app);

#endif
