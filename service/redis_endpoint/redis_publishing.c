/* SPDX-License-Identifier: MIT */
/* redis_publishing: the scripts by which SignalR publishes. The reply waits until the farm has
 * accepted the message. */
#include <inttypes.h>
#include <stdlib.h>

#include "service/redis_endpoint/redis_state.h"

void
redis_publishing_free(struct redis_publish *publish)
{
    list_remove(&publish->node);
    payload_unref(publish->frame);
    free(publish);
}

void
redis_publishing_abandon(struct redis_session *session)
{
    LIST_FOR_EACH (node, &session->publishes) {
        struct redis_publish *publish = CONTAINER_OF(node, struct redis_publish, node);
        publish->session = NULL;
        if (publish->is_done) {
            redis_publishing_free(publish);
        } else {
            list_remove(&publish->node);
            list_append(&session->endpoint->orphans, &publish->node);
        }
    }
}

/* What the original script returns: id, argument, payload. The argument is not copied. */
static void
write_array(struct redis_session *session, const struct redis_publish *publish)
{
    struct buffer *reply = &session->reply;
    struct buffer id;

    resp_write_array(reply, 3);
    resp_write_integer(reply, publish->id);
    resp_write_bulk_header(reply, publish->frame->length);
    redis_session_flush(session);
    sink_write(session->sink, payload_whole(publish->frame));
    buffer_append_string(reply, "\r\n");
    buffer_init(&id, 32);
    buffer_append_uint64(&id, publish->id);
    buffer_append_byte(&id, ' ');
    resp_write_bulk_header(reply, id.length + publish->frame->length);
    buffer_append(reply, buffer_bytes(&id));
    buffer_deinit(&id);
    redis_session_flush(session);
    sink_write(session->sink, payload_whole(publish->frame));
    buffer_append_string(reply, "\r\n");
}

static const char *
failure_text(enum status status)
{
    switch (status) {
    case STATUS_QUEUE_FULL:
        return "ERR hubplane: not published, the queue of this node is full: no bridge accepts "
               "messages fast enough";
    case STATUS_TIMED_OUT:
        return "ERR hubplane: not published, no bridge has taken the message in time; it is "
               "withdrawn";
    case STATUS_OUTCOME_UNKNOWN:
        return "ERR hubplane: outcome unknown, the bridge has taken the message but not answered "
               "in time; it may still be published";
    case STATUS_BACKPLANE_DOWN:
        return "ERR hubplane: not published, the bridge refuses this app; its log and that of the "
               "node say why";
    case STATUS_INVALID:
        return "ERR hubplane: not published, the argument is not a message of SignalR 2";
    default:
        return "ERR hubplane: not published, the bridge refused the message; its log says why";
    }
}

static void
write_reply(struct redis_session *session, const struct redis_publish *publish)
{
    if (publish->status != STATUS_OK) {
        redis_session_fail(session, "%s", failure_text(publish->status));
        redis_endpoint_note_failure(publish->app, publish->status);
    } else if (publish->script == SIGNALR_SCRIPT_PUBLISH_COUNT) {
        resp_write_integer(&session->reply, 1);
    } else {
        write_array(session, publish);
    }
    redis_session_flush(session);
}

/* Answer the publishes whose turn it is. */
static void
answer(struct redis_session *session)
{
    LIST_FOR_EACH (node, &session->publishes) {
        struct redis_publish *publish = CONTAINER_OF(node, struct redis_publish, node);
        if (!publish->is_done) {
            return;
        }
        if (!session->is_finished) {
            write_reply(session, publish);
        }
        redis_publishing_free(publish);
    }
    redis_session_resume(session);
}

static void
on_published(void *owner, enum status status, uint64_t id)
{
    struct redis_publish *publish = owner;

    publish->is_done = true;
    publish->status = status;
    publish->id = id;
    if (publish->session == NULL) {
        redis_publishing_free(publish);
    } else {
        answer(publish->session);
    }
}

static void
start_publish(struct redis_session *session, struct redis_app *app, enum signalr_script script,
              struct bytes frame)
{
    struct redis_endpoint *endpoint = session->endpoint;
    struct redis_publish *publish = calloc(1, sizeof(*publish));
    struct payload *copy = payload_from(frame);

    if (publish == NULL || copy == NULL) {
        free(publish);
        payload_unref(copy);
        session->is_finished = true;
        sink_close(session->sink, "out-of-memory");
        return;
    }
    *publish =
        (struct redis_publish){.session = session, .app = app, .script = script, .frame = copy};
    list_append(&session->publishes, &publish->node);
    backplane_publish_frame(endpoint->options.port, app->options->handle, copy,
                            REDIS_ENDPOINT_WAIT_MS, on_published, publish);
}

