/* SPDX-License-Identifier: MIT */
/* link_fixture: a link_client and a link_server over a pipe in virtual time; what they tell becomes
 * text. */
#ifndef HUBPLANE_TESTS_UNIT_WIRE_LINK_FIXTURE_H
#define HUBPLANE_TESTS_UNIT_WIRE_LINK_FIXTURE_H

#include "common/wire/link_client.h"
#include "common/wire/link_server.h"
#include "tests/support/link_pipe.h"

struct link_fixture {
    struct clock clock;
    struct timers timers;
    struct log log;
    struct link_identity node;
    struct link_identity bridge;
    struct link_pipe pipe;
    struct link_client *client;
    struct link_server *server;
    struct buffer told; /* one line per callback: "node: deliver 1 0 1007 hello" */
    struct buffer logged;
    bool is_open_answered; /* setting: on_open is answered at once; init: true */
    uint64_t position;     /* setting: the server's answer */
    const char *turn_away; /* setting: on_hello is answered with this error; NULL = not */
    size_t failed_count;   /* of both ends */
};

/** Both ends exist, nothing has moved yet. */
void link_fixture_init(struct link_fixture *fixture);
/** And after the handshake, with app 1 open; `told` is empty. */
void link_fixture_init_open(struct link_fixture *fixture);
void link_fixture_deinit(struct link_fixture *fixture);
/** Run the pipe, check what has been told since the last check, and forget it. */
void link_fixture_expect(struct link_fixture *fixture, const char *lines);
/** Let virtual time pass first. */
void link_fixture_expect_after(struct link_fixture *fixture, uint64_t delta_ms, const char *lines);
/** Raw bytes to the end that is not replaced: give hex as if the node or the bridge had sent it. */
void link_fixture_inject_from_node(struct link_fixture *fixture, const char *hex);
void link_fixture_inject_from_bridge(struct link_fixture *fixture, const char *hex);

#endif
