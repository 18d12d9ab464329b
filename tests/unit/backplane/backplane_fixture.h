/* SPDX-License-Identifier: MIT */
/*
 * backplane_fixture: a backplane with two workers, the second on "another loop", linked over a pipe
 * in virtual time to a bridge end that the test scripts. What workers and bridge are told becomes
 * text.
 */
#ifndef HUBPLANE_TESTS_UNIT_BACKPLANE_FIXTURE_H
#define HUBPLANE_TESTS_UNIT_BACKPLANE_FIXTURE_H

#include "common/wire/link_server.h"
#include "service/backplane/backplane.h"
#include "tests/support/link_pipe.h"

enum { FIXTURE_WORKERS = 2, FIXTURE_POSTS = 256 };

/* Work posted to another loop. */
struct fixture_queue {
    void (*fn[FIXTURE_POSTS])(void *argument);
    void *argument[FIXTURE_POSTS];
    size_t count;
};

struct fixture_worker {
    struct backplane_fixture *fixture;
    int index;
};

struct backplane_fixture {
    struct clock clock;
    struct timers timers;
    struct log log;
    struct backplane *backplane;
    struct backplane_port *ports[FIXTURE_WORKERS];
    struct fixture_worker workers[FIXTURE_WORKERS];
    struct fixture_queue to_worker; /* worker 1's loop */
    struct fixture_queue to_link;
    bool is_flush_wanted;
    struct link_pipe pipe;
    struct link_server *server; /* NULL while there is no link */
    struct buffer told_bridge;
    struct buffer told_workers;
    struct link_opened opened; /* what the bridge answers OPEN with */
    bool is_refusing;          /* it refuses instead */
};

/** ${spool_bytes}, ${recent_bytes}: of backplane_options. Not linked yet. */
void backplane_fixture_init(struct backplane_fixture *fixture, size_t spool_bytes,
                            size_t recent_bytes);
void backplane_fixture_deinit(struct backplane_fixture *fixture);
/** Connect; the app is open afterwards unless the bridge refuses. */
void backplane_fixture_link(struct backplane_fixture *fixture);
void backplane_fixture_cut(struct backplane_fixture *fixture);
/** Move everything that waits: pipe, posted work, flushes. */
void backplane_fixture_run(struct backplane_fixture *fixture);
void backplane_fixture_advance(struct backplane_fixture *fixture, uint64_t delta_ms);
/** Run, compare what was told since the last time, the bridge's lines first, and forget it. */
void backplane_fixture_expect(struct backplane_fixture *fixture, const char *lines);
/** Run and forget what was told. */
void backplane_fixture_forget(struct backplane_fixture *fixture);
/** The bridge delivers a data message with ${value} to ${topic}; ${request} 0 = live. */
void backplane_fixture_deliver(struct backplane_fixture *fixture, uint32_t request, uint64_t id,
                               const char *topic, const char *value);
/** Worker ${worker} publishes ${value} to ${topic} and waits for it. */
void backplane_fixture_publish(struct backplane_fixture *fixture, int worker, const char *topic,
                               const char *value);
/** Worker ${worker} subscribes to one topic, BACKPLANE_NO_REPLAY or since an id. */
struct backplane_request *backplane_fixture_subscribe(struct backplane_fixture *fixture, int worker,
                                                      const char *topic, uint64_t since);
/** The first subscription of all: worker ${worker} listens to ${topic}, complete from 100 on. What
 * was told is forgotten. */
void backplane_fixture_listen(struct backplane_fixture *fixture, int worker, const char *topic);
void backplane_fixture_unsubscribe(struct backplane_fixture *fixture, int worker,
                                   const char *topic);

#endif
