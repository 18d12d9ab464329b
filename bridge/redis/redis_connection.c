/* SPDX-License-Identifier: MIT */
#include "bridge/redis/redis_connection.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/crypto.h"
#include "common/base/file.h"
#include "common/base/list.h"
#include "common/net/dialer.h"

enum {
    USER_TIMEOUT_MS = 8000,
    QUEUE_LIMIT_BYTES = 256 * 1024 * 1024,
    PASSWORD_MAX_BYTES = 4096,
    WHY_BYTES = 256,
    FEED_BYTES = 4096,
};

enum connection_state {
    CONNECTION_IDLE,     /* waiting to dial again */
    CONNECTION_DIALING,  /* the stream is not usable yet */
    CONNECTION_GREETING, /* AUTH, SELECT, PING and HELLO are on their way */
    CONNECTION_READY,
    CONNECTION_BROKEN, /* the stream is being closed, then it is dialed again */
    CONNECTION_CLOSED, /* by the owner: freed when the stream is gone */
};

struct pending_request {
    struct list_node node;
    redis_reply_fn fn;
    void *context;
};

struct redis_connection {
    struct loop *loop;
    struct redis_options options;
    const char *name;
    const struct redis_connection_handler *handler;
    void *owner;
    enum connection_state state;
    struct stream *stream;
    redisReader *reader;
    struct list pending; /* struct pending_request, in the order sent */
    uint64_t last_received_ms;
    struct timer timer; /* IDLE: dial; else: probe */
    struct backoff backoff;
    enum redis_loss loss;
    char why[WHY_BYTES]; /* the first reason of the present trouble */
    bool is_reported;    /* the present trouble is in the log */
    char subject[32];
};

static void dial(struct redis_connection *connection);
static void probe(struct timer *timer);

static struct timers *
timers_of(const struct redis_connection *connection)
{
    return loop_timers(connection->loop);
}

/* The first reason wins: what follows from it would only hide it. */
static void
note_why(struct redis_connection *connection, const char *why)
{
    if (connection->why[0] == '\0') {
        snprintf(connection->why, sizeof(connection->why), "%s", why);
    }
}

static void
break_off(struct redis_connection *connection, enum redis_loss loss, const char *why)
{
    if (connection->state == CONNECTION_BROKEN || connection->state == CONNECTION_CLOSED) {
        return;
    }
    note_why(connection, why);
    connection->loss = loss;
    connection->state = CONNECTION_BROKEN;
    if (connection->stream != NULL) {
        stream_close(connection->stream, "broken");
    }
}

/* ---- Requests ---- */

/* The oldest one, now the caller's; NULL when none is under way. */
static struct pending_request *
take_request(struct redis_connection *connection)
{
    struct list_node *node = list_first(&connection->pending);

    if (node == NULL) {
        return NULL;
    }
    list_remove(node);
    assert(connection->pending.head.next != node); /* the analyzer cannot see it */
    return CONTAINER_OF(node, struct pending_request, node);
}

static void
fail_pending(struct redis_connection *connection)
{
    struct pending_request *request;

    while ((request = take_request(connection)) != NULL) {
        request->fn(request->context, NULL);
        free(request);
    }
}

static enum status
append_request(struct redis_connection *connection, const struct bytes *arguments, size_t count,
               redis_reply_fn fn, void *context)
{
    struct pending_request *request = malloc(sizeof(*request));
    const char *texts[REDIS_ARGUMENTS_MAX];
    size_t lengths[REDIS_ARGUMENTS_MAX];
    char *command;
    long long length;

    if (request == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        texts[i] = arguments[i].length > 0 ? (const char *)arguments[i].data : "";
        lengths[i] = arguments[i].length;
    }
    length = redisFormatCommandArgv(&command, (int)count, texts, lengths);
    if (length < 0) {
        free(request);
        return STATUS_NO_MEMORY;
    }
    request->fn = fn;
    request->context = context;
    list_append(&connection->pending, &request->node);
    sink_write_bytes(stream_sink(connection->stream), bytes_from(command, (size_t)length));
    redisFreeCommand(command);
    return STATUS_OK;
}

