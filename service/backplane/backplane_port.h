/* SPDX-License-Identifier: MIT */
/*
 * backplane_port: a worker's door to the farm. Publishes, subscribes with replay, and hears
 * messages in message-id order. The real one (backplane.c) posts to the link loop and back; tests
 * implement it in memory. Everything here happens on the worker's own loop thread; callbacks come
 * later, never inside the call.
 */
#ifndef HUBPLANE_SERVICE_BACKPLANE_PORT_H
#define HUBPLANE_SERVICE_BACKPLANE_PORT_H

#include "common/base/payload.h"
#include "common/wire/signalr_message.h"

struct backplane_port;

enum { BACKPLANE_SECRET_BYTES = 32 };

/* How the farm looks from this node, per app. */
enum backplane_state {
    BACKPLANE_UNOPENED, /* never linked since start: no token secrets yet, clients get 503 */
    BACKPLANE_OPEN,
    BACKPLANE_BUFFERING, /* linked, but Redis is away: publishes wait */
    BACKPLANE_UNLINKED,  /* no bridge: publishes wait */
    BACKPLANE_CLOSED,    /* refused by the bridge: publishes fail at once */
};

/* One received bus message. Views point into ${frame}, which the receiver refs to keep them. For
 * who listens to "*" it stands for the whole frame: ${message} is its last one, or all empty where
 * the frame holds none. */
struct backplane_message {
    uint64_t id;
    struct signalr_message message;
    struct payload *frame;
    bool is_last_of_id; /* false: more messages of the same id follow (several in one payload) */
};

/* A topic to subscribe to: replay what is newer than ${since}; BACKPLANE_NO_REPLAY = from now on
 * only. */
struct backplane_topic {
    struct bytes topic;
    uint64_t since;
};
#define BACKPLANE_NO_REPLAY UINT64_MAX

/* The answer to a subscription. Views live during the callback. */
struct backplane_subscribed {
    enum status status; /* OK; CLOSED (app refused), LIMIT, CANCELED (shutting down) */
    /* from here on: every later on_messages() has larger ids, and is complete for these topics */
    uint64_t position;
    /* 0, or: messages up to this id that were asked for are no longer retained anywhere */
    uint64_t missing_to;
    /* BACKPLANE_NO_REPLAY, or: a since was above all the farm has reached, and this is where the
     * farm was when it was asked for; the replay has what has come after that */
    uint64_t restarted_at;
    const struct backplane_message *messages; /* the replay, in id order, all with id <= position */
    size_t count;
};

typedef void (*backplane_subscribed_fn)(void *owner, const struct backplane_subscribed *result);
/* ${id} is 0 when unknown (skipped retry). Status OK = accepted: design.md section 4. QUEUE_FULL,
 * TIMED_OUT (withdrawn, never left the node), BACKPLANE_DOWN, OUTCOME_UNKNOWN otherwise. */
typedef void (*backplane_published_fn)(void *owner, enum status status, uint64_t id);
typedef void (*backplane_query_fn)(void *owner, enum status status, bool exists);

/* A request that waits for its callback; cancel it when its owner goes away first. */
struct backplane_request;

/* What one worker says to the others of the same node about a connection. */
enum backplane_notice {
    /* the connection lives elsewhere now: drop the record without an event */
    BACKPLANE_NOTICE_MOVED,
    BACKPLANE_NOTICE_ABORT, /* the client posted /abort */
};

/* Told to the worker. */
struct backplane_port_handler {
    /* Live messages of subscribed topics, in id order; ${messages} live during the call. */
    void (*on_messages)(void *owner, uint16_t app, const struct backplane_message *messages,
                        size_t count);
    /* All messages up to ${position} that concern this node have been handed over. */
    void (*on_position)(void *owner, uint16_t app, uint64_t position);
    void (*on_gap)(void *owner, uint16_t app, uint64_t from, uint64_t to);
    void (*on_state)(void *owner, uint16_t app, enum backplane_state state);
    /* Token secrets: current first. */
    void (*on_secrets)(void *owner, uint16_t app, size_t count,
                       const uint8_t (*secrets)[BACKPLANE_SECRET_BYTES]);
    void (*on_notice)(void *owner, uint16_t app, enum backplane_notice notice,
                      struct bytes connection_id);
};

