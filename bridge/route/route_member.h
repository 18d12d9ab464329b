/* SPDX-License-Identifier: MIT */
/*
 * route_member: one node in one app: what it listens to and how far it has been served. Live as
 * long as it keeps up; else it reads the history at its own pace, so that a slow node costs a
 * place, not a queue.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_MEMBER_H
#define HUBPLANE_BRIDGE_ROUTE_MEMBER_H

#include "bridge/route/route_history.h"
#include "bridge/route/route_publisher.h"
#include "common/wire/link_server.h"

struct route_app;

/* The node's link, shared by its memberships. */
struct route_peer {
    struct link_server *link;
    struct sink *sink;
    bool is_bridge;            /* another bridge, which asks for what this one knows */
    size_t deliver_high_bytes; /* queued in the sink: above it, deliveries wait in the history */
    size_t ungranted_bytes;    /* of finished publishes, not worth a CREDIT of their own yet */
};

enum { ROUTE_GRANT_AFTER_BYTES = 256 * 1024 };

enum route_member_state {
    ROUTE_MEMBER_OPENING, /* OPEN is not answered yet: the app has no position */
    ROUTE_MEMBER_LIVE,    /* gets each message as it comes; its position is the app's */
    /* has its own position: replays first, then the history, then live again */
    ROUTE_MEMBER_BEHIND,
    ROUTE_MEMBER_FAILED, /* too slow; its link is being closed */
};

struct route_member {
    struct list_node in_app;
    struct list_node in_listeners; /* of every message; linked when listens_to_all */
    struct route_app *app;
    struct route_peer *peer;
    struct route_publisher *publisher;
    enum route_member_state state;
    uint16_t handle;
    bool listens_to_all;
    /* what the node had seen when it opened the app, perhaps by another bridge */
    uint64_t seen;
    uint64_t position; /* BEHIND: everything up to it that concerns the node has been sent */
    /* id of the last message sent live, so that several topics of one message count once */
    uint64_t delivered;
    struct list interests; /* struct route_interest.in_member */
    struct list replays;   /* struct route_replay, the first is being served */
    struct list queries;   /* struct route_query, which other bridges are being asked */
};

/* A topic somebody listens to. */
struct route_interest {
    struct list_node in_topic;
    struct list_node in_member;
    struct route_topic *topic;
    struct route_member *member;
};

/* The topic that means every message. */
#define ROUTE_TOPIC_ALL BYTES("*")

struct route_member *route_member_new(struct route_app *app, struct route_peer *peer,
                                      uint16_t handle);
/** Leaves every topic, ends its replays. The app unlinks it first. */
void route_member_free(struct route_member *member);
/** OK or NO_MEMORY. Adding twice and removing the absent do nothing. */
MUST_CHECK enum status route_member_listen(struct route_member *member, struct bytes topic,
                                           bool is_added);
/** Everything up to it that concerns the node has been sent. */
uint64_t route_member_position(const struct route_member *member);
/** Whether the link takes another message now. */
bool route_member_can_send(const struct route_member *member);
/** Send a message on the link: for ${request}, a REPLAY, or live when it is 0. The trailer stays
 * behind unless ${is_whole}, or the node listens to every message: no other has a use for it. */
void route_member_send(struct route_member *member, uint32_t request, uint64_t id,
                       struct payload_slice frame, bool is_foreign, bool is_whole);
/** Live delivery of the newest message to a member that listens to it. */
void route_member_deliver(struct route_member *member, const struct route_entry *entry);
/** Keep the present position until route_member_resume() finds nothing in the way. */
void route_member_fall_behind(struct route_member *member, uint64_t position);
/** The node's publishes of this size are finished with: it may send as much again. */
void route_member_grant(struct route_member *member, size_t bytes);
/** BEHIND: send what is new up to the app's position, and stay behind. False: the link is full, or
 * has failed. */
bool route_member_advance(struct route_member *member);
/** There may be room on the link again, or a replay has what it needs: go on. */
void route_member_resume(struct route_member *member);

#endif
