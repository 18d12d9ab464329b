/* SPDX-License-Identifier: MIT */
/*
 * worker_port: the two mailboxes between a worker and the backplane. Commands go up one by one;
 * events are gathered per worker and go down in one batch at the end of the link loop's turn, in
 * order.
 */
#ifndef HUBPLANE_SERVICE_WORKER_PORT_H
#define HUBPLANE_SERVICE_WORKER_PORT_H

#include "common/base/list.h"
#include "service/backplane/backplane.h"
#include "service/backplane/recent_ring.h"

enum port_command_kind {
    PORT_PUBLISH,
    PORT_SUBSCRIBE,
    PORT_UNSUBSCRIBE,
    PORT_QUERY,
    PORT_NOTIFY,
};

/* From a worker to the link loop, which frees it. */
struct port_command {
    struct backplane *backplane;
    enum port_command_kind kind;
    uint16_t app;
    uint32_t worker;
    struct backplane_request *request; /* NULL = nobody waits */
    struct payload *frame;             /* PUBLISH: one reference */
    uint32_t wait_ms;                  /* PUBLISH: how long to wait; 0 = as configured */
    enum backplane_notice notice;
    size_t topic_count;
    struct backplane_topic topics[]; /* the texts stand behind them in the same allocation */
};

enum port_event_kind {
    PORT_MESSAGES,
    PORT_POSITION,
    PORT_GAP,
    PORT_STATE,
    PORT_SECRETS,
    PORT_NOTICE,
    PORT_PUBLISHED,
    PORT_SUBSCRIBED,
    PORT_QUERIED,
};

/* From the link loop to a worker, which frees it. */
struct port_event {
    struct port_event *next;
    enum port_event_kind kind;
    uint16_t app;
    struct backplane_request *request; /* PUBLISHED, SUBSCRIBED, QUERIED */
    union {
        struct recent_selection messages;
        uint64_t position;
        struct {
            uint64_t from;
            uint64_t to;
        } gap;
        enum backplane_state state;
        struct {
            size_t count;
            uint8_t secrets[2][BACKPLANE_SECRET_BYTES];
        } secrets;
        struct {
            enum backplane_notice kind;
            size_t id_length;
            uint8_t id[128];
        } notice;
        struct {
            enum status status;
            uint64_t id;
        } published;
        struct {
            enum status status;
            uint64_t position;
            uint64_t missing_to;
            uint64_t restarted_at;
            struct recent_selection messages;
        } subscribed;
        struct {
            enum status status;
            bool exists;
        } queried;
    } as;
};

/* A worker's side. */
struct worker_port {
    struct backplane_port port;
    struct backplane *backplane;
    uint32_t index;
    struct poster link_loop; /* post NULL: this worker lives on the link loop */
    struct clock *clock;
    const struct backplane_port_handler *handler;
    void *owner;
    struct list requests; /* waiting for their callback */
};

/* The link loop's side: what one worker will get at the end of this turn. */
struct worker_outbox {
    struct worker_port *port;
    struct poster worker_loop; /* post NULL: the same loop */
    struct port_event *first;
    struct port_event *last;
};

void worker_port_init(struct worker_port *port, struct backplane *backplane, uint32_t index,
                      struct poster link_loop);
/** Frees the requests nobody will answer any more. */
void worker_port_deinit(struct worker_port *port);

/** Append an event for the caller to fill in. Aborts when out of memory: a hole in a feed cannot be
 * made good. */
struct port_event *worker_outbox_add(struct worker_outbox *outbox, enum port_event_kind kind,
                                     uint16_t app);
/** Append a live message, to the last event if that is a batch of the same app. */
enum status worker_outbox_add_message(struct worker_outbox *outbox, uint16_t app,
                                      const struct backplane_message *message);
/** Send what was gathered. */
void worker_outbox_flush(struct worker_outbox *outbox);
void worker_outbox_deinit(struct worker_outbox *outbox);

#endif