struct backplane_port_operations {
    void (*publish)(struct backplane_port *port, uint16_t app,
                    const struct signalr_message *message, backplane_published_fn fn, void *owner);
    void (*publish_frame)(struct backplane_port *port, uint16_t app, struct payload *frame,
                          uint32_t wait_ms, backplane_published_fn fn, void *owner);
    struct backplane_request *(*subscribe)(struct backplane_port *port, uint16_t app,
                                           const struct backplane_topic *topics, size_t count,
                                           backplane_subscribed_fn fn, void *owner);
    void (*unsubscribe)(struct backplane_port *port, uint16_t app, const struct bytes *topics,
                        size_t count);
    struct backplane_request *(*query)(struct backplane_port *port, uint16_t app,
                                       struct bytes topic, backplane_query_fn fn, void *owner);
    void (*notify)(struct backplane_port *port, uint16_t app, enum backplane_notice notice,
                   struct bytes connection_id);
    void (*cancel)(struct backplane_port *port, struct backplane_request *request);
};

/* Embedded first in whatever implements it. */
struct backplane_port {
    const struct backplane_port_operations *operations;
};

/** backplane_publish(port, app, message, fn, owner): Copies ${message}. ${fn} NULL = nobody waits
 * (still retried until accepted). In the order of the calls, exactly once. */
static inline void
backplane_publish(struct backplane_port *port, uint16_t app, const struct signalr_message *message,
                  backplane_published_fn fn, void *owner)
{
    port->operations->publish(port, app, message, fn, owner);
}

/** backplane_publish_frame(port, app, frame, wait_ms, fn, owner): The same with the bytes of a
 * frame as given, which must be one without anything behind its body (else INVALID). Takes a
 * reference of its own. ${wait_ms} is how long ${fn} is kept waiting; 0 = as long as any publish.
 */
static inline void
backplane_publish_frame(struct backplane_port *port, uint16_t app, struct payload *frame,
                        uint32_t wait_ms, backplane_published_fn fn, void *owner)
{
    port->operations->publish_frame(port, app, frame, wait_ms, fn, owner);
}

/* Every message of the app, as published. A port that subscribes to it, without replay, subscribes
 * to nothing else: it is given each frame once, in id order. */
#define BACKPLANE_EVERY_TOPIC BYTES("*")

/**
 * backplane_subscribe(port, app, topics, count, fn, owner):
 * Count one more use of each topic by this worker and, in ${fn}, learn from which id on they are
 * complete, together with the replay of what is newer than each topic's since. The worker lets live
 * messages reach the connection from inside ${fn} on, so that replay and live messages meet without
 * hole or overlap.
 *   Owns:     copies ${topics}. Each topic is released by backplane_unsubscribe(), also after cancel (cancel releases nothing).
 *   Returns:  a request for backplane_cancel(), valid until ${fn} is called.
 */
static inline struct backplane_request *
backplane_subscribe(struct backplane_port *port, uint16_t app, const struct backplane_topic *topics,
                    size_t count, backplane_subscribed_fn fn, void *owner)
{
    return port->operations->subscribe(port, app, topics, count, fn, owner);
}

/** One use less of each topic. */
static inline void
backplane_unsubscribe(struct backplane_port *port, uint16_t app, const struct bytes *topics,
                      size_t count)
{
    port->operations->unsubscribe(port, app, topics, count);
}

/** Whether anyone in the farm's C part listens to ${topic}. */
static inline struct backplane_request *
backplane_query(struct backplane_port *port, uint16_t app, struct bytes topic,
                backplane_query_fn fn, void *owner)
{
    return port->operations->query(port, app, topic, fn, owner);
}

/** Tell the other workers of this node that subscribe to "c-<connection_id>". */
static inline void
backplane_notify(struct backplane_port *port, uint16_t app, enum backplane_notice notice,
                 struct bytes connection_id)
{
    port->operations->notify(port, app, notice, connection_id);
}

/** The callback will not be called. */
static inline void
backplane_cancel(struct backplane_port *port, struct backplane_request *request)
{
    port->operations->cancel(port, request);
}

#endif
