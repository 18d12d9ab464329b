/* SPDX-License-Identifier: MIT */
#include "service/upstream/upstream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/backoff.h"
#include "common/base/map.h"
#include "service/upstream/upstream_socket.h"

enum {
    FAILURES_TO_OPEN = 5, /* in a row */
    CIRCUIT_FIRST_MS = 1000,
    CIRCUIT_LIMIT_MS = 30 * 1000,
    IDLE_MS = 30 * 1000,          /* a socket without work, unless the server says less */
    IDLE_MARGIN_MS = 1000,        /* closed this much before the server would */
    DISCONNECTS_MAX = 100 * 1000, /* waiting for an application that is away; then the newest are
                                     lost */
    REFUSED_KEPT_MS = 10 * 60 * 1000,
};

/*
 * CLOSED ──5 failures in a row──▶ OPEN ──time──▶ TRYING ──answer──▶ CLOSED
 *                                  ▲───failure─────┘
 */
enum circuit {
    CIRCUIT_CLOSED, /* calls go out */
    CIRCUIT_OPEN,   /* calls fail at once; disconnected events wait */
    CIRCUIT_TRYING, /* one call goes out, the others wait for it */
};

/* The calls of one connection, in order; the first is under way. */
struct upstream_line {
    struct list calls;
    char *connection_id;
    bool is_refused; /* CONNECTED has not come through: no other event is told */
    uint64_t refused_until_ms;
    struct list_node refused; /* in upstream->refused */
};

struct upstream {
    struct upstreams *owner;
    const struct upstream_settings *settings;
    struct map lines; /* connection id -> line */
    struct list refused;
    struct list ready; /* calls, READY */
    struct list idle;  /* sockets */
    struct list busy;
    size_t socket_count;
    size_t waiting_count;    /* calls that are neither sent nor answered */
    size_t disconnect_count; /* those of them that are DISCONNECTED */
    size_t open_count;       /* calls that have not been answered */
    enum circuit circuit;
    uint32_t failures; /* in a row */
    struct backoff backoff;
    struct timer circuit_timer;
    struct log_limit limit;
};

struct upstreams {
    struct upstreams_options options;
    struct upstream *items;
    size_t count;
    bool is_closed;
};

static void pump(struct upstream *upstream);

static void
count(const struct upstream *upstream, size_t metric, int64_t delta)
{
    struct metrics *registry = upstream->owner->options.metrics.registry;

    if (registry != NULL) {
        metrics_add(registry, metric, delta);
    }
}

static uint64_t
now_ms(const struct upstream *upstream)
{
    return upstream->owner->options.timers->clock->now_ms;
}

struct upstream_call *
upstream_call_new(void)
{
    struct upstream_call *call = calloc(1, sizeof(*call));

    if (call != NULL) {
        buffer_init(&call->body, UPSTREAM_REPLY_BYTES_MAX);
    }
    return call;
}

void
upstream_call_free(struct upstream_call *call)
{
    if (call != NULL) {
        payload_unref(call->request);
        buffer_deinit(&call->body);
        free(call->connection_id);
        free(call);
    }
}

/*
 * Lines: the order of one connection's calls.
 */

static void
free_line(struct upstream *upstream, struct upstream_line *line)
{
    if (line->is_refused) {
        list_remove(&line->refused);
    }
    (void)map_remove(&upstream->lines, bytes_from_string(line->connection_id));
    free(line->connection_id);
    free(line);
}

static struct upstream_line *
line_of(struct upstream *upstream, const char *connection_id)
{
    struct bytes id = bytes_from_string(connection_id);
    struct upstream_line *line = map_get(&upstream->lines, id);

    if (line != NULL) {
        return line;
    }
    line = calloc(1, sizeof(*line));
    if (line != NULL) {
        list_init(&line->calls);
        line->connection_id = bytes_duplicate(id);
    }
    if (line == NULL || line->connection_id == NULL ||
        map_put(&upstream->lines, id, line) != STATUS_OK) {
        free(line != NULL ? line->connection_id : NULL);
        free(line);
        return NULL;
    }
    return line;
}

/* Refusals are remembered until the disconnect that follows, and not for ever: it may happen on
 * another node. */
static void
set_refused(struct upstream *upstream, struct upstream_line *line, bool is_refused)
{
    if (line->is_refused) {
        list_remove(&line->refused);
    }
    line->is_refused = is_refused;
    if (is_refused) {
        line->refused_until_ms = now_ms(upstream) + REFUSED_KEPT_MS;
        list_append(&upstream->refused, &line->refused);
    }
}

