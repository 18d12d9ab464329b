/* SPDX-License-Identifier: MIT */
/*
 * fake_application: a web application in memory that answers ChatHub of a scenario. It keeps what
 * it is sent until the test answers it; it can be away, or silent.
 */
#ifndef HUBPLANE_TESTS_FAKE_APPLICATION_H
#define HUBPLANE_TESTS_FAKE_APPLICATION_H

#include "service/hubs/hub_upstream.h"
#include "service/upstream/upstream.h"
#include "service/upstream/upstream_socket.h"
#include "tests/scenario/scenario.h"
#include "tests/support/fake_sink.h"

struct fake_application {
    struct upstream_dialer dialer; /* first */
    struct scenario *scenario;
    struct upstream_settings settings; /* may be changed before scenario_start() */
    struct list sockets;
    struct fake_application_socket *current; /* whose request was taken last */
    struct buffer request;                   /* that request */

    /* Settings. */
    bool is_away;   /* nobody listens */
    bool is_silent; /* connections do not come about */

    size_t dial_count;
    size_t open_count; /* sockets */
};

/** ChatHub of ${scenario} is answered by it. Between scenario_init() and scenario_start(). */
void fake_application_init(struct fake_application *application, struct scenario *scenario);
/** After scenario_deinit(). */
void fake_application_deinit(struct fake_application *application);
/** Run the scenario and take one request that has arrived: its event, such as "connected", or ""
 * when there is none. Lives until the next call. */
const char *fake_application_take(struct fake_application *application);
/** Let time pass until a request has arrived, which must be ${event}; at most a minute. */
void fake_application_await(struct fake_application *application, const char *event);
/** Answer the request taken last; ${type} NULL = application/json. Runs the scenario. */
void fake_application_answer(struct fake_application *application, int status, const char *type,
                             const char *body);
/** Take a request, which must be ${event}, and answer it with 200 and nothing. */
void fake_application_accept(struct fake_application *application, const char *event);
/** Send these bytes instead of an answer. */
void fake_application_write(struct fake_application *application, const char *bytes);
/** Drop the connection of the request taken last. */
void fake_application_hang_up(struct fake_application *application);

#endif
