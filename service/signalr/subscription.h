/* SPDX-License-Identifier: MIT */
/*
 * subscription: opening a transport, whatever the reason, as one operation (service/DESIGN.md):
 * subscribe to the connection's topics from its cursor on; look through the replay for joins and
 * leaves the client does not know of yet; write the replay; attach.
 */
#ifndef HUBPLANE_SERVICE_SUBSCRIPTION_H
#define HUBPLANE_SERVICE_SUBSCRIPTION_H

#include "service/signalr/connection.h"

/* A group the connection is in, by its full topic, and since when. */
struct subscription_group {
    struct bytes topic;
    uint64_t since;
};

struct subscription_options {
    uint64_t since; /* the client's cursor; BACKPLANE_NO_REPLAY = from now on */
    const struct subscription_group *groups;
    size_t group_count;
    bool is_init;          /* S:1, the connection is new */
    bool raises_connected; /* clients before 1.4: OnConnected comes before S:1 */
    bool raises_reconnected;
    bool sends_groups;        /* the groups differ from what the client knows */
    struct bytes acknowledge; /* command id to acknowledge once it has taken effect; empty = none */
};

/** Start; the connection has its transport and identity and becomes OPENING. OK or NO_MEMORY
 * (nothing has changed but the state: end the transport). */
MUST_CHECK enum status subscription_open(struct connection *connection,
                                         const struct subscription_options *options);
/** Whether the one under way, if any, subscribes to ${topic}. */
bool subscription_wants(const struct connection *connection, const struct topic *topic);
/** With one under way: as of message ${id} the connection leaves what it was in of hub ${index},
 * also groups of which only the replay will tell. OK or NO_MEMORY. */
MUST_CHECK enum status subscription_leave_hub(struct connection *connection, size_t index,
                                              uint64_t id);
/** Forget one under way. */
void subscription_cancel(struct connection *connection);
/** Give back every topic of a set, here and at the backplane. */
void subscription_release_set(struct worker_app *app, struct topic_set *set);

#endif
