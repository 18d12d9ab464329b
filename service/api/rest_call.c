/* SPDX-License-Identifier: MIT */
#include "service/api/rest_call.h"

#include <stdlib.h>

#include "service/api/rest_body.h"
#include "service/hubs/hub_action.h"
#include "service/signalr/acknowledgement.h"
#include "service/signalr/connection_command.h"
#include "service/signalr/farm_command.h"
#include "service/signalr/hub_message.h"
#include "service/signalr/membership.h"
#include "service/signalr/topic_name.h"

struct rest_call {
    struct list_node node;          /* in the list of who started it */
    struct http_exchange *exchange; /* NULL: the caller has gone */
    struct worker_app *app;
    struct rest_request request;
    /* What it waits for. */
    struct membership_change *change;
    struct acknowledgement *acknowledgement;
    struct backplane_request *query;
    struct timer silence_timer; /* nobody has answered so far */
    bool is_publishing;         /* cannot be taken back: the memory stays until it is settled */
};

static const struct rest_answer_error no_connection = {404, "Warning.Connection.NotExisted",
                                                       "The connection does not exist.", false};
static const struct rest_answer_error no_connection_to_add = {404, "Error.Connection.NotExisted",
                                                              "The connection does not exist.",
                                                              false};
static const struct rest_answer_error no_group = {404, "Warning.Group.NotExisted",
                                                  "Nobody is in the group.", false};
static const struct rest_answer_error no_user = {404, "Warning.User.NotExisted",
                                                 "The user is not connected.", false};
static const struct rest_answer_error no_member = {404, "Info.User.NotInGroup",
                                                   "The user is not in the group.", false};

/*
 * The end.
 */

static void
free_call(struct rest_call *call)
{
    struct worker_context *context = call->app->context;

    if (call->query != NULL) {
        backplane_cancel(context->port, call->query);
    }
    if (call->change != NULL) {
        membership_cancel(call->change);
    }
    if (call->acknowledgement != NULL) {
        acknowledgement_cancel(call->acknowledgement);
    }
    timer_stop(context->timers, &call->silence_timer);
    list_remove(&call->node);
    rest_request_deinit(&call->request);
    free(call);
}

/* The exchange to answer: it is the call's no longer. NULL when the caller has gone. */
static struct http_exchange *
take_exchange(struct rest_call *call)
{
    struct http_exchange *exchange = call->exchange;

    call->exchange = NULL;
    if (exchange != NULL) {
        http_exchange_on_closed(exchange, NULL, NULL);
    }
    return exchange;
}

static uint16_t
success_of(const struct rest_route *route)
{
    switch (route->operation) {
    case REST_SEND:
        return 202;
    case REST_CLOSE_ONE:
        return route->is_version_1 ? 202 : 200;
    case REST_CLOSE_MANY:
    case REST_USER_LEAVE:
    case REST_USER_LEAVE_ALL:
        return 204;
    default:
        return 200;
    }
}

static void
end_well(struct rest_call *call)
{
    struct http_exchange *exchange = take_exchange(call);

    if (exchange != NULL) {
        rest_answer_empty(exchange, success_of(&call->request.route));
    }
    free_call(call);
}

static void
end_with(struct rest_call *call, const struct rest_answer_error *error)
{
    struct http_exchange *exchange = take_exchange(call);

    if (exchange != NULL) {
        rest_answer_error(exchange, error);
    }
    free_call(call);
}

static void
end_badly(struct rest_call *call, enum status status)
{
    struct http_exchange *exchange = take_exchange(call);

    if (exchange != NULL) {
        rest_answer_status(exchange, status);
    }
    free_call(call);
}

static void
refuse(struct rest_call *call, const char *code, const char *message)
{
    const struct rest_answer_error error = {400, code, message, false};

    end_with(call, &error);
}