enum status
redis_connection_send(struct redis_connection *connection, const struct bytes *arguments,
                      size_t count, redis_reply_fn fn, void *context)
{
    if (connection->state != CONNECTION_READY) {
        return STATUS_BACKPLANE_DOWN;
    }
    return append_request(connection, arguments, count, fn, context);
}

/* ---- Greeting and probes ---- */

/* The name is a courtesy to whoever looks at CLIENT LIST; its answer, and that of a probe, only
 * proves that Redis lives. */
static void
on_unimportant_reply(void *context, const struct redisReply *reply)
{
    (void)context;
    (void)reply;
}

static void
on_greeting_reply(void *context, const struct redisReply *reply)
{
    struct redis_connection *connection = context;

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        break_off(connection, REDIS_LOSS_REFUSED, reply->str);
    }
}

/* RESP3, so that a connection with subscriptions may ask, too. */
static void
on_greeted(void *context, const struct redisReply *reply)
{
    struct redis_connection *connection = context;

    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        break_off(connection, REDIS_LOSS_REFUSED,
                  "this is no Redis 6.2 or newer: it does not speak RESP3");
    }
    if (reply == NULL || connection->state != CONNECTION_GREETING) {
        return;
    }
    log_info(loop_log(connection->loop), connection->subject, "connected address=%s",
             connection->options.address);
    connection->state = CONNECTION_READY;
    connection->why[0] = '\0';
    connection->is_reported = false;
    backoff_reset(&connection->backoff);
    connection->handler->on_ready(connection->owner);
}

static enum status
send_auth(struct redis_connection *connection)
{
    const struct redis_options *options = &connection->options;
    struct bytes arguments[3] = {BYTES("AUTH")};
    size_t count = 1;
    struct buffer file;
    enum status status;

    if (options->password_file == NULL) {
        return STATUS_OK;
    }
    buffer_init(&file, PASSWORD_MAX_BYTES);
    status = file_read(options->password_file, PASSWORD_MAX_BYTES, &file);
    if (status != STATUS_OK && !connection->is_reported) {
        log_error(loop_log(connection->loop), connection->subject,
                  "cannot read the password file: %s file=%s", status_sentence(status),
                  options->password_file);
    } else if (status == STATUS_OK) {
        struct bytes rest = buffer_bytes(&file);

        if (options->user != NULL) {
            arguments[count++] = bytes_from_string(options->user);
        }
        while (rest.length > 0 &&
               (rest.data[rest.length - 1] == '\n' || rest.data[rest.length - 1] == '\r')) {
            rest.length--;
        }
        arguments[count++] = rest;
        status = append_request(connection, arguments, count, on_greeting_reply, connection);
    }
    crypto_wipe(file.data, file.capacity);
    buffer_deinit(&file);
    return status;
}

static enum status
send_greeting(struct redis_connection *connection)
{
    struct bytes set_name[] = {BYTES("CLIENT"), BYTES("SETNAME"), BYTES("hubplane-bridge")};
    struct bytes select[] = {BYTES("SELECT"), BYTES_NONE};
    struct bytes ping = BYTES("PING");
    struct bytes hello[] = {BYTES("HELLO"), BYTES("3")};
    char digits[24];
    enum status status = send_auth(connection);

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)connection->options.database);
    select[1] = bytes_from_string(digits);
    if (status == STATUS_OK && connection->options.database > 0) {
        status = append_request(connection, select, 2, on_greeting_reply, connection);
    }
    if (status == STATUS_OK) {
        status = append_request(connection, set_name, 3, on_unimportant_reply, NULL);
    }
    if (status == STATUS_OK) {
        status = append_request(connection, &ping, 1, on_greeting_reply, connection);
    }
    if (status == STATUS_OK) {
        status = append_request(connection, hello, 2, on_greeted, connection);
    }
    return status;
}