static void
forget_old_refusals(struct upstream *upstream)
{
    LIST_FOR_EACH (node, &upstream->refused) {
        struct upstream_line *line = CONTAINER_OF(node, struct upstream_line, refused);
        if (line->refused_until_ms > now_ms(upstream)) {
            break;
        }
        set_refused(upstream, line, false);
        if (list_is_empty(&line->calls)) {
            free_line(upstream, line);
        }
    }
}

/*
 * The end of a call.
 */

static void
come_home(void *argument)
{
    struct upstream_call *call = argument;

    call->on_answered(call);
}

static void
leave_queue(struct upstream_call *call)
{
    struct upstream *upstream = call->upstream;

    if (call->state == UPSTREAM_CALL_READY) {
        list_remove(&call->ready);
    }
    if (call->state == UPSTREAM_CALL_READY || call->state == UPSTREAM_CALL_BEHIND) {
        upstream->waiting_count--;
        upstream->disconnect_count -= call->event == UPSTREAM_DISCONNECTED;
        count(upstream, upstream->owner->options.metrics.waiting, -1);
    }
}

/* Whether the application may believe that this client is connected, although it gave no answer. */
static bool
may_be_known(enum status status)
{
    return status == STATUS_OK || status == STATUS_OUTCOME_UNKNOWN || status == STATUS_PROTOCOL ||
           status == STATUS_LIMIT;
}

static void
answer(struct upstream_call *call, enum status status)
{
    struct upstream *upstream = call->upstream;

    leave_queue(call);
    timer_stop(upstream->owner->options.timers, &call->timer);
    call->state = UPSTREAM_CALL_ANSWERED;
    call->socket = NULL;
    call->status = status;
    call->is_refused = call->event == UPSTREAM_CONNECTED && !may_be_known(status);
    upstream->open_count--;
    if (status != STATUS_OK && status != STATUS_CANCELED) {
        count(upstream, upstream->owner->options.metrics.failures, 1);
    }
    if (call->home.post(call->home.context, come_home, call) != STATUS_OK) {
        /* Its worker cannot be told for lack of memory, and would wait for ever. */
        abort();
    }
}

/*
 * The circuit.
 */

static void
set_circuit(struct upstream *upstream, enum circuit circuit)
{
    bool was_open = upstream->circuit != CIRCUIT_CLOSED;
    bool is_open = circuit != CIRCUIT_CLOSED;

    upstream->circuit = circuit;
    count(upstream, upstream->owner->options.metrics.open, (int64_t)is_open - (int64_t)was_open);
}

static void
on_circuit_due(struct timer *timer)
{
    struct upstream *upstream = CONTAINER_OF(timer, struct upstream, circuit_timer);

    set_circuit(upstream, CIRCUIT_TRYING);
    pump(upstream);
}

static void
note_success(struct upstream *upstream)
{
    upstream->failures = 0;
    if (upstream->circuit != CIRCUIT_CLOSED) {
        log_info(upstream->owner->options.log, "upstream", "the application answers again hub=%s",
                 upstream->settings->name);
        timer_stop(upstream->owner->options.timers, &upstream->circuit_timer);
        set_circuit(upstream, CIRCUIT_CLOSED);
        backoff_reset(&upstream->backoff);
    }
}

static void
note_failure(struct upstream *upstream, enum status status, const char *reason)
{
    uint64_t suppressed;

    upstream->failures++;
    if (log_allows(&upstream->limit, now_ms(upstream), &suppressed)) {
        log_warn(upstream->owner->options.log, "upstream",
                 "the application does not answer: %s hub=%s status=%s failures=%u suppressed=%llu",
                 reason, upstream->settings->name, status_name(status), upstream->failures,
                 (unsigned long long)suppressed);
    }
    if (upstream->circuit == CIRCUIT_TRYING ||
        (upstream->circuit == CIRCUIT_CLOSED && upstream->failures >= FAILURES_TO_OPEN)) {
        set_circuit(upstream, CIRCUIT_OPEN);
        timer_start(upstream->owner->options.timers, &upstream->circuit_timer,
                    backoff_next_ms(&upstream->backoff), on_circuit_due);
    }
}

/*
 * Sockets.
 */

static void
drop_socket(struct upstream_socket *socket, const char *reason)
{
    struct upstream *upstream = socket->upstream;

    timer_stop(upstream->owner->options.timers, &socket->idle_timer);
    list_remove(&socket->node);
    upstream->socket_count--;
    upstream_socket_let_go(socket, reason);
}