static void
on_caller_gone(void *owner, const char *reason)
{
    struct rest_call *call = owner;

    (void)reason;
    call->exchange = NULL;
    if (!call->is_publishing) {
        free_call(call);
    }
}

/*
 * Publishing.
 */

static void
on_published(void *owner, enum status status, uint64_t id)
{
    struct rest_call *call = owner;

    (void)id;
    if (status == STATUS_OK) {
        end_well(call);
    } else {
        end_badly(call, status);
    }
}

static void
publish(struct rest_call *call, const struct signalr_message *message)
{
    call->is_publishing = true;
    backplane_publish(call->app->context->port, call->app->app->handle, message, on_published,
                      call);
}

static void
send_message(struct rest_call *call, const struct rest_body *body)
{
    const struct rest_route *route = &call->request.route;
    struct hub_action_target to = {
        .target = route->connection.data != NULL ? HUB_TARGET_CLIENT
                  : route->group.data != NULL    ? HUB_TARGET_GROUP
                  : route->user.data != NULL     ? HUB_TARGET_USER
                                                 : HUB_TARGET_ALL,
        .owner = call->request.hub,
        .connection = BYTES(""),
        .name = route->connection.data != NULL ? route->connection
                : route->group.data != NULL    ? route->group
                                               : route->user,
        .excluded = call->request.excluded,
        .excluded_count = call->request.excluded_count,
    };
    struct hub_action action;

    hub_action_init(&action, HUB_ACTION_PUBLISH);
    enum status status = hub_action_begin(&action, &to);
    if (status == STATUS_OK) {
        (void)hub_message_append_client_call(&action.text, call->request.hub,
                                             buffer_bytes(&body->target), body->arguments,
                                             BYTES(""));
        status = hub_action_end_value(&action, &to);
    }
    if (status == STATUS_OK) {
        const struct signalr_message message = {.source = BYTES(""),
                                                .topic = hub_action_topic(&action),
                                                .value = hub_action_value(&action),
                                                .filter = hub_action_rest(&action)};
        publish(call, &message);
    } else {
        end_badly(call, status);
    }
    hub_action_deinit(&action);
}

static void
start_send(struct rest_call *call)
{
    const struct http_request *request = http_exchange_request(call->exchange);
    const char *problem = NULL;
    struct rest_body body;

    enum status status = rest_body_read(http_request_header(request, BYTES("Content-Type")),
                                        request->body, &body, &problem);
    if (status == STATUS_OK) {
        send_message(call, &body);
    } else if (status == STATUS_INVALID) {
        refuse(call, "Error.Body.Invalid", problem);
    } else {
        end_badly(call, status);
    }
    rest_body_deinit(&body);
}

/*
 * Commands to the whole farm.
 */

/* ${of} is a topic: those who hear it. */
static enum status
publish_command(struct rest_call *call, enum farm_command_kind kind, struct bytes of)
{
    const struct farm_command command = {
        .kind = kind,
        .of = of,
        .group =
            kind == FARM_COMMAND_LEAVE_ALL ? call->request.hub : buffer_bytes(&call->request.group),
        .why = kind == FARM_COMMAND_CLOSE ? call->request.reason : BYTES(""),
        .seconds = kind == FARM_COMMAND_JOIN ? call->request.ttl_seconds : 0,
    };
    struct buffer value, filter;

    buffer_init(&value, FARM_COMMAND_BYTES_MAX);
    buffer_init(&filter, REST_REQUEST_TEXTS_BYTES_MAX);
    enum status status = farm_command_encode(&command, &value);
    if (status == STATUS_OK) {
        status =
            topic_name_append_filter(&filter, call->request.excluded, call->request.excluded_count);
    }
    if (status == STATUS_OK) {
        const struct signalr_message message = {.source = BYTES(""),
                                                .topic = BYTES(TOPIC_NAME_NODE_TEXT),
                                                .value = buffer_bytes(&value),
                                                .filter = buffer_bytes(&filter)};
        publish(call, &message);
    }
    buffer_deinit(&value);
    buffer_deinit(&filter);
    return status;
}

