/* SPDX-License-Identifier: MIT */
#include "service/redis_endpoint/redis_session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "service/redis_endpoint/redis_state.h"

enum { REPLY_OVERHEAD_BYTES = 4096, PROBLEM_BYTES = 512 };

enum status
redis_session_new(struct redis_endpoint *endpoint, size_t door, struct sink *sink,
                  struct redis_session **out)
{
    struct redis_session *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        return STATUS_NO_MEMORY;
    }
    session->endpoint = endpoint;
    session->door = door;
    session->sink = sink;
    session->id = ++endpoint->next_session_id;
    session->version = RESP_VERSION_2;
    resp_decoder_init(&session->decoder, REDIS_ENDPOINT_STRANGER_ARGUMENTS_MAX,
                      REDIS_ENDPOINT_STRANGER_MAX_BYTES);
    buffer_init(&session->held, SIZE_MAX);
    buffer_init(&session->reply, REDIS_ENDPOINT_COMMAND_MAX_BYTES + REPLY_OVERHEAD_BYTES);
    list_init(&session->publishes);
    list_init(&session->subscriptions);
    list_append(&endpoint->sessions, &session->node);
    if (endpoint->options.doors[door].password_file == NULL) {
        redis_session_authenticate(session);
    }
    if (endpoint->is_draining) {
        sink_pause(sink);
    }
    *out = session;
    return STATUS_OK;
}

void
redis_session_closed(struct redis_session *session)
{
    timer_stop(session->endpoint->options.timers, &session->subscribe_timer);
    redis_publishing_abandon(session);
    redis_subscribing_leave_all(session);
    list_remove(&session->node);
    resp_decoder_deinit(&session->decoder);
    buffer_deinit(&session->held);
    buffer_deinit(&session->reply);
    free(session);
}

void
redis_session_authenticate(struct redis_session *session)
{
    session->is_authenticated = true;
    session->decoder.arguments_max = RESP_ARGUMENTS_MAX;
    session->decoder.command_max_bytes = REDIS_ENDPOINT_COMMAND_MAX_BYTES;
}

void
redis_session_flush(struct redis_session *session)
{
    if (session->is_finished) {
        buffer_clear(&session->reply);
        return;
    }
    if (session->reply.status != STATUS_OK) {
        session->is_finished = true;
        sink_close(session->sink, "out-of-memory");
    } else if (session->reply.length > 0) {
        sink_write_bytes(session->sink, buffer_bytes(&session->reply));
    }
    buffer_clear(&session->reply);
}

void
redis_session_fail(struct redis_session *session, const char *format, ...)
{
    char text[PROBLEM_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    resp_write_error(&session->reply, bytes_from_string(text));
}

void
redis_session_finish(struct redis_session *session, const char *reason)
{
    redis_session_flush(session);
    session->is_finished = true;
    sink_finish(session->sink, reason);
}

static void
refuse_input(struct redis_session *session)
{
    log_warn(session->endpoint->options.log, "redis",
             "closing a connection that does not speak Redis: %s client=%" PRIu64,
             session->decoder.problem, session->id);
    redis_session_fail(session, "ERR %s", session->decoder.problem);
    redis_session_finish(session, "protocol-error");
}

/* Replies leave in order: only a publish may overtake the answer to a publish. */
static bool
may_run(const struct redis_session *session)
{
    return session->unconfirmed_count == 0 &&
           (list_is_empty(&session->publishes) ||
            redis_publishing_is_publish(session, &session->command));
}

/* Carry out commands until the input runs out or one has to wait. */
static void
work(struct redis_session *session, struct bytes *input)
{
    while (!session->is_finished) {
        if (!session->has_command) {
            enum status status = resp_decode(&session->decoder, input, &session->command);
            if (status == STATUS_NEED_MORE) {
                return;
            }
            if (status != STATUS_OK) {
                /* What came before is still being answered: then this is, too. */
                if (list_is_empty(&session->publishes) && session->unconfirmed_count == 0) {
                    refuse_input(session);
                }
                return;
            }
            session->has_command = true;
        }
        if (!may_run(session)) {
            return;
        }
        session->has_command = false;
        redis_command_run(session, &session->command);
        redis_session_flush(session);
    }
}

static bool
is_waiting(const struct redis_session *session)
{
    return session->has_command || session->decoder.problem != NULL;
}

void
redis_session_receive(struct redis_session *session, struct bytes input)
{
    if (session->is_finished) {
        return;
    }
    if (is_waiting(session)) {
        (void)buffer_append(&session->held, input);
    } else {
        work(session, &input);
        (void)buffer_append(&session->held, input);
    }
    if (session->held.status != STATUS_OK) {
        session->is_finished = true;
        sink_close(session->sink, "out-of-memory");
    } else if (!session->is_finished && is_waiting(session)) {
        sink_pause(session->sink);
    }
}

void
redis_session_resume(struct redis_session *session)
{
    struct buffer held = session->held;

    if (session->is_finished || !is_waiting(session)) {
        return;
    }
    buffer_init(&session->held, SIZE_MAX);
    struct bytes input = buffer_bytes(&held);
    work(session, &input);
    if (buffer_append(&session->held, input) != STATUS_OK) {
        session->is_finished = true;
        sink_close(session->sink, "out-of-memory");
    }
    buffer_deinit(&held);
    if (!session->is_finished && !is_waiting(session) && !session->endpoint->is_draining) {
        sink_resume(session->sink);
    }
}
