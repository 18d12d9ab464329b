/* SPDX-License-Identifier: MIT */
#include "service/signalr/heartbeat.h"

#include "service/signalr/connection.h"
#include "service/signalr/delivery.h"

enum {
    DISCONNECT_THRESHOLD_MS = 5 * 1000, /* extra patience with transports that reconnect */
    BEATS_PER_KEEP_ALIVE = 2,
    KEEP_ALIVES_PER_CURSOR = 3, /* one in so many moves idle clients' cursors on */
};

/* One look at the connections. */
struct beat {
    struct worker_app *app;
    uint64_t now_ms;
    bool is_keep_alive;
    bool moves_cursors;
    struct http_chunk cursors[CLIENT_FRAME_KINDS]; /* empty envelopes, when first needed */
};

/* Polls always end after a while; the others only where no keep-alive tells the living from the
 * dead. */
static bool
is_recycled(const struct beat *beat, const struct connection *connection)
{
    const struct app_timeouts *timeouts = &beat->app->app->timeouts;
    bool has_end = !connection->transport.operations->is_streaming || timeouts->keep_alive_ms == 0;

    return has_end && beat->now_ms - connection->opened_ms >= timeouts->connection_ms;
}

static struct http_chunk
keep_alive_frame(struct beat *beat, struct connection *connection)
{
    const struct transport_operations *operations = connection->transport.operations;
    struct http_chunk *cursor = &beat->cursors[operations->kind];

    if (!beat->moves_cursors || !operations->is_streaming ||
        connection->state != CONNECTION_ATTACHED || connection->cursor >= beat->app->position) {
        return beat->app->context->keep_alives[operations->kind];
    }
    if (cursor->payload == NULL) {
        struct client_frame frame = {.cursor = beat->app->position};
        *cursor = transport_frame_from(operations->kind, &frame);
    }
    if (cursor->payload == NULL) {
        return beat->app->context->keep_alives[operations->kind];
    }
    connection->cursor = beat->app->position;
    return *cursor;
}

static void
look_at_open(struct beat *beat, struct list *list)
{
    LIST_FOR_EACH (node, list) {
        struct connection *connection = CONTAINER_OF(node, struct connection, node);
        if (is_recycled(beat, connection)) {
            connection_end_transport(connection, TRANSPORT_END_DONE);
        } else if (beat->is_keep_alive) {
            connection->transport.operations->keep_alive(&connection->transport,
                                                         keep_alive_frame(beat, connection));
        }
    }
}

static void
look_at_detached(const struct beat *beat)
{
    const struct app_timeouts *timeouts = &beat->app->app->timeouts;

    LIST_FOR_EACH (node, &beat->app->detached) {
        struct connection *connection = CONTAINER_OF(node, struct connection, node);
        uint32_t threshold_ms =
            connection->is_detached_poll ? timeouts->long_poll_delay_ms : DISCONNECT_THRESHOLD_MS;
        if (beat->now_ms - connection->detached_ms >= timeouts->disconnect_ms + threshold_ms) {
            connection_disconnect(connection, false, "time-out");
        }
    }
}

static void
on_due(struct timer *timer)
{
    struct worker_app *app = CONTAINER_OF(timer, struct worker_app, heartbeat);
    struct beat beat = {.app = app, .now_ms = app->context->clock->now_ms};

    app->heartbeat_count++;
    beat.is_keep_alive =
        app->app->timeouts.keep_alive_ms != 0 && app->heartbeat_count % BEATS_PER_KEEP_ALIVE == 0;
    beat.moves_cursors =
        app->heartbeat_count % (BEATS_PER_KEEP_ALIVE * KEEP_ALIVES_PER_CURSOR) == 0;
    look_at_detached(&beat);
    look_at_open(&beat, &app->attached);
    look_at_open(&beat, &app->opening);
    for (size_t i = 0; i < CLIENT_FRAME_KINDS; i++) {
        payload_unref(beat.cursors[i].payload);
    }
    heartbeat_start(app);
}

void
heartbeat_start(struct worker_app *app)
{
    timer_start(app->context->timers, &app->heartbeat, app_heartbeat_ms(app->app), on_due);
}