static void
command_many(struct rest_call *call, enum farm_command_kind kind)
{
    enum status status = publish_command(call, kind, buffer_bytes(&call->request.topic));

    if (status != STATUS_OK) {
        end_badly(call, status);
    }
}

static void
start_leave_all(struct rest_call *call)
{
    struct buffer topic;

    buffer_init(&topic, TOPIC_NAME_BYTES_MAX);
    enum status status =
        topic_name_append(&topic, TOPIC_NAME_CONNECTION, BYTES(""), call->request.route.connection);
    if (status == STATUS_OK) {
        status = publish_command(call, FARM_COMMAND_LEAVE_ALL, buffer_bytes(&topic));
    }
    if (status != STATUS_OK) {
        end_badly(call, status);
    }
    buffer_deinit(&topic);
}

/*
 * Nobody there.
 */

static void
end_with_nobody(struct rest_call *call)
{
    const struct rest_route *route = &call->request.route;

    switch (route->operation) {
    case REST_JOIN:
        end_with(call, &no_connection_to_add);
        break;
    case REST_LEAVE:
        end_well(call);
        break;
    case REST_IS_MEMBER:
        end_with(call, &no_member);
        break;
    default:
        end_with(call, route->connection.data != NULL ? &no_connection
                       : route->group.data != NULL    ? &no_group
                                                      : &no_user);
        break;
    }
}

/* What has come of something that somebody was to acknowledge. */
static void
end_acknowledged(struct rest_call *call, enum status status)
{
    if (status == STATUS_OK) {
        end_well(call);
    } else if (status == STATUS_NOT_FOUND) {
        end_with_nobody(call);
    } else if (status == STATUS_LIMIT) {
        refuse(call, "Error.Group.TooMany", "The connection may be in no more groups.");
    } else {
        end_badly(call, status);
    }
}

static void
on_acknowledged(void *owner, enum status status)
{
    struct rest_call *call = owner;

    call->acknowledgement = NULL;
    end_acknowledged(call, status);
}

static void
wait_for_answer(struct rest_call *call, timer_fn on_silence)
{
    timer_start(call->app->context->timers, &call->silence_timer, REST_CALL_SILENCE_MS, on_silence);
}

/*
 * Commands to one connection, which may be anybody's: also a .NET node's, which no query knows. Who
 * holds it says so within a moment, unless it is between two transports: then it is waited for.
 */

static void
on_queried(void *owner, enum status status, bool exists)
{
    struct rest_call *call = owner;

    call->query = NULL;
    if (status != STATUS_OK) {
        return; /* the command has its own time-out */
    }
    if (!exists) {
        end_with_nobody(call);
    } else if (call->request.route.operation == REST_CLOSE_ONE) {
        end_well(call); /* it will not come back, whether it tries or not */
    }
}

static void
on_command_silence(struct timer *timer)
{
    struct rest_call *call = CONTAINER_OF(timer, struct rest_call, silence_timer);

    call->query = backplane_query(call->app->context->port, call->app->app->handle,
                                  buffer_bytes(&call->request.topic), on_queried, call);
}

static void
on_changed(void *owner, enum status status)
{
    struct rest_call *call = owner;

    call->change = NULL;
    end_acknowledged(call, status);
}

static void
change_group(struct rest_call *call)
{
    const struct membership_wish wish = {
        .connection_id = call->request.route.connection,
        .topic = buffer_bytes(&call->request.group),
        .is_join = call->request.route.operation == REST_JOIN,
        .is_in_order = true,
    };
    enum status status;

    call->change = membership_change(call->app, &wish, on_changed, call, &status);
    if (call->change != NULL) {
        wait_for_answer(call, on_command_silence);
    } else {
        end_acknowledged(call, status);
    }
}