static void
restore(struct redis_session *session, struct redis_app *app, struct bytes argument)
{
    struct redis_endpoint *endpoint = session->endpoint;
    uint64_t seen = 0, suppressed;

    /* The farm keeps its counter from going back by itself, so there is nothing to raise. */
    if (bytes_parse_uint64(argument, &seen) == STATUS_OK && app->last_id != 0 &&
        seen > app->last_id &&
        log_allows(&endpoint->behind_lines, endpoint->options.timers->clock->now_ms, &suppressed)) {
        log_warn(endpoint->options.log, "redis",
                 "an application has seen later messages than this farm has had: its clients hear "
                 "nothing until the farm has got there, or it restarts app=%s seen=%" PRIu64
                 " farm=%" PRIu64,
                 app->options->name, seen, app->last_id);
    }
    resp_write_null(&session->reply, session->version);
}

/* EVAL script 1 key argument; arguments[1] is known to be ${script}. */
static void
run_script(struct redis_session *session, const struct resp_command *command,
           enum signalr_script script)
{
    if (command->count != 5 || !bytes_equal(command->arguments[2], BYTES("1"))) {
        redis_session_fail(session, "ERR hubplane: this script takes one key and one argument");
        return;
    }
    struct redis_app *app = redis_endpoint_find_app(session, command->arguments[3]);
    if (app == NULL) {
        redis_endpoint_refuse_key(session, command->arguments[3]);
    } else if (script == SIGNALR_SCRIPT_RESTORE) {
        restore(session, app, command->arguments[4]);
    } else {
        start_publish(session, app, script, command->arguments[4]);
    }
}

static void
fail_script(struct redis_session *session, const uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES])
{
    struct redis_endpoint *endpoint = session->endpoint;
    uint64_t suppressed;

    redis_session_fail(session, "ERR hubplane: unknown script; only those of the Redis packages of "
                                "ASP.NET SignalR 2 are served here");
    if (log_allows(&endpoint->unknown_script_lines, endpoint->options.timers->clock->now_ms,
                   &suppressed)) {
        log_warn(endpoint->options.log, "redis",
                 "a client sent a script that is none of SignalR 2's sha1=%.*s suppressed=%" PRIu64,
                 SIGNALR_SCRIPT_DIGEST_BYTES, (const char *)digest, suppressed);
    }
}

/* The script of an EVAL or EVALSHA. */
static enum signalr_script
script_of(const struct redis_session *session, const struct resp_command *command,
          uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES])
{
    if (bytes_equal_ignore_case(command->arguments[0], BYTES("EVAL"))) {
        return signalr_script_of_text(command->arguments[1], digest);
    }
    return redis_endpoint_find_script(session->endpoint, command->arguments[1]);
}

bool
redis_publishing_is_publish(const struct redis_session *session, const struct resp_command *command)
{
    uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES];

    if (!session->is_authenticated || command->count != 5 ||
        !bytes_starts_with_ignore_case(command->arguments[0], BYTES("EVAL")) ||
        !bytes_equal(command->arguments[2], BYTES("1"))) {
        return false;
    }
    enum signalr_script script = script_of(session, command, digest);
    return (script == SIGNALR_SCRIPT_PUBLISH || script == SIGNALR_SCRIPT_PUBLISH_COUNT) &&
           redis_endpoint_find_app(session, command->arguments[3]) != NULL;
}

void
redis_publishing_eval(struct redis_session *session, const struct resp_command *command)
{
    uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES];
    enum signalr_script script = script_of(session, command, digest);

    if (script == SIGNALR_SCRIPT_UNKNOWN) {
        fail_script(session, digest);
    } else {
        redis_endpoint_remember_script(session->endpoint, digest, script);
        run_script(session, command, script);
    }
}

void
redis_publishing_evalsha(struct redis_session *session, const struct resp_command *command)
{
    enum signalr_script script =
        redis_endpoint_find_script(session->endpoint, command->arguments[1]);

    if (script == SIGNALR_SCRIPT_UNKNOWN) {
        redis_session_fail(session, "NOSCRIPT No matching script. Please use EVAL.");
    } else {
        run_script(session, command, script);
    }
}

static void
load(struct redis_session *session, struct bytes text)
{
    uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES];
    enum signalr_script script = signalr_script_of_text(text, digest);

    if (script == SIGNALR_SCRIPT_UNKNOWN) {
        fail_script(session, digest);
    } else {
        redis_endpoint_remember_script(session->endpoint, digest, script);
        resp_write_bulk(&session->reply, bytes_from(digest, sizeof(digest)));
    }
}

void
redis_publishing_script(struct redis_session *session, const struct resp_command *command)
{
    if (bytes_equal_ignore_case(command->arguments[1], BYTES("LOAD")) && command->count == 3) {
        load(session, command->arguments[2]);
    } else if (bytes_equal_ignore_case(command->arguments[1], BYTES("EXISTS"))) {
        resp_write_array(&session->reply, command->count - 2);
        for (size_t i = 2; i < command->count; i++) {
            bool is_known = redis_endpoint_find_script(session->endpoint, command->arguments[i]) !=
                            SIGNALR_SCRIPT_UNKNOWN;
            resp_write_integer(&session->reply, is_known);
        }
    } else {
        redis_session_fail(session, "ERR unknown subcommand or wrong number of arguments for "
                                    "'SCRIPT'; LOAD and EXISTS are served");
    }
}