static void
probe(struct timer *timer)
{
    struct redis_connection *connection = CONTAINER_OF(timer, struct redis_connection, timer);
    uint64_t silence_ms = loop_clock(connection->loop)->now_ms - connection->last_received_ms;
    struct bytes ping = BYTES("PING");

    if (!list_is_empty(&connection->pending) && silence_ms >= REDIS_SILENCE_MS) {
        break_off(connection, REDIS_LOSS_SILENT, "no answer for 6 s");
        return;
    }
    if (connection->state == CONNECTION_READY &&
        append_request(connection, &ping, 1, on_unimportant_reply, NULL) != STATUS_OK) {
        break_off(connection, REDIS_LOSS_CLOSED, "out of memory");
        return;
    }
    timer_start(timers_of(connection), timer, REDIS_PROBE_MS, probe);
}

/* ---- The stream ---- */

static void
on_open(void *owner, struct stream *stream)
{
    struct redis_connection *connection = owner;

    (void)stream;
    if (connection->state != CONNECTION_DIALING) {
        return;
    }
    connection->state = CONNECTION_GREETING;
    connection->last_received_ms = loop_clock(connection->loop)->now_ms;
    timer_start(timers_of(connection), &connection->timer, REDIS_PROBE_MS, probe);
    if (send_greeting(connection) != STATUS_OK) {
        break_off(connection, REDIS_LOSS_REFUSED, "the password could not be sent");
    }
}

static struct bytes
text_of(const struct redisReply *reply)
{
    return bytes_from(reply->str, reply->len);
}

/* Whether Redis pushes it, as it does messages, and also its answer to SUBSCRIBE. */
static bool
is_push(const struct redisReply *reply, const char *kind)
{
    return reply->type == REDIS_REPLY_PUSH && reply->elements == 3 &&
           reply->element[0]->type == REDIS_REPLY_STRING &&
           bytes_equal(text_of(reply->element[0]), bytes_from_string(kind));
}

static void
take_reply(struct redis_connection *connection, const struct redisReply *reply)
{
    struct pending_request *request;

    if (is_push(reply, "message")) {
        connection->handler->on_message(connection->owner, text_of(reply->element[1]),
                                        text_of(reply->element[2]));
        return;
    }
    if (reply->type == REDIS_REPLY_PUSH && !is_push(reply, "subscribe")) {
        return;
    }
    request = take_request(connection);
    if (request == NULL) {
        /* What Redis says before it closes: too many clients, or protected mode. */
        break_off(connection, REDIS_LOSS_REFUSED,
                  reply->type == REDIS_REPLY_ERROR ? reply->str : "unasked answer");
        return;
    }
    request->fn(request->context, reply);
    free(request);
}

static bool
is_up(const struct redis_connection *connection)
{
    return connection->state == CONNECTION_GREETING || connection->state == CONNECTION_READY;
}

static void
take_input(struct redis_connection *connection, struct bytes input)
{
    if (redisReaderFeed(connection->reader, (const char *)input.data, input.length) != REDIS_OK) {
        break_off(connection, REDIS_LOSS_REFUSED, connection->reader->errstr);
        return;
    }
    while (is_up(connection)) {
        void *reply = NULL;

        if (redisReaderGetReply(connection->reader, &reply) != REDIS_OK) {
            break_off(connection, REDIS_LOSS_REFUSED, connection->reader->errstr);
        }
        if (reply == NULL) {
            return;
        }
        take_reply(connection, reply);
        freeReplyObject(reply);
    }
}

/* In small portions, since the reader moves all that is left in it each time it has used up 1 KiB.
 */
static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct redis_connection *connection = owner;

    (void)stream;
    connection->last_received_ms = loop_clock(connection->loop)->now_ms;
    while (is_up(connection) && input.length > 0) {
        take_input(connection, bytes_slice(input, 0, FEED_BYTES));
        input = bytes_after(input, FEED_BYTES);
    }
}

