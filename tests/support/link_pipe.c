/* SPDX-License-Identifier: MIT */
#include "tests/support/link_pipe.h"

#include "common/wire/link_client.h"
#include "common/wire/link_server.h"

#include <stdlib.h>
#include <string.h>

static struct link_pipe_end *
end_of(struct sink *sink)
{
    return CONTAINER_OF(sink, struct link_pipe_end, sink);
}

static void
write_end(struct sink *sink, struct payload_slice slice)
{
    struct link_pipe_end *end = end_of(sink);
    if (end->is_finished || end->is_closed) {
        return;
    }
    if (buffer_append(&end->outgoing, payload_slice_bytes(slice)) != STATUS_OK) {
        abort();
    }
    end->written_bytes += slice.length;
    end->write_count++;
    end->latest = slice.payload;
}

static size_t
queued_bytes_of(const struct sink *sink)
{
    return ((const struct link_pipe_end *)(const void *)sink)->outgoing.length;
}

static void
pause_end(struct sink *sink)
{
    end_of(sink)->is_paused = true;
}

static void
resume_end(struct sink *sink)
{
    end_of(sink)->is_paused = false;
}

static void
finish_end(struct sink *sink, const char *reason)
{
    struct link_pipe_end *end = end_of(sink);
    if (!end->is_finished && !end->is_closed) {
        end->is_finished = true;
        end->close_reason = reason;
    }
}

static void
close_end(struct sink *sink, const char *reason)
{
    struct link_pipe_end *end = end_of(sink);
    if (!end->is_closed) {
        end->is_closed = true;
        buffer_clear(&end->outgoing);
        if (end->close_reason == NULL) {
            end->close_reason = reason;
        }
    }
}

static const struct sink_operations operations = {
    .write = write_end,
    .queued_bytes = queued_bytes_of,
    .pause = pause_end,
    .resume = resume_end,
    .finish = finish_end,
    .close = close_end,
};

static void
init_end(struct link_pipe_end *end)
{
    *end = (struct link_pipe_end){.sink = {&operations}};
    buffer_init(&end->outgoing, SIZE_MAX);
}

void
link_pipe_init(struct link_pipe *pipe)
{
    *pipe = (struct link_pipe){.chunk_bytes = 0};
    init_end(&pipe->node);
    init_end(&pipe->bridge);
}

void
link_pipe_deinit(struct link_pipe *pipe)
{
    buffer_deinit(&pipe->node.outgoing);
    buffer_deinit(&pipe->bridge.outgoing);
}

void
link_pipe_attach(struct link_pipe_end *end, void (*on_data)(void *owner, struct bytes input),
                 void (*on_closed)(void *owner, enum status status, const char *reason),
                 void *owner)
{
    end->on_data = on_data;
    end->on_closed = on_closed;
    end->owner = owner;
}

void
link_pipe_detach(struct link_pipe_end *end)
{
    link_pipe_attach(end, NULL, NULL, NULL);
}

static void
receive_client(void *owner, struct bytes input)
{
    link_client_receive((struct link_client *)owner, input);
}

static void
close_client(void *owner, enum status status, const char *reason)
{
    link_client_closed((struct link_client *)owner, status, reason);
}

void
link_pipe_attach_client(struct link_pipe *pipe, struct link_client *client)
{
    link_pipe_attach(&pipe->node, receive_client, close_client, client);
}

static void
receive_server(void *owner, struct bytes input)
{
    link_server_receive((struct link_server *)owner, input);
}

static void
close_server(void *owner, enum status status, const char *reason)
{
    link_server_closed((struct link_server *)owner, status, reason);
}

void
link_pipe_attach_server(struct link_pipe *pipe, struct link_server *server)
{
    link_pipe_attach(&pipe->bridge, receive_server, close_server, server);
}

void
link_pipe_cut(struct link_pipe *pipe, enum status status, const char *reason)
{
    struct link_pipe_end *ends[] = {&pipe->node, &pipe->bridge};
    for (size_t i = 0; i < 2; i++) {
        if (!ends[i]->is_closed) {
            close_end(&ends[i]->sink, reason);
            ends[i]->close_status = status;
        }
    }
}

/* One chunk from ${end} to ${other}. */
static bool
move_chunk(struct link_pipe *pipe, struct link_pipe_end *end, struct link_pipe_end *other)
{
    size_t length = end->outgoing.length;
    if (length == 0 || other->is_paused) {
        return false;
    }
    if (pipe->chunk_bytes > 0 && length > pipe->chunk_bytes) {
        length = pipe->chunk_bytes;
    }
    /* Its own memory: the receiver may write while it reads, and a read past the end is seen. */
    uint8_t *chunk = malloc(length);
    if (chunk == NULL) {
        abort();
    }
    memcpy(chunk, end->outgoing.data, length);
    buffer_consume(&end->outgoing, length);
    if (other->on_data != NULL && !other->is_finished && !other->is_closed) {
        other->on_data(other->owner, bytes_from(chunk, length));
    }
    free(chunk);
    return true;
}

/* A finished end closes when all has left; the other end of a closed one closes too; both are told.
 */
static bool
move_close(struct link_pipe_end *end, struct link_pipe_end *other)
{
    if (end->is_finished && end->outgoing.length == 0) {
        end->is_closed = true;
    }
    if (!end->is_closed || end->is_told) {
        return false;
    }
    end->is_told = true;
    if (!other->is_closed) {
        close_end(&other->sink, "closed by the other end");
        other->close_status = STATUS_CLOSED;
    }
    if (end->on_closed != NULL) {
        end->on_closed(end->owner, end->close_status, end->close_reason);
    }
    return true;
}

bool
link_pipe_step(struct link_pipe *pipe)
{
    if (pipe->is_stalled) {
        return false;
    }
    bool has_moved = move_chunk(pipe, &pipe->node, &pipe->bridge);
    has_moved = move_chunk(pipe, &pipe->bridge, &pipe->node) || has_moved;
    has_moved = move_close(&pipe->node, &pipe->bridge) || has_moved;
    return move_close(&pipe->bridge, &pipe->node) || has_moved;
}

void
link_pipe_run(struct link_pipe *pipe)
{
    while (link_pipe_step(pipe)) {}
}

static void
run_all(struct link_pipe *const *pipes, size_t count)
{
    bool has_moved = true;
    while (has_moved) {
        has_moved = false;
        for (size_t i = 0; i < count; i++) {
            has_moved = link_pipe_step(pipes[i]) || has_moved;
        }
    }
}

void
link_pipe_advance_all(struct link_pipe *const *pipes, size_t count, struct timers *timers,
                      uint64_t delta_ms)
{
    struct clock *clock = timers->clock;
    uint64_t end_ms = clock->now_ms + delta_ms;
    run_all(pipes, count);
    for (;;) {
        uint64_t delay_ms = timers_next_delay_ms(timers);
        if (delay_ms > end_ms - clock->now_ms) {
            break;
        }
        clock_advance(clock, delay_ms);
        timers_run(timers);
        run_all(pipes, count);
    }
    clock_advance(clock, end_ms - clock->now_ms);
}

void
link_pipe_advance(struct link_pipe *pipe, struct timers *timers, uint64_t delta_ms)
{
    link_pipe_advance_all(&pipe, 1, timers, delta_ms);
}
