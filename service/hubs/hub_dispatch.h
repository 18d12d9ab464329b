/* SPDX-License-Identifier: MIT */
/* hub_dispatch: brings what clients send, and what happens to them, to the backends of their hubs.
 */
#ifndef HUBPLANE_SERVICE_HUB_DISPATCH_H
#define HUBPLANE_SERVICE_HUB_DISPATCH_H

#include "service/hubs/hub_call.h"
#include "service/signalr/connection.h"

/* On whose behalf: a connection here, or a request of one that may be anywhere. */
struct hub_dispatch_caller {
    struct worker_app *app;
    const struct app_path *path;
    uint64_t hubs;
    struct bytes connection_id;
    struct bytes user;
    struct bytes query;
    struct bytes headers; /* as in struct hub_call_info */
    struct bytes claims;
};

/** Text from a WebSocket; the result goes back there. What is no invocation of a hub we know is
 * dropped, as the reference does. */
void hub_dispatch_receive(struct connection *connection, struct bytes text);

/** The `data` of /send. OK: ${fn} will be called with the result (raw data: with an empty one);
 * INVALID, LIMIT - not an invocation; NOT_FOUND - no such hub; NO_MEMORY. */
MUST_CHECK enum status hub_dispatch_send(const struct hub_dispatch_caller *caller,
                                         struct bytes data, hub_call_ended_fn fn, void *owner,
                                         struct hub_call **out);

struct hub_dispatch_start;
enum hub_start {
    HUB_START_OK,
    HUB_START_FAILED,  /* any of the hubs failed */
    HUB_START_REFUSED, /* any of them refused the client */
};
/* Once, later, unless canceled. */
typedef void (*hub_dispatch_started_fn)(void *owner, enum hub_start result);
/** OnConnected of every hub the caller has registered. NULL when out of memory. */
struct hub_dispatch_start *hub_dispatch_connected(const struct hub_dispatch_caller *caller,
                                                  hub_dispatch_started_fn fn, void *owner);
/** ${fn} will not be called. */
void hub_dispatch_cancel(struct hub_dispatch_start *start);

/** For clients before 1.4: OnConnected once per connection, then S:1. */
void hub_dispatch_connected_before_init(struct connection *connection);
void hub_dispatch_reconnected(const struct connection *connection);
void hub_dispatch_disconnected(const struct connection *connection, bool stop_called);

#endif
