/* SPDX-License-Identifier: MIT */
/*
 * fake_backplane: a farm in memory for several workers' backplane ports: one order of messages,
 * history, interest, notices between the workers of a node. Nothing happens inside a call: commands
 * and events wait until fake_backplane_run(), and a test can hold either back.
 */
#ifndef HUBPLANE_TESTS_FAKE_BACKPLANE_H
#define HUBPLANE_TESTS_FAKE_BACKPLANE_H

#include "common/base/list.h"
#include "common/base/map.h"
#include "service/backplane/backplane_port.h"

enum { FAKE_BACKPLANE_PORTS_MAX = 8, FAKE_BACKPLANE_APP = 1 };

struct fake_backplane;

/* One worker. Fields under "settings" may be written by a test at any time. */
struct fake_port {
    struct backplane_port port; /* first */
    struct fake_backplane *farm;
    const struct backplane_port_handler *handler;
    void *owner;
    int node; /* workers with the same number hear each other's notices */

    /* Settings. */
    bool holds_commands; /* the link is down: nothing leaves the worker */
    bool holds_events;   /* nothing arrives */

    struct list commands;
    struct list events;
    struct map topics; /* topic -> number of uses, as a pointer */
    size_t subscribe_count;
    size_t unsubscribe_count;
    size_t cancel_count;
};

struct fake_message {
    uint64_t id;
    struct payload *frame;
};

struct fake_backplane {
    struct fake_port ports[FAKE_BACKPLANE_PORTS_MAX];
    size_t port_count;
    struct fake_message *history;
    size_t history_count;
    size_t history_capacity;
    uint64_t last_id;       /* may be raised by a test */
    uint64_t retained_from; /* messages below are not retained any more */
    uint8_t secrets[2][BACKPLANE_SECRET_BYTES];

    /* Settings. */
    bool is_buffering; /* Redis is away: publishes wait */
    enum status
        publish_status;       /* what publishers are told instead of OK, and nothing is published */
    bool is_silent_about_ids; /* accepted, but the id is not known */

    size_t publish_count; /* accepted */
    struct buffer log;    /* topic + space + value + line end of every message published */
};

void fake_backplane_init(struct fake_backplane *farm);
/** The hosts must be gone. */
void fake_backplane_deinit(struct fake_backplane *farm);
/** A port of one worker; call fake_port_attach() once its host exists. */
struct fake_port *fake_backplane_add(struct fake_backplane *farm, int node);
/** Tell the host the state and the token secrets. */
void fake_port_attach(struct fake_port *port, const struct backplane_port_handler *handler,
                      void *owner);
void fake_port_set_state(struct fake_port *port, enum backplane_state state);
/** Hand the host another pair of secrets (or none was given yet). */
void fake_port_set_secrets(struct fake_port *port, uint8_t first);
/** Forget the host: what is under way for it is dropped. */
void fake_port_detach(struct fake_port *port);
/** Carry everything that is not held to its end. True when anything was done. */
bool fake_backplane_run(struct fake_backplane *farm);
/** Publish as another server of the farm would. Returns the id. */
uint64_t fake_backplane_publish(struct fake_backplane *farm, const struct signalr_message *messages,
                                size_t count);
/** Tell a port that everything up to now has been handed over. */
void fake_port_send_position(struct fake_port *port);
/** Uses of a topic by one worker. */
size_t fake_port_uses(const struct fake_port *port, struct bytes topic);
size_t fake_port_topic_count(const struct fake_port *port);
/** How many messages of exactly this topic were published so far. */
size_t fake_backplane_published(const struct fake_backplane *farm, struct bytes topic);

#endif
