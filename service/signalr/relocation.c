/* SPDX-License-Identifier: MIT */
#include "service/signalr/relocation.h"

#include "service/signalr/json_span.h"
#include "service/signalr/topic_name.h"

enum {
    VALUE_BYTES_MAX = 1024,
    /* A "moved" that arrives so soon after the client came (back) here was sent before that. */
    LATE_MS = 5 * 1000,
};

static void
publish_moved(const struct connection *connection)
{
    const struct worker_app *app = connection->app;
    struct buffer value;

    buffer_init(&value, VALUE_BYTES_MAX);
    buffer_append_string(&value, "{\"moved\":");
    buffer_append_json_string(&value, connection_id(connection));
    buffer_append_format(&value, ",\"by\":\"%s\"}", app->context->nonce);
    if (value.status == STATUS_OK) {
        struct signalr_message message = {.source = connection_id(connection),
                                          .topic = BYTES(TOPIC_NAME_NODE_TEXT),
                                          .value = buffer_bytes(&value)};
        backplane_publish(app->context->port, app->app->handle, &message, NULL, NULL);
    }
    buffer_deinit(&value);
}

void
relocation_announce(const struct connection *connection, bool may_be_elsewhere)
{
    const struct worker_app *app = connection->app;

    backplane_notify(app->context->port, app->app->handle, BACKPLANE_NOTICE_MOVED,
                     connection_id(connection));
    if (may_be_elsewhere) {
        publish_moved(connection);
    }
}

/* The client was elsewhere for a moment and is here again: let the other node know, once. */
static bool
is_late(struct connection *connection)
{
    uint64_t age_ms = connection->app->context->clock->now_ms - connection->opened_ms;

    if (!transport_is_open(&connection->transport) || age_ms >= LATE_MS) {
        return false;
    }
    if (!connection->has_claimed) {
        connection->has_claimed = true;
        publish_moved(connection);
    }
    return true;
}

static bool
read_member(struct bytes value, struct bytes wanted, struct buffer *out)
{
    struct json_span_reader reader = json_span_open(value);
    struct bytes name, text;

    while (json_span_next_member(&reader, &name, &text)) {
        if (bytes_equal(name, wanted)) {
            return json_span_append_text(out, text) == STATUS_OK;
        }
    }
    return false;
}

void
relocation_receive(struct worker_app *app, struct bytes value)
{
    struct buffer id, by;

    if (json_span_check(value) != STATUS_OK) {
        return;
    }
    buffer_init(&id, VALUE_BYTES_MAX);
    buffer_init(&by, VALUE_BYTES_MAX);
    if (read_member(value, BYTES("\"moved\""), &id) && read_member(value, BYTES("\"by\""), &by) &&
        !bytes_equal(buffer_bytes(&by), bytes_from_string(app->context->nonce))) {
        struct connection *connection = connection_find(app, buffer_bytes(&id));
        if (connection != NULL && !is_late(connection)) {
            connection_drop(connection, "moved");
        }
    }
    buffer_deinit(&id);
    buffer_deinit(&by);
}