static void
on_idle_due(struct timer *timer)
{
    drop_socket(CONTAINER_OF(timer, struct upstream_socket, idle_timer), "idle");
}

static void
make_idle(struct upstream_socket *socket, uint32_t announced_ms)
{
    struct upstream *upstream = socket->upstream;
    uint32_t idle_ms = IDLE_MS;

    if (announced_ms > 0 && announced_ms < IDLE_MS + IDLE_MARGIN_MS) {
        idle_ms = announced_ms > IDLE_MARGIN_MS ? announced_ms - IDLE_MARGIN_MS : 0;
    }
    list_remove(&socket->node);
    list_append(&upstream->idle, &socket->node);
    timer_start(upstream->owner->options.timers, &socket->idle_timer, idle_ms, on_idle_due);
}

/* It never reached the application. Disconnected events wait on, the others fail. */
static void
take_back(struct upstream_call *call, enum status status)
{
    struct upstream *upstream = call->upstream;

    if (call->event != UPSTREAM_DISCONNECTED || upstream->owner->is_closed) {
        answer(call, upstream->owner->is_closed ? STATUS_CANCELED : status);
        return;
    }
    timer_stop(upstream->owner->options.timers, &call->timer);
    call->state = UPSTREAM_CALL_READY;
    call->socket = NULL;
    list_append(&upstream->ready, &call->ready);
    upstream->waiting_count++;
    upstream->disconnect_count++;
    count(upstream, upstream->owner->options.metrics.waiting, 1);
}

static void
on_call_due(struct timer *timer)
{
    struct upstream_call *call = CONTAINER_OF(timer, struct upstream_call, timer);
    struct upstream *upstream = call->upstream;

    if (call->state == UPSTREAM_CALL_READY) {
        answer(call, STATUS_TIMED_OUT);
        return;
    }
    bool was_open = call->socket->is_open;
    drop_socket(call->socket, "time-out");
    note_failure(upstream, STATUS_TIMED_OUT, "no answer in time");
    if (was_open) {
        /* It may still be at work on it. */
        answer(call, STATUS_OUTCOME_UNKNOWN);
    } else {
        take_back(call, STATUS_TIMED_OUT);
    }
    pump(upstream);
}

void
upstream_on_answer(struct upstream *upstream, struct upstream_socket *socket, enum status status)
{
    struct upstream_call *call = socket->call;

    if (call == NULL) {
        drop_socket(socket, "unasked");
        return;
    }
    socket->call = NULL;
    if (status != STATUS_OK) {
        drop_socket(socket, "not-http");
        note_failure(upstream, status, "what came is no HTTP answer");
        answer(call, status);
        pump(upstream);
        return;
    }
    struct http_answer got = http_response_parser_answer(socket->parser);
    http_response_parser_take_body(socket->parser, &call->body);
    (void)snprintf(call->content_type, sizeof(call->content_type), "%.*s",
                   BYTES_PRINTF(got.content_type));
    call->answer = got;
    call->answer.body = buffer_bytes(&call->body);
    call->answer.content_type = bytes_from_string(call->content_type);
    note_success(upstream);
    answer(call, STATUS_OK);
    if (got.keeps_alive) {
        make_idle(socket, got.keep_alive_max_ms);
    } else {
        drop_socket(socket, "done");
    }
    pump(upstream);
}

void
upstream_on_socket_lost(struct upstream *upstream, struct upstream_socket *socket,
                        enum status status, const char *reason)
{
    struct upstream_call *call = socket->call;
    bool was_open = socket->is_open;

    timer_stop(upstream->owner->options.timers, &socket->idle_timer);
    list_remove(&socket->node);
    upstream->socket_count--;
    if (call == NULL) {
        return;
    }
    note_failure(upstream, status, reason);
    if (was_open) {
        answer(call, STATUS_OUTCOME_UNKNOWN);
    } else {
        take_back(call, STATUS_UNREACHABLE);
    }
    pump(upstream);
}