static void
free_connection(struct redis_connection *connection)
{
    timer_stop(timers_of(connection), &connection->timer);
    redisReaderFree(connection->reader);
    free(connection);
}

static void
dial_when_due(struct timer *timer)
{
    dial(CONTAINER_OF(timer, struct redis_connection, timer));
}

static void
wait_to_dial(struct redis_connection *connection)
{
    connection->state = CONNECTION_IDLE;
    timer_start(timers_of(connection), &connection->timer, backoff_next_ms(&connection->backoff),
                dial_when_due);
}

static void
report_trouble(struct redis_connection *connection)
{
    if (!connection->is_reported) {
        log_warn(loop_log(connection->loop), connection->subject,
                 "not connected, trying again: %s address=%s", connection->why,
                 connection->options.address);
        connection->is_reported = true;
    }
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    struct redis_connection *connection = owner;

    (void)status;
    connection->stream = NULL;
    if (connection->state == CONNECTION_CLOSED) {
        free_connection(connection);
        return;
    }
    if (connection->state == CONNECTION_DIALING) {
        connection->loss = REDIS_LOSS_UNREACHABLE;
    } else if (connection->state != CONNECTION_BROKEN) {
        connection->loss = REDIS_LOSS_CLOSED;
    }
    note_why(connection, reason);
    timer_stop(timers_of(connection), &connection->timer);
    report_trouble(connection);
    wait_to_dial(connection);
    fail_pending(connection);
    connection->handler->on_lost(connection->owner, connection->loss, connection->why);
    connection->why[0] = '\0';
}

static const struct stream_handler stream_handler = {
    .on_open = on_open,
    .on_data = on_data,
    .on_closed = on_closed,
};

static void
dial(struct redis_connection *connection)
{
    const struct stream_options options = {
        .tls = connection->options.tls,
        .tls_server_name = connection->options.tls_server_name,
        .queue_limit_bytes = QUEUE_LIMIT_BYTES,
        .user_timeout_ms = USER_TIMEOUT_MS,
    };
    redisReader *reader = redisReaderCreate();
    enum status status = STATUS_NO_MEMORY;

    if (reader != NULL) {
        redisReaderFree(connection->reader);
        connection->reader = reader;
        status = dialer_open(connection->loop, connection->options.address, REDIS_DIAL_TIMEOUT_MS,
                             &options, &stream_handler, connection, &connection->stream);
    }
    if (status == STATUS_OK) {
        connection->state = CONNECTION_DIALING;
        return;
    }
    note_why(connection, status_sentence(status));
    report_trouble(connection);
    wait_to_dial(connection);
}

/* ---- Life ---- */

enum status
redis_connection_open(struct loop *loop, const struct redis_options *options, const char *name,
                      const struct redis_connection_handler *handler, void *owner,
                      struct redis_connection **out)
{
    struct redis_connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL) {
        return STATUS_NO_MEMORY;
    }
    connection->loop = loop;
    connection->options = *options;
    connection->name = name;
    connection->handler = handler;
    connection->owner = owner;
    snprintf(connection->subject, sizeof(connection->subject), "redis %s", name);
    list_init(&connection->pending);
    backoff_init(&connection->backoff, REDIS_RETRY_FIRST_MS, REDIS_RETRY_LIMIT_MS);
    dial(connection);
    *out = connection;
    return STATUS_OK;
}

void
redis_connection_close(struct redis_connection *connection)
{
    if (connection == NULL) {
        return;
    }
    connection->state = CONNECTION_CLOSED;
    timer_stop(timers_of(connection), &connection->timer);
    fail_pending(connection);
    if (connection->stream != NULL) {
        stream_close(connection->stream, "done");
    } else {
        free_connection(connection);
    }
}

bool
redis_connection_is_ready(const struct redis_connection *connection)
{
    return connection->state == CONNECTION_READY;
}

void
redis_connection_renew(struct redis_connection *connection, enum redis_loss loss, const char *why)
{
    break_off(connection, loss, why);
}
