/* SPDX-License-Identifier: MIT */
/*
 * bench_client: thousands of WebSocket clients on one epoll, of SignalR 2 or another protocol. Only
 * as much of each as a measurement needs, so that it costs little itself.
 *
 * What is measured travels as one string of the payload: '#', 16 hex digits of time, 8 of a
 * sequence, then padding.
 */
#ifndef HUBPLANE_BENCH_CLIENT_H
#define HUBPLANE_BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/bench_protocol.h"

enum { BENCH_MARK_BYTES = 25 };

enum bench_client_state {
    BENCH_CLIENT_CLOSED,
    BENCH_CLIENT_UPGRADING, /* connecting, or waiting for 101 */
    BENCH_CLIENT_OPENING,   /* the WebSocket is open; the welcome has not come yet */
    BENCH_CLIENT_OPEN,
};

struct bench_client {
    enum bench_client_state state;
    int fd;
    uint16_t port;
    bool resumes; /* /reconnect, which has no welcome */
    uint32_t number;
    bool publishes;    /* rather than listens, where that is said in opening */
    uint32_t channel;  /* on which it does, where that is said in opening; 0 is everybody's */
    uint32_t expected; /* sequence of the next message */
    char *token;       /* percent-encoded; SignalR 2 only */
    char id[40];
    char cursor[32];
    uint8_t *held; /* the beginning of a frame whose rest has not come */
    size_t held_length;
    char *out; /* not yet sent */
    size_t out_length;
    size_t out_capacity;
    bool wants_room;
};

struct bench_clients {
    const struct bench_protocol *protocol;
    int epoll;
    struct bench_client *items;
    uint32_t count;
    uint32_t open_count;
    uint8_t *scratch;
    bool keeps_cursors;
    uint64_t results; /* of invocations */
    uint64_t errors;  /* results that are errors */
    uint64_t closed;  /* by the server */
    uint64_t refused; /* answers other than 101 */
    uint64_t frames;
    /* A message has come. */
    void (*on_message)(void *owner, struct bench_client *client, uint64_t time, uint32_t sequence);
    void *owner;
};

void bench_clients_init(struct bench_clients *clients, const struct bench_protocol *protocol,
                        uint32_t count);
/** Negotiate (SignalR 2), waiting for the answer, and begin to connect to ${port}. */
void bench_client_open(struct bench_clients *clients, struct bench_client *client, uint16_t port);
/** Open again where it stopped. */
void bench_client_resume(struct bench_clients *clients, struct bench_client *client, uint16_t port);
/** What SignalR 2 clients do once open: /start. Waits for the answer. */
void bench_client_start(struct bench_clients *clients, struct bench_client *client);
/** Cut the connection, without a word. */
void bench_client_cut(struct bench_clients *clients, struct bench_client *client);
/** Cut it and, over HTTP, say that it will not come back. */
void bench_client_abort(struct bench_clients *clients, struct bench_client *client);

/** Queue one text message; it leaves with bench_client_flush(). */
void bench_client_send(struct bench_client *client, const char *text, size_t length);
void bench_client_flush(struct bench_clients *clients, struct bench_client *client);

/** Handle what has happened, waiting at most ${wait_ns} for it. */
void bench_clients_poll(struct bench_clients *clients, uint64_t wait_ns);

#endif