static void
close_connection(struct rest_call *call)
{
    struct signalr_command command = {.type = SIGNALR_COMMAND_ABORT, .value = call->request.reason};
    enum status status =
        acknowledgement_request(call->app, call->request.route.connection, &command,
                                on_acknowledged, call, &call->acknowledgement);

    if (status == STATUS_OK) {
        wait_for_answer(call, on_command_silence);
    } else {
        end_badly(call, status);
    }
}

/*
 * Is anybody there? Whoever has such a connection answers.
 */

static void
on_search_silence(struct timer *timer)
{
    struct rest_call *call = CONTAINER_OF(timer, struct rest_call, silence_timer);

    if (acknowledgement_is_published(call->acknowledgement)) {
        end_with_nobody(call);
    } else {
        wait_for_answer(call, on_search_silence); /* nobody has been asked yet */
    }
}

static void
search(struct rest_call *call)
{
    const struct farm_command command = {.kind = FARM_COMMAND_FIND,
                                         .of = buffer_bytes(&call->request.topic),
                                         .group = buffer_bytes(&call->request.group)};
    struct worker_app *app = call->app;
    struct buffer value;

    buffer_init(&value, FARM_COMMAND_BYTES_MAX);
    enum status status = farm_command_encode(&command, &value);
    if (status == STATUS_OK && app->state != BACKPLANE_OPEN) {
        status = STATUS_BACKPLANE_DOWN; /* nobody could answer */
    }
    if (status == STATUS_OK) {
        struct signalr_message message = {.source = BYTES(""),
                                          .topic = BYTES(TOPIC_NAME_NODE_TEXT),
                                          .value = buffer_bytes(&value)};
        status = acknowledgement_ask(app, &message, on_acknowledged, call, &call->acknowledgement);
    }
    buffer_deinit(&value);
    if (status == STATUS_OK) {
        wait_for_answer(call, on_search_silence);
    } else {
        end_badly(call, status);
    }
}

/*
 * The beginning.
 */

static struct rest_call *
make_call(const struct rest_call_options *options)
{
    struct rest_call *call = calloc(1, sizeof(*call));

    if (call != NULL) {
        call->exchange = options->exchange;
        call->app = options->app;
        list_append(options->calls, &call->node);
        http_exchange_on_closed(call->exchange, call, on_caller_gone);
    }
    return call;
}

static void
start(struct rest_call *call)
{
    switch (call->request.route.operation) {
    case REST_SEND:
        start_send(call);
        break;
    case REST_CLOSE_MANY:
        command_many(call, FARM_COMMAND_CLOSE);
        break;
    case REST_LEAVE_ALL:
        start_leave_all(call);
        break;
    case REST_USER_JOIN:
        command_many(call, FARM_COMMAND_JOIN);
        break;
    case REST_USER_LEAVE:
        command_many(call, FARM_COMMAND_LEAVE);
        break;
    case REST_USER_LEAVE_ALL:
        command_many(call, FARM_COMMAND_LEAVE_ALL);
        break;
    case REST_JOIN:
    case REST_LEAVE:
        change_group(call);
        break;
    case REST_CLOSE_ONE:
        close_connection(call);
        break;
    default:
        search(call);
        break;
    }
}

void
rest_call_start(const struct rest_call_options *options)
{
    struct rest_call *call = make_call(options);

    if (call == NULL) {
        rest_answer_status(options->exchange, STATUS_NO_MEMORY);
        return;
    }
    const struct rest_answer_error *error = NULL;
    enum status status = rest_request_read(options->hub, options->route, options->parameters,
                                           &call->request, &error);
    if (status == STATUS_OK) {
        start(call);
    } else if (status == STATUS_INVALID) {
        end_with(call, error);
    } else {
        end_badly(call, status);
    }
}

void
rest_call_drop_all(struct list *calls)
{
    LIST_FOR_EACH (node, calls) {
        free_call(CONTAINER_OF(node, struct rest_call, node));
    }
}
