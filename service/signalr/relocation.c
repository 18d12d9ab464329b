/* SPDX-License-Identifier: MIT */
#include "service/signalr/relocation.h"

#include <inttypes.h>

#include "service/signalr/json_span.h"
#include "service/signalr/topic_name.h"

enum { VALUE_BYTES_MAX = 1024 };

/* When its transport was opened, on the clock that nodes share as far as they share one. */
static uint64_t
opened_wall_ms(const struct connection *connection)
{
    const struct clock *clock = connection->app->context->clock;

    return clock->wall_ms - (clock->now_ms - connection->opened_ms);
}

static void
publish_moved(const struct connection *connection)
{
    const struct worker_app *app = connection->app;
    struct buffer value;

    buffer_init(&value, VALUE_BYTES_MAX);
    buffer_append_string(&value, "{\"moved\":");
    buffer_append_json_string(&value, connection_id(connection));
    buffer_append_format(&value, ",\"by\":\"%s\",\"at\":%" PRIu64 "}", app->context->nonce,
                         opened_wall_ms(connection));
    if (value.status == STATUS_OK) {
        struct signalr_message message = {.source = connection_id(connection),
                                          .topic = BYTES(TOPIC_NAME_NODE_TEXT),
                                          .value = buffer_bytes(&value)};
        backplane_publish(app->context->port, app->app->handle, &message, NULL, NULL);
    }
    buffer_deinit(&value);
}

void
relocation_announce(struct connection *connection, bool may_be_elsewhere)
{
    const struct worker_app *app = connection->app;

    backplane_notify(app->context->port, app->app->handle, BACKPLANE_NOTICE_MOVED,
                     connection_id(connection));
    connection->has_claimed = may_be_elsewhere;
    if (may_be_elsewhere) {
        publish_moved(connection);
    }
}

struct moved {
    struct buffer id;
    struct buffer by;
    uint64_t at_ms;
};

/* Whether the client came (back) here after that. Clocks that differ by more than the client took
 * cost it one more reconnect. */
static bool
is_newer(const struct connection *connection, const struct moved *moved)
{
    uint64_t opened_ms = opened_wall_ms(connection);
    struct bytes nonce = bytes_from_string(connection->app->context->nonce);

    if (!transport_is_open(&connection->transport)) {
        return false;
    }
    return opened_ms > moved->at_ms ||
           (opened_ms == moved->at_ms && bytes_compare(nonce, buffer_bytes(&moved->by)) > 0);
}

/* If so, let the other node know, once. */
static bool
is_late(struct connection *connection, const struct moved *moved)
{
    if (!is_newer(connection, moved)) {
        return false;
    }
    if (!connection->has_claimed) {
        connection->has_claimed = true;
        publish_moved(connection);
    }
    return true;
}

static bool
read_moved(struct bytes value, struct moved *moved)
{
    struct json_span_reader reader = json_span_open(value);
    unsigned found_count = 0;
    struct bytes name, text;

    while (json_span_next_member(&reader, &name, &text)) {
        enum status status = STATUS_INVALID;

        if (bytes_equal(name, BYTES("\"moved\""))) {
            status = json_span_append_text(&moved->id, text);
        } else if (bytes_equal(name, BYTES("\"by\""))) {
            status = json_span_append_text(&moved->by, text);
        } else if (bytes_equal(name, BYTES("\"at\""))) {
            status = bytes_parse_uint64(text, &moved->at_ms);
        }
        found_count += status == STATUS_OK;
    }
    return found_count == 3;
}

void
relocation_receive(struct worker_app *app, struct bytes value)
{
    struct moved moved = {0};

    if (json_span_check(value) != STATUS_OK) {
        return;
    }
    buffer_init(&moved.id, VALUE_BYTES_MAX);
    buffer_init(&moved.by, VALUE_BYTES_MAX);
    if (read_moved(value, &moved) &&
        !bytes_equal(buffer_bytes(&moved.by), bytes_from_string(app->context->nonce))) {
        struct connection *connection = connection_find(app, buffer_bytes(&moved.id));
        if (connection != NULL && !is_late(connection, &moved)) {
            connection_drop(connection, "moved");
        }
    }
    buffer_deinit(&moved.id);
    buffer_deinit(&moved.by);
}
