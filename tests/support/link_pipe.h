/* SPDX-License-Identifier: MIT */
/*
 * link_pipe: a TCP connection in memory, for tests in virtual time. Each end is a sink; what is
 * written to one arrives at the other when the pipe is stepped, cut into chunks, in memory of its
 * exact size.
 */
#ifndef HUBPLANE_TESTS_SUPPORT_LINK_PIPE_H
#define HUBPLANE_TESTS_SUPPORT_LINK_PIPE_H

#include "common/base/sink.h"
#include "common/base/timer.h"

struct link_client;
struct link_server;

struct link_pipe_end {
    struct sink sink; /* first: give &end.sink to the code under test */
    void (*on_data)(void *owner, struct bytes input);
    /* Exactly once, from a step: OK = finished by this end, CLOSED = by the other, else of a cut.
     */
    void (*on_closed)(void *owner, enum status status, const char *reason);
    void *owner;

    struct buffer outgoing; /* on its way to the other end */
    uint64_t written_bytes; /* ever */
    uint64_t write_count;
    const struct payload *latest; /* of the last write; only its address, to see what is shared */
    bool is_paused;               /* takes nothing in */
    bool is_finished;             /* closes when outgoing is empty */
    bool is_closed;
    bool is_told;
    enum status close_status;
    const char *close_reason; /* of finish, close or cut; NULL before */
};

struct link_pipe {
    struct link_pipe_end node;
    struct link_pipe_end bridge;
    size_t chunk_bytes; /* setting: most that arrives in one piece; 0 = all that waits */
    bool is_stalled;    /* setting: nothing arrives, nobody is told: a dead network */
};

void link_pipe_init(struct link_pipe *pipe);
void link_pipe_deinit(struct link_pipe *pipe);
void link_pipe_attach(struct link_pipe_end *end, void (*on_data)(void *owner, struct bytes input),
                      void (*on_closed)(void *owner, enum status status, const char *reason),
                      void *owner);
/** Feed a link end directly. They must outlive the pipe's last step, or be detached. */
void link_pipe_attach_client(struct link_pipe *pipe, struct link_client *client);
void link_pipe_attach_server(struct link_pipe *pipe, struct link_server *server);
/** What arrives from now on is dropped, nobody is told. */
void link_pipe_detach(struct link_pipe_end *end);
/** The connection breaks: what is under way is lost, both ends are told at the next step. */
void link_pipe_cut(struct link_pipe *pipe, enum status status, const char *reason);

/** Move one chunk each way, or tell of one close. False when there was nothing to do. */
bool link_pipe_step(struct link_pipe *pipe);
/** Step until nothing moves. */
void link_pipe_run(struct link_pipe *pipe);
/** Let ${delta_ms} of virtual time pass: every timer at its time, the pipes run after each. */
void link_pipe_advance_all(struct link_pipe *const *pipes, size_t count, struct timers *timers,
                           uint64_t delta_ms);
void link_pipe_advance(struct link_pipe *pipe, struct timers *timers, uint64_t delta_ms);

#endif
