/* SPDX-License-Identifier: MIT */
/*
 * load_client: a raw SignalR 2 client for load and fault runs, many on one loop: negotiate, connect
 * over WebSocket, server-sent events or long polling, start, invoke, and reconnect with cursor and
 * groups token, on the same node or the next of a list.
 */
#ifndef HUBPLANE_TESTS_LOAD_CLIENT_H
#define HUBPLANE_TESTS_LOAD_CLIENT_H

#include "common/base/bytes.h"
#include "common/net/loop.h"

enum load_transport { LOAD_WEB_SOCKETS, LOAD_SERVER_SENT_EVENTS, LOAD_LONG_POLLING };

struct load_client;

struct load_client_handler {
    /* Connected for the first time: messages flow, invocations work. */
    void (*on_started)(void *owner);
    /* One element of M as JSON text, in the order received. */
    void (*on_message)(void *owner, struct bytes json);
    /* The answer to load_client_invoke(): {"R":…} or {"E":…}; ${json} is empty when the request
     * failed on the way: outcome unknown. */
    void (*on_result)(void *owner, uint64_t id, struct bytes json);
    /* The transport was lost, or is back. */
    void (*on_connection)(void *owner, bool is_up);
    /* It gave up, or was stopped; the last call. */
    void (*on_ended)(void *owner, const char *reason);
};

struct load_client_options {
    struct loop *loop;
    const char *const *addresses; /* nodes, HOST:PORT; borrowed */
    size_t address_count;
    size_t first_address;
    bool hops; /* reconnects go to the next node of the list */
    enum load_transport transport;
    const char *path;     /* "/signalr" */
    const char *hub;      /* "chathub" */
    const char *user;     /* NULL = none; sent as the query parameter "user" */
    uint32_t retry_ms;    /* pause before each new attempt */
    uint32_t patience_ms; /* gives up after so long without a transport */
};

MUST_CHECK enum status load_client_new(const struct load_client_options *options,
                                       const struct load_client_handler *handler, void *owner,
                                       struct load_client **out);
/** ${arguments} is a JSON array text. Returns the id that on_result will name. */
uint64_t load_client_invoke(struct load_client *client, const char *method, struct bytes arguments);
/** Break the transport as a network would; the client reconnects. */
void load_client_break(struct load_client *client);
/** Post /abort and end; on_ended fires later. */
void load_client_stop(struct load_client *client);
/** After on_ended, not inside it. */
void load_client_free(struct load_client *client);
bool load_client_is_up(const struct load_client *client);
const char *load_client_id(const struct load_client *client);

#endif
