/* SPDX-License-Identifier: MIT */
/*
 * upstream_call: one call or event on its way to the web application and back. A worker makes it
 * and gives it to upstream_send(); it comes home to that worker with the answer, and goes back with
 * upstream_release() when the answer has been carried out, which lets the connection's next one
 * start.
 */
#ifndef HUBPLANE_SERVICE_UPSTREAM_CALL_H
#define HUBPLANE_SERVICE_UPSTREAM_CALL_H

#include "common/base/list.h"
#include "common/base/payload.h"
#include "common/base/poster.h"
#include "common/base/timer.h"
#include "service/http/http_response_parser.h"

enum upstream_event {
    UPSTREAM_MESSAGE,
    UPSTREAM_CONNECTED,
    UPSTREAM_DISCONNECTED, /* waits for the application to come back, as long as the node lives */
};

/* Where it is; only the upstream's loop looks at it. */
enum upstream_call_state {
    UPSTREAM_CALL_BEHIND,   /* an earlier one of its connection is not released yet */
    UPSTREAM_CALL_READY,    /* first of its connection; waits for a socket */
    UPSTREAM_CALL_SENT,     /* on a socket */
    UPSTREAM_CALL_ANSWERED, /* at home, until it is released */
};

struct upstream;
struct upstream_line;
struct upstream_socket;

struct upstream_call {
    /* Set by the worker before upstream_send(). */
    enum upstream_event event;
    struct payload *request; /* one reference */
    char *connection_id;
    struct poster home;
    void (*on_answered)(struct upstream_call *call); /* on the home loop, once */
    void *owner;

    /* The answer. OK: `answer` is set. UNREACHABLE, CANCELED: it never left. DENIED: the
     * application has refused this connection before. QUEUE_FULL, BACKPLANE_DOWN (the circuit is
     * open), TIMED_OUT, OUTCOME_UNKNOWN, PROTOCOL, LIMIT, NO_MEMORY. */
    enum status status;
    struct http_answer answer;
    struct buffer body;
    char content_type[64];

    /* Set by the worker before upstream_release(): the answer to CONNECTED was a refusal. */
    bool is_refused;
    bool is_home; /* the worker's */

    /* The upstream's. */
    struct upstream *upstream;
    struct list_node node;  /* in its line */
    struct list_node ready; /* in upstream->ready while READY */
    struct upstream_line *line;
    struct upstream_socket *socket; /* while SENT */
    struct timer timer;
    enum upstream_call_state state;
};

/** upstream_call_new(): Zeroed. NULL when out of memory. */
struct upstream_call *upstream_call_new(void);
/** Not while an upstream has it. NULL does nothing. */
void upstream_call_free(struct upstream_call *call);

#endif
