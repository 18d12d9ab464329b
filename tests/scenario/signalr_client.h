/* SPDX-License-Identifier: MIT */
/*
 * signalr_client: a SignalR 2 client of a scenario: keeps token, cursor and groups token as the
 * real ones do, speaks any transport, and keeps what it was sent.
 */
#ifndef HUBPLANE_TESTS_SIGNALR_CLIENT_H
#define HUBPLANE_TESTS_SIGNALR_CLIENT_H

#include "tests/scenario/fake_client.h"

enum signalr_transport {
    WEB_SOCKETS,
    EVENT_STREAM,
    FOREVER_FRAME,
    LONG_POLLING,
    SIGNALR_TRANSPORTS
};

struct signalr_client {
    struct scenario *scenario;
    size_t host; /* where the next request goes; may be written */
    enum signalr_transport transport;
    const char *protocol; /* "2.1"; NULL = not sent */
    const char *path;     /* "/signalr" */
    const char *hubs;     /* connectionData, not encoded; NULL = none */
    const char *more;     /* further query, "&user=ann"; may be NULL */
    char *token;
    char *id;
    char *cursor;               /* NULL = none yet */
    char *groups_token;         /* NULL = none yet */
    struct fake_client *stream; /* the receive request; NULL = none */
    size_t read_from;           /* of its body */

    struct buffer messages; /* elements of M, one a line */
    struct buffer results;  /* hub results, one a line */
    struct buffer texts;    /* every envelope and keep-alive as it came, one a line */
    size_t keep_alive_count;
    size_t envelope_count;
    size_t init_count;
    size_t reconnect_count; /* T:1 */
    size_t groups_count;    /* G */
    size_t backward_count;  /* cursors lower than the one before */
    bool is_evicted;        /* E: it stops for good */
    bool has_opening;       /* "initialized", or the forever frame's document */
    uint64_t delay_ms;      /* L */
};

void signalr_client_init(struct signalr_client *client, struct scenario *scenario, size_t host,
                         enum signalr_transport transport);
void signalr_client_deinit(struct signalr_client *client);

/** Ask for a token. */
void signalr_client_negotiate(struct signalr_client *client);
/** Open the transport: ${suffix} is "connect", "reconnect" or "poll"; the old request, if any, is
 * dropped by the client. */
void signalr_client_open(struct signalr_client *client, const char *suffix);
/** Negotiate, connect, wait for S:1, and /start; long polling goes on polling. Fails the test if it
 * does not work. */
void signalr_client_start(struct signalr_client *client);
/** Read what has arrived. A complete poll is followed by the next one. */
void signalr_client_read(struct signalr_client *client);
/** Run the scenario and read until nothing more happens. */
void signalr_client_run(struct signalr_client *client);
/** The client's socket is gone; it does not say goodbye. */
void signalr_client_drop(struct signalr_client *client);
/** POST /abort. Returns the status. */
int signalr_client_abort(struct signalr_client *client);
/** Begin a GET of /start on ${host}; to be freed with fake_client_free(). */
struct fake_client *signalr_client_begin_start(struct signalr_client *client, size_t host);
/** GET of /start. Returns the status. */
int signalr_client_call_start(struct signalr_client *client);

/** Invoke a hub method: the JSON as it goes over the wire. On WebSocket as a text, else by /send;
 * the result is kept in `results`. Returns the status of /send, 200 for WebSocket. */
int signalr_client_invoke(struct signalr_client *client, const char *json);
/** ${arguments} is a JSON array. The id is 0. */
int signalr_client_call(struct signalr_client *client, const char *method, const char *arguments);
/** Target of a request: path, suffix and the usual parameters; kept until the next call. */
const char *signalr_client_target(struct signalr_client *client, const char *suffix,
                                  bool has_cursor);

/** The hub messages received so far, as "say:a say:b" (method and first argument), equal
 * ${expected}; then they are forgotten. */
void signalr_client_expect(struct signalr_client *client, const char *expected);
/** The results received so far equal ${expected} (lines); then they are forgotten. */
void signalr_client_expect_results(struct signalr_client *client, const char *expected);

/** Whether the receive request is still open. */
bool signalr_client_is_receiving(const struct signalr_client *client);

#endif
