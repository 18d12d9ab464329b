/* SPDX-License-Identifier: MIT */
/*
 * redis_endpoint: what the Redis packages of SignalR 2 take for a Redis server. Several addresses
 * (doors), several apps behind each, told apart by their key. A script's publish becomes a publish
 * to the farm, a subscription hears every frame of the app. No sockets: bytes in, a sink out; on
 * the link loop, with a backplane port of its own.
 */
#ifndef HUBPLANE_SERVICE_REDIS_ENDPOINT_H
#define HUBPLANE_SERVICE_REDIS_ENDPOINT_H

#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/timer.h"
#include "service/backplane/backplane_port.h"

struct redis_endpoint;

enum {
    /* Clients give up after 5 s: they must have heard before. */
    REDIS_ENDPOINT_WAIT_MS = 4000,
    REDIS_ENDPOINT_COMMAND_MAX_BYTES = 16 * 1024 * 1024 + 4096,
    /* Before AUTH a stranger may make us keep only little. */
    REDIS_ENDPOINT_STRANGER_MAX_BYTES = 16 * 1024,
    REDIS_ENDPOINT_STRANGER_ARGUMENTS_MAX = 10,
};

/* An address. */
struct redis_door {
    const char *address;       /* as configured, for messages */
    const char *password_file; /* read at every AUTH; NULL = no password */
};

/* An app behind a door. */
struct redis_door_app {
    const char *name;
    const char *key;
    uint16_t handle;
    size_t door; /* index */
};

struct redis_endpoint_metrics {
    struct metrics *registry;
    size_t failed_publishes;
};

struct redis_endpoint_options {
    struct timers *timers; /* its clock is the endpoint's */
    struct log *log;
    struct redis_endpoint_metrics metrics;
    struct backplane_port *port; /* nobody else's; its handler is redis_endpoint_port_handler */
    /* Immutable, outlive the endpoint. */
    const struct redis_door *doors;
    size_t door_count;
    const struct redis_door_app *apps;
    size_t app_count;
};

/** OK or NO_MEMORY. */
MUST_CHECK enum status redis_endpoint_new(const struct redis_endpoint_options *options,
                                          struct redis_endpoint **out);
/** Its sessions must be closed. Publishes under way go on, but nobody is told. NULL does nothing.
 */
void redis_endpoint_free(struct redis_endpoint *endpoint);
/** The node stops: what has been read is still answered, nothing more is read. */
void redis_endpoint_drain(struct redis_endpoint *endpoint);

/** For the port: owner is the endpoint. */
extern const struct backplane_port_handler redis_endpoint_port_handler;

#endif
