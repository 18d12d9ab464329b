/* SPDX-License-Identifier: MIT */
#include "service/signalr/farm_command.h"

#include "service/signalr/acknowledgement.h"
#include "service/signalr/connection_command.h"
#include "service/signalr/delivery.h"
#include "service/signalr/farm_expiry.h"
#include "service/signalr/json_span.h"
#include "service/signalr/membership.h"
#include "service/signalr/subscription.h"
#include "service/signalr/topic_name.h"

static const char *const words[] = {
    [FARM_COMMAND_JOIN] = "join",           [FARM_COMMAND_LEAVE] = "leave",
    [FARM_COMMAND_LEAVE_ALL] = "leave_all", [FARM_COMMAND_CLOSE] = "close",
    [FARM_COMMAND_FIND] = "find",
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* Of the text of each. */
#define BEGINNING "{\"command\":"

/*
 * As text.
 */

static void
append_member(struct buffer *out, const char *name, struct bytes text)
{
    if (text.length > 0) {
        buffer_append_format(out, ",\"%s\":", name);
        buffer_append_json_string(out, text);
    }
}

enum status
farm_command_encode(const struct farm_command *command, struct buffer *out)
{
    if (!bytes_is_utf8(command->of) || !bytes_is_utf8(command->group) ||
        !bytes_is_utf8(command->why)) {
        return STATUS_INVALID;
    }
    buffer_append_format(out, BEGINNING "\"%s\"", words[command->kind]);
    append_member(out, "of", command->of);
    append_member(out, "group", command->group);
    append_member(out, "why", command->why);
    if (command->seconds > 0) {
        buffer_append_format(out, ",\"for\":%u", command->seconds);
    }
    buffer_append_byte(out, '}');
    return out->status;
}

/* Where a text lies in the storage, which may move as long as it grows. */
struct span {
    size_t from, length;
};

struct spans {
    struct span command, of, group, why;
    uint64_t seconds;
};

static struct span *
find_span(struct spans *spans, struct bytes name)
{
    return bytes_equal(name, BYTES("\"command\"")) ? &spans->command
           : bytes_equal(name, BYTES("\"of\""))    ? &spans->of
           : bytes_equal(name, BYTES("\"group\"")) ? &spans->group
           : bytes_equal(name, BYTES("\"why\""))   ? &spans->why
                                                   : NULL;
}

static struct bytes
view(const struct buffer *storage, struct span span)
{
    return bytes_slice(buffer_bytes(storage), span.from, span.length);
}

static enum status
read_members(struct bytes value, struct buffer *storage, struct spans *spans)
{
    struct json_span_reader reader = json_span_open(value);
    struct bytes name, text;

    while (json_span_next_member(&reader, &name, &text)) {
        struct span *span = find_span(spans, name);
        if (bytes_equal(name, BYTES("\"for\"")) &&
            (bytes_parse_uint64(text, &spans->seconds) != STATUS_OK ||
             spans->seconds > UINT32_MAX)) {
            return STATUS_INVALID;
        }
        if (span == NULL) {
            continue;
        }
        span->from = storage->length;
        enum status status = json_span_append_text(storage, text);
        if (status != STATUS_OK) {
            return status;
        }
        span->length = storage->length - span->from;
    }
    return STATUS_OK;
}

enum status
farm_command_decode(struct bytes value, struct buffer *storage, struct farm_command *out)
{
    struct spans spans = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, 0};
    enum status status = json_span_check(value);

    if (status == STATUS_OK) {
        status = read_members(value, storage, &spans);
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (int i = 0; i < WORDS; i++) {
        if (bytes_equal(view(storage, spans.command), bytes_from_string(words[i]))) {
            *out = (struct farm_command){
                .kind = (enum farm_command_kind)i,
                .of = view(storage, spans.of),
                .group = view(storage, spans.group),
                .why = view(storage, spans.why),
                .seconds = (uint32_t)spans.seconds,
            };
            return out->of.length > 0 ? STATUS_OK : STATUS_INVALID;
        }
    }
    return STATUS_INVALID;
}

/*
 * Carried out.
 */

/* A connection that is opening a transport will hear what it subscribes to: whoever had it before
 * may be rid of it already. */
static bool
is_in(const struct connection *connection, struct bytes name)
{
    const struct topic *topic = topic_find(&connection->app->topics, name);

    return topic != NULL && (topic_set_find(&connection->topics, topic) != SIZE_MAX ||
                             subscription_wants(connection, topic));
}

static void
carry_out(struct connection *connection, const struct farm_command *command,
          const struct backplane_message *message)
{
    switch (command->kind) {
    case FARM_COMMAND_JOIN:
    case FARM_COMMAND_LEAVE:
        if (membership_is_group(command->group)) {
            connection_command_change_group(connection, command->group,
                                            command->kind == FARM_COMMAND_JOIN, message->id);
        }
        break;
    case FARM_COMMAND_LEAVE_ALL:
        connection_command_leave_hub(connection, command->group, message->id);
        break;
    case FARM_COMMAND_CLOSE:
        (void)connection_command_abort(connection->app, connection_id(connection), command->why,
                                       NULL, NULL);
        break;
    case FARM_COMMAND_FIND: /* only of those who hear a topic */
        break;
    }
}

/* Whether that was enough: one who is found stands for all. */
static bool
visit_list(struct list *list, const struct farm_command *command,
           const struct backplane_message *message)
{
    LIST_FOR_EACH (node, list) {
        struct connection *connection = CONTAINER_OF(node, struct connection, node);
        bool is_meant =
            is_in(connection, command->of) && !delivery_is_excluded(connection, &message->message);
        if (is_meant && command->kind == FARM_COMMAND_FIND) {
            if (command->group.length == 0 || is_in(connection, command->group)) {
                acknowledgement_publish(connection, message->message.command_id);
                return true;
            }
        } else if (is_meant) {
            carry_out(connection, command, message);
        }
    }
    return false;
}

static void
visit(struct worker_app *app, const struct farm_command *command,
      const struct backplane_message *message)
{
    struct bytes owner, id;

    if (topic_name_split(command->of, &owner, &id) == TOPIC_NAME_CONNECTION) {
        struct connection *connection = connection_find(app, id);
        if (connection != NULL) {
            carry_out(connection, command, message);
        }
    } else if (topic_find(&app->topics, command->of) != NULL) {
        /* Who is put into a group goes from the last list to the first, and is visited once. */
        (void)(visit_list(&app->opening, command, message) ||
               visit_list(&app->detached, command, message) ||
               visit_list(&app->attached, command, message));
    }
}

static void
on_expired(struct worker_app *app, struct bytes of, struct bytes group)
{
    const struct farm_command leave = {.kind = FARM_COMMAND_LEAVE, .of = of, .group = group};
    const struct backplane_message now = {.id = app->position};

    visit(app, &leave, &now);
}

/* Whoever holds the connections: the latest word on how long they are in the group. */
static void
remember_end(struct worker_app *app, const struct farm_command *command)
{
    if (command->kind == FARM_COMMAND_JOIN && command->seconds > 0) {
        if (farm_expiry_start(app, command->of, command->group, command->seconds, on_expired) !=
            STATUS_OK) {
            log_warn(app->context->log, app->app->name,
                     "a membership will not end by itself: out of memory");
        }
    } else if (command->kind == FARM_COMMAND_JOIN || command->kind == FARM_COMMAND_LEAVE) {
        farm_expiry_stop(app, command->of, command->group);
    }
}

bool
farm_command_is(const struct signalr_message *message)
{
    return bytes_starts_with(message->value, BYTES(BEGINNING)) &&
           bytes_equal(message->topic, BYTES(TOPIC_NAME_NODE_TEXT));
}

void
farm_command_receive(struct worker_app *app, const struct backplane_message *message)
{
    struct farm_command command;
    struct buffer storage;

    buffer_init(&storage, FARM_COMMAND_BYTES_MAX);
    if (farm_command_decode(message->message.value, &storage, &command) == STATUS_OK) {
        remember_end(app, &command);
        visit(app, &command, message);
    }
    buffer_deinit(&storage);
}