/* False when there is no socket to be had now. */
static bool
send_on_socket(struct upstream *upstream, struct upstream_call *call)
{
    struct upstream_socket *socket = NULL;

    if (!list_is_empty(&upstream->idle)) {
        socket = CONTAINER_OF(list_first(&upstream->idle), struct upstream_socket, node);
        timer_stop(upstream->owner->options.timers, &socket->idle_timer);
        list_remove(&socket->node);
        upstream_socket_send(socket, call);
    } else if (upstream->socket_count >= upstream->settings->connections_max) {
        return false;
    }
    leave_queue(call);
    call->state = UPSTREAM_CALL_SENT;
    if (socket == NULL) {
        enum status status = upstream_socket_open(upstream, upstream->owner->options.dialer,
                                                  upstream->settings, call, &socket);
        if (status != STATUS_OK) {
            note_failure(upstream, status, status_sentence(status));
            take_back(call, STATUS_UNREACHABLE);
            return true;
        }
        upstream->socket_count++;
    }
    list_append(&upstream->busy, &socket->node);
    call->socket = socket;
    if (!timer_is_running(&call->timer)) {
        timer_start(upstream->owner->options.timers, &call->timer, upstream->settings->timeout_ms,
                    on_call_due);
    }
    count(upstream, upstream->owner->options.metrics.requests, 1);
    return true;
}

/* While the circuit is open nobody waits in vain. */
static void
fail_ready(struct upstream *upstream)
{
    LIST_FOR_EACH (node, &upstream->ready) {
        struct upstream_call *call = CONTAINER_OF(node, struct upstream_call, ready);
        if (call->event != UPSTREAM_DISCONNECTED) {
            answer(call, STATUS_BACKPLANE_DOWN);
        }
    }
}

/* Send what can be sent now. */
static void
pump(struct upstream *upstream)
{
    while (!list_is_empty(&upstream->ready)) {
        if (upstream->circuit == CIRCUIT_OPEN) {
            fail_ready(upstream);
            return;
        }
        if (upstream->circuit == CIRCUIT_TRYING && !list_is_empty(&upstream->busy)) {
            return;
        }
        if (!send_on_socket(upstream, CONTAINER_OF(list_first(&upstream->ready),
                                                   struct upstream_call, ready))) {
            return;
        }
    }
}

/*
 * The beginning of a call.
 */

/* The first call of a line may go. */
static void
start_first(struct upstream *upstream, struct upstream_line *line)
{
    struct upstream_call *call = CONTAINER_OF(list_first(&line->calls), struct upstream_call, node);

    if (call->state != UPSTREAM_CALL_BEHIND) {
        return;
    }
    if (upstream->owner->is_closed) {
        answer(call, STATUS_CANCELED);
        return;
    }
    if (line->is_refused && call->event != UPSTREAM_CONNECTED) {
        /* It was never connected there; so neither does it disconnect. */
        answer(call, call->event == UPSTREAM_MESSAGE ? STATUS_DENIED : STATUS_CANCELED);
        return;
    }
    call->state = UPSTREAM_CALL_READY;
    list_append(&upstream->ready, &call->ready);
    /* Disconnected events wait as long as it takes. */
    if (call->event != UPSTREAM_DISCONNECTED) {
        timer_start(upstream->owner->options.timers, &call->timer, upstream->settings->timeout_ms,
                    on_call_due);
    }
    pump(upstream);
}

static bool
is_full(const struct upstream *upstream, const struct upstream_call *call)
{
    return call->event == UPSTREAM_DISCONNECTED
               ? upstream->disconnect_count > DISCONNECTS_MAX
               : upstream->waiting_count - upstream->disconnect_count >
                     upstream->settings->queue_max;
}

static void
take(void *argument)
{
    struct upstream_call *call = argument;
    struct upstream *upstream = call->upstream;

    forget_old_refusals(upstream);
    call->state = UPSTREAM_CALL_BEHIND;
    upstream->open_count++;
    upstream->waiting_count++;
    upstream->disconnect_count += call->event == UPSTREAM_DISCONNECTED;
    count(upstream, upstream->owner->options.metrics.waiting, 1);
    call->line = line_of(upstream, call->connection_id);
    if (call->line == NULL) {
        answer(call, STATUS_NO_MEMORY);
        return;
    }
    list_append(&call->line->calls, &call->node);
    if (is_full(upstream, call)) {
        if (call->event == UPSTREAM_DISCONNECTED) {
            count(upstream, upstream->owner->options.metrics.lost, 1);
        }
        answer(call, STATUS_QUEUE_FULL);
        return;
    }
    start_first(upstream, call->line);
}

enum status
upstream_send(struct upstream *upstream, struct upstream_call *call)
{
    const struct poster *loop = &upstream->owner->options.loop;

    call->upstream = upstream;
    return loop->post(loop->context, take, call);
}

static void
release(void *argument)
{
    struct upstream_call *call = argument;
    struct upstream *upstream = call->upstream;
    struct upstream_line *line = call->line;

    assert(call->state == UPSTREAM_CALL_ANSWERED);
    if (line == NULL) {
        upstream_call_free(call);
        return;
    }
    list_remove(&call->node);
    if (call->event == UPSTREAM_CONNECTED || call->event == UPSTREAM_DISCONNECTED) {
        set_refused(upstream, line, call->is_refused);
    }
    upstream_call_free(call);
    if (!list_is_empty(&line->calls)) {
        start_first(upstream, line);
    } else if (!line->is_refused) {
        free_line(upstream, line);
    }
}

void
upstream_release(struct upstream_call *call)
{
    const struct poster *loop = &call->upstream->owner->options.loop;

    if (loop->post(loop->context, release, call) != STATUS_OK) {
        abort(); /* the rest of its connection would wait for ever */
    }
}

/*
 * All of them.
 */

static void
init_upstream(struct upstreams *upstreams, struct upstream *upstream,
              const struct upstream_settings *settings)
{
    upstream->owner = upstreams;
    upstream->settings = settings;
    map_init(&upstream->lines);
    list_init(&upstream->refused);
    list_init(&upstream->ready);
    list_init(&upstream->idle);
    list_init(&upstream->busy);
    backoff_init(&upstream->backoff, CIRCUIT_FIRST_MS, CIRCUIT_LIMIT_MS);
}

enum status
upstreams_new(const struct upstreams_options *options, struct upstreams **out)
{
    struct upstreams *upstreams = calloc(1, sizeof(*upstreams));

    if (upstreams != NULL) {
        upstreams->items = calloc(options->count + 1, sizeof(*upstreams->items));
    }
    if (upstreams == NULL || upstreams->items == NULL) {
        free(upstreams);
        return STATUS_NO_MEMORY;
    }
    upstreams->options = *options;
    upstreams->options.settings = NULL; /* each keeps its own */
    upstreams->count = options->count;
    for (size_t i = 0; i < options->count; i++) {
        init_upstream(upstreams, &upstreams->items[i], options->settings[i]);
    }
    *out = upstreams;
    return STATUS_OK;
}

void
upstreams_free(struct upstreams *upstreams)
{
    if (upstreams == NULL) {
        return;
    }
    for (size_t i = 0; i < upstreams->count; i++) {
        struct upstream *upstream = &upstreams->items[i];
        LIST_FOR_EACH (node, &upstream->refused) {
            free_line(upstream, CONTAINER_OF(node, struct upstream_line, refused));
        }
        assert(map_count(&upstream->lines) == 0);
        map_deinit(&upstream->lines);
    }
    free(upstreams->items);
    free(upstreams);
}

struct upstream *
upstreams_find(const struct upstreams *upstreams, const struct upstream_settings *settings)
{
    for (size_t i = 0; upstreams != NULL && i < upstreams->count; i++) {
        if (upstreams->items[i].settings == settings) {
            return &upstreams->items[i];
        }
    }
    return NULL;
}

const struct upstream_settings *
upstream_settings_of(const struct upstream *upstream)
{
    return upstream->settings;
}

bool
upstreams_is_idle(const struct upstreams *upstreams)
{
    for (size_t i = 0; upstreams != NULL && i < upstreams->count; i++) {
        if (upstreams->items[i].open_count > 0) {
            return false;
        }
    }
    return true;
}

static void
close_upstream(struct upstream *upstream)
{
    timer_stop(upstream->owner->options.timers, &upstream->circuit_timer);
    LIST_FOR_EACH (node, &upstream->ready) {
        answer(CONTAINER_OF(node, struct upstream_call, ready), STATUS_CANCELED);
    }
    LIST_FOR_EACH (node, &upstream->idle) {
        drop_socket(CONTAINER_OF(node, struct upstream_socket, node), "stopping");
    }
    LIST_FOR_EACH (node, &upstream->busy) {
        struct upstream_socket *socket = CONTAINER_OF(node, struct upstream_socket, node);
        struct upstream_call *call = socket->call;
        drop_socket(socket, "stopping");
        answer(call, STATUS_CANCELED);
    }
}

void
upstreams_close(struct upstreams *upstreams)
{
    if (upstreams == NULL || upstreams->is_closed) {
        return;
    }
    upstreams->is_closed = true;
    for (size_t i = 0; i < upstreams->count; i++) {
        close_upstream(&upstreams->items[i]);
    }
}
