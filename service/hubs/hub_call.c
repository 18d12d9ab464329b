/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/hubs/hub_action.h"
#include "service/hubs/hub_state.h"
#include "service/signalr/connection.h"
#include "service/signalr/hub_message.h"
#include "service/signalr/membership.h"

enum {
    TEXT_BYTES_MAX = 64 * 1024 * 1024,
    ACTIONS_MAX = 1000,              /* queued behind a join; the call fails above */
    PROGRESS_WAIT_MAX_MS = 2 * 1000, /* for progress to come round before the result */
    START_WAIT_MAX_MS = 250,         /* for what CONNECTED sent to reach a client elsewhere */
};

enum ending {
    ENDING_NONE,
    ENDING_RETURN,
    ENDING_THROW,
    ENDING_FAIL,
    ENDING_UNKNOWN_METHOD,
    ENDING_REFUSE,
};

struct hub_call {
    struct list_node node;    /* in app->calls */
    struct list_node tracked; /* in the list of who waits */
    struct list_node waiting; /* in app->awaiting_position, or app->ended_calls */
    struct worker_app *app;
    const struct app_path *path;
    struct hub_backend *backend;
    struct hub_call_info info; /* views into `texts` */
    struct bytes hub_as_spelled;
    hub_call_ended_fn on_ended; /* NULL = nobody waits */
    void *owner;
    struct list actions; /* behind `change` */
    size_t action_count;
    struct membership_change *change; /* the join or leave that has to be complete first */
    size_t publishing_count;          /* not accepted yet */
    enum status failure;              /* of the first action that failed */
    enum ending ending;
    struct buffer ending_text; /* the value, error or candidates */
    struct buffer ending_data; /* of a deliberate error */
    struct hub_state state;
    struct buffer groups_sent_to;
    uint64_t awaited_id;     /* the last message that must have come round before the end is told */
    struct timer wait_timer; /* and how long that is waited for */
    void *memory;            /* the backend's */
    bool is_tracked;
    bool is_waiting;
    bool is_ending;  /* inside the function that ends it: do not call back yet */
    bool is_running; /* inside advance() */
    uint8_t texts[];
};

static void advance(struct hub_call *call);

const struct hub_call_info *
hub_call_info(const struct hub_call *call)
{
    return &call->info;
}

void
hub_call_set_memory(struct hub_call *call, void *memory)
{
    call->memory = memory;
}

void *
hub_call_memory(const struct hub_call *call)
{
    return call->memory;
}

bool
hub_call_is_over(const struct hub_call *call)
{
    return call->ending != ENDING_NONE;
}

static void
free_call(struct hub_call *call)
{
    if (call->backend != NULL && call->backend->operations->ended != NULL) {
        call->backend->operations->ended(call->backend, call, call->ending == ENDING_REFUSE);
    }
    timer_stop(call->app->context->timers, &call->wait_timer);
    while (!list_is_empty(&call->actions)) {
        struct hub_action *action =
            CONTAINER_OF(list_first(&call->actions), struct hub_action, node);
        list_remove(&action->node);
        assert(call->actions.head.next != &action->node); /* the analyzer cannot see it */
        hub_action_deinit(action);
        free(action);
    }
    if (call->change != NULL) {
        membership_cancel(call->change);
    }
    if (call->is_tracked) {
        list_remove(&call->tracked);
    }
    if (call->is_waiting) {
        list_remove(&call->waiting);
    }
    list_remove(&call->node);
    hub_state_deinit(&call->state);
    buffer_deinit(&call->ending_text);
    buffer_deinit(&call->ending_data);
    buffer_deinit(&call->groups_sent_to);
    free(call);
}

/*
 * The end.
 */

static void
write_error(const struct hub_call *call, struct hub_message_result *result, struct buffer *text)
{
    bool shows_details = call->path->shows_detailed_errors;

    if (call->ending != ENDING_THROW && call->failure == STATUS_NOT_FOUND) {
        buffer_append_string(text, "UNKNOWN_CONNECTION: nobody in the farm holds the connection");
        result->is_hub_exception = true;
    } else if (call->ending != ENDING_THROW && call->failure != STATUS_OK) {
        /* The farm's own errors are always told: the caller must know that nothing, or who knows
         * what, was sent. */
        buffer_append_format(text, "%s: %s", status_name(call->failure),
                             status_sentence(call->failure));
        result->is_hub_exception = true;
    } else if (call->ending == ENDING_THROW) {
        buffer_append(text, buffer_bytes(&call->ending_text));
        result->is_hub_exception = true;
        result->error_data = buffer_bytes(&call->ending_data);
    } else if (!shows_details) {
        (void)hub_message_append_generic_error(text, call->hub_as_spelled, call->info.method);
    } else if (call->ending == ENDING_UNKNOWN_METHOD) {
        (void)hub_message_append_unknown_method(text, call->info.method,
                                                buffer_bytes(&call->ending_text));
    } else {
        buffer_append(text, buffer_bytes(&call->ending_text));
    }
    result->error = buffer_bytes(text);
}

static void
write_result(const struct hub_call *call, bool is_ok, struct buffer *out)
{
    struct hub_message_result result = {.id = call->info.id, .error = BYTES_NONE};
    struct buffer state, text;

    buffer_init(&state, TEXT_BYTES_MAX);
    buffer_init(&text, TEXT_BYTES_MAX);
    if (hub_state_append(&call->state, call->info.state, &state) == STATUS_OK) {
        result.state = buffer_bytes(&state);
    }
    if (is_ok) {
        result.value = buffer_bytes(&call->ending_text);
    } else {
        write_error(call, &result, &text);
    }
    (void)hub_message_append_result(out, &result);
    buffer_deinit(&state);
    buffer_deinit(&text);
}

static struct bytes
method_name(const struct hub_call *call)
{
    switch (call->info.event) {
    case HUB_CONNECTED:
        return BYTES("@connected");
    case HUB_RECONNECTED:
        return BYTES("@reconnected");
    case HUB_DISCONNECTED:
        return BYTES("@disconnected");
    case HUB_RAW_DATA:
        return BYTES("receive");
    case HUB_OWN:
        return BYTES("");
    case HUB_INVOCATION:
        break;
    }
    return call->info.method;
}

/* Deliberate errors are the hub's business; all others somebody has to look into. */
static void
report_fault(struct hub_call *call)
{
    struct bytes detail = buffer_bytes(&call->ending_text);
    struct bytes method = method_name(call);

    if (call->failure != STATUS_OK) {
        detail = bytes_from_string(status_name(call->failure));
    } else if (call->ending == ENDING_UNKNOWN_METHOD) {
        detail = detail.length == 0 ? BYTES("unknown method") : BYTES("wrong number of arguments");
    } else if (call->ending != ENDING_FAIL) {
        return;
    }
    client_fault_report(call->app, CLIENT_FAULT_HUB_CALL,
                        "conn=%.*s hub=%.*s method=%.*s arguments=%zu reason=\"%.*s\"",
                        BYTES_PRINTF(call->info.connection_id), BYTES_PRINTF(call->info.hub),
                        BYTES_PRINTF(method), call->info.argument_count, BYTES_PRINTF(detail));
}

static void
report(struct hub_call *call)
{
    const struct worker_context *context = call->app->context;
    bool is_ok = call->ending == ENDING_RETURN && call->failure == STATUS_OK;
    bool is_refused = call->ending == ENDING_REFUSE;
    hub_call_ended_fn on_ended = call->on_ended;
    void *owner = call->owner;
    struct buffer json;

    if (!is_ok) {
        worker_app_count(call->app, context->metrics.hub_errors, 1);
        report_fault(call);
    }
    buffer_init(&json, TEXT_BYTES_MAX);
    if (on_ended != NULL && call->info.event == HUB_INVOCATION) {
        write_result(call, is_ok, &json);
    }
    free_call(call);
    if (on_ended != NULL) {
        struct hub_call_outcome outcome = {is_ok, is_refused, buffer_bytes(&json)};
        on_ended(owner, &outcome);
    }
    buffer_deinit(&json);
}

static void
on_ended_calls_due(struct timer *timer)
{
    struct worker_app *app = CONTAINER_OF(timer, struct worker_app, ended_calls_timer);
    struct list due;

    /* Whatever these answers lead to waits for the next time. */
    list_init(&due);
    while (!list_is_empty(&app->ended_calls)) {
        struct list_node *node = list_first(&app->ended_calls);
        list_remove(node);
        list_append(&due, node);
    }
    while (!list_is_empty(&due)) {
        report(CONTAINER_OF(list_first(&due), struct hub_call, waiting));
    }
}

static void
wait_in(struct hub_call *call, struct list *list)
{
    assert(!call->is_waiting);
    call->is_waiting = true;
    list_append(list, &call->waiting);
}

/* Progress travels with the messages, the result does not: let the progress arrive first. Likewise
 * the client is told that it is connected when what was sent to it meanwhile is in its queue. */
static uint32_t
wait_ms(const struct hub_call *call)
{
    if (call->awaited_id <= call->app->position || call->on_ended == NULL) {
        return 0;
    }
    const struct connection *connection = connection_find(call->app, call->info.connection_id);
    if (connection != NULL) {
        return connection->state == CONNECTION_ATTACHED ? PROGRESS_WAIT_MAX_MS : 0;
    }
    return call->info.event == HUB_CONNECTED ? START_WAIT_MAX_MS : 0;
}

static void
on_waited_enough(struct timer *timer)
{
    report(CONTAINER_OF(timer, struct hub_call, wait_timer));
}

static void
finish(struct hub_call *call)
{
    struct worker_app *app = call->app;
    uint32_t delay_ms = wait_ms(call);

    if (delay_ms > 0) {
        wait_in(call, &app->awaiting_position);
        timer_start(app->context->timers, &call->wait_timer, delay_ms, on_waited_enough);
    } else if (call->is_ending) {
        wait_in(call, &app->ended_calls);
        timer_start(app->context->timers, &app->ended_calls_timer, 0, on_ended_calls_due);
    } else {
        report(call);
    }
}

void
hub_call_position_moved(struct worker_app *app)
{
    LIST_FOR_EACH (node, &app->awaiting_position) {
        struct hub_call *call = CONTAINER_OF(node, struct hub_call, waiting);
        if (call->awaited_id <= app->position) {
            report(call);
        }
    }
}

/*
 * Actions.
 */

static void
on_published(void *owner, enum status status, uint64_t id)
{
    struct hub_call *call = owner;

    (void)id;
    call->publishing_count--;
    if (status != STATUS_OK && call->failure == STATUS_OK) {
        call->failure = status;
    }
    advance(call);
}

static void
on_awaited_published(void *owner, enum status status, uint64_t id)
{
    struct hub_call *call = owner;

    if (id > call->awaited_id) {
        call->awaited_id = id;
    }
    on_published(call, status, id);
}

static void
on_changed(void *owner, enum status status)
{
    struct hub_call *call = owner;

    call->change = NULL;
    if (status != STATUS_OK && call->failure == STATUS_OK) {
        call->failure = status;
    }
    advance(call);
}

/* Groups that this call has sent to, a line each: joining one of them afterwards must not bring
 * those messages back. */
static void
note_group(struct hub_call *call, struct bytes topic)
{
    if (membership_is_group(topic) &&
        (buffer_append(&call->groups_sent_to, topic) != STATUS_OK ||
         buffer_append_byte(&call->groups_sent_to, '\n') != STATUS_OK)) {
        call->failure = STATUS_NO_MEMORY;
    }
}

static bool
has_sent_to(const struct hub_call *call, struct bytes topic)
{
    struct bytes rest = buffer_bytes(&call->groups_sent_to);
    struct bytes line;

    while (bytes_split(&rest, '\n', &line)) {
        if (bytes_equal(line, topic)) {
            return true;
        }
    }
    return false;
}

static void
carry_out(struct hub_call *call, const struct hub_action *action)
{
    struct worker_app *app = call->app;

    if (action->kind == HUB_ACTION_PUBLISH) {
        struct signalr_message message = {.source = call->info.connection_id,
                                          .topic = hub_action_topic(action),
                                          .value = hub_action_value(action),
                                          .filter = hub_action_rest(action)};
        call->publishing_count++;
        note_group(call, message.topic);
        backplane_publish(app->context->port, app->app->handle, &message,
                          action->is_progress || call->info.event == HUB_CONNECTED
                              ? on_awaited_published
                              : on_published,
                          call);
        return;
    }
    struct membership_wish wish = {.connection_id = hub_action_rest(action),
                                   .topic = hub_action_topic(action),
                                   .is_join = action->kind == HUB_ACTION_JOIN,
                                   .is_in_order = has_sent_to(call, hub_action_topic(action))};
    enum status status;
    call->change = membership_change(app, &wish, on_changed, call, &status);
    if (call->change == NULL && status != STATUS_OK) {
        call->failure = status;
    }
}

/* Go on with what was queued, and with the end once everything is accepted. May free the call. */
static void
advance(struct hub_call *call)
{
    if (call->is_running || call->is_waiting) {
        return;
    }
    call->is_running = true;
    while (call->change == NULL && !list_is_empty(&call->actions)) {
        struct hub_action *action =
            CONTAINER_OF(list_first(&call->actions), struct hub_action, node);
        list_remove(&action->node);
        if (call->failure == STATUS_OK) {
            carry_out(call, action);
        }
        hub_action_deinit(action);
        free(action);
    }
    call->is_running = false;
    if (call->ending != ENDING_NONE && call->change == NULL && call->publishing_count == 0) {
        finish(call);
    }
}

static enum status
queue(struct hub_call *call, const struct hub_action *action)
{
    struct hub_action *kept;

    if (call->action_count >= ACTIONS_MAX) {
        return STATUS_LIMIT;
    }
    kept = malloc(sizeof(*kept));
    if (kept == NULL) {
        return STATUS_NO_MEMORY;
    }
    *kept = *action;
    list_append(&call->actions, &kept->node);
    call->action_count++;
    return STATUS_OK;
}

/* Carry ${action} out now or behind a join; takes it over. ${status} says how its making went. */
static void
order(struct hub_call *call, struct hub_action *action, enum status status)
{
    bool is_dead = call->ending != ENDING_NONE || call->failure != STATUS_OK;

    if (!is_dead && status == STATUS_OK && call->change != NULL) {
        status = queue(call, action);
        if (status == STATUS_OK) {
            return;
        }
    } else if (!is_dead && status == STATUS_OK) {
        carry_out(call, action);
    }
    if (!is_dead && status != STATUS_OK) {
        call->failure = status;
    }
    hub_action_deinit(action);
}

static struct hub_action_target
target_of(const struct hub_call *call, enum hub_target target, struct bytes name)
{
    return (struct hub_action_target){.target = target,
                                      .is_raw = call->path->raw != NULL,
                                      .owner = call->info.hub,
                                      .connection = call->info.connection_id,
                                      .name = name};
}

void
hub_call_send(struct hub_call *call, enum hub_target target, struct bytes name, struct bytes method,
              struct bytes arguments, const struct bytes *excluded, size_t excluded_count)
{
    struct hub_action_target to = target_of(call, target, name);
    struct hub_action action;
    struct buffer state;

    to.excluded = excluded;
    to.excluded_count = excluded_count;
    buffer_init(&state, TEXT_BYTES_MAX);
    enum status status = STATUS_OK;
    if (target == HUB_TARGET_CALLER) {
        status = hub_state_append(&call->state, call->info.state, &state);
    }
    hub_action_init(&action, HUB_ACTION_PUBLISH);
    if (status == STATUS_OK) {
        status = hub_action_begin(&action, &to);
    }
    if (status == STATUS_OK) {
        (void)hub_message_append_client_call(&action.text, call->info.hub, method, arguments,
                                             buffer_bytes(&state));
        status = hub_action_end_value(&action, &to);
    }
    buffer_deinit(&state);
    order(call, &action, status);
}

void
hub_call_send_raw(struct hub_call *call, enum hub_target target, struct bytes name,
                  struct bytes value, const struct bytes *excluded, size_t excluded_count)
{
    struct hub_action_target to = target_of(call, target, name);
    struct hub_action action;

    to.excluded = excluded;
    to.excluded_count = excluded_count;
    hub_action_init(&action, HUB_ACTION_PUBLISH);
    enum status status = hub_action_begin(&action, &to);
    if (status == STATUS_OK) {
        buffer_append(&action.text, value);
        status = hub_action_end_value(&action, &to);
    }
    order(call, &action, status);
}

static void
change_group(struct hub_call *call, enum hub_action_kind kind, struct bytes connection_id,
             struct bytes group)
{
    struct hub_action_target to = target_of(call, HUB_TARGET_GROUP, group);
    struct bytes id = connection_id.length == 0 ? call->info.connection_id : connection_id;
    struct hub_action action;

    hub_action_init(&action, kind);
    enum status status = hub_action_set_group(&action, &to, id);
    order(call, &action, status);
}

void
hub_call_join(struct hub_call *call, struct bytes connection_id, struct bytes group)
{
    change_group(call, HUB_ACTION_JOIN, connection_id, group);
}

void
hub_call_leave(struct hub_call *call, struct bytes connection_id, struct bytes group)
{
    change_group(call, HUB_ACTION_LEAVE, connection_id, group);
}

void
hub_call_progress(struct hub_call *call, struct bytes value)
{
    /* Progress goes to the connection itself, whatever the hub. */
    struct hub_action_target to = target_of(call, HUB_TARGET_CALLER, BYTES(""));
    struct hub_action action;

    to.is_raw = true;
    hub_action_init(&action, HUB_ACTION_PUBLISH);
    action.is_progress = true;
    enum status status = hub_action_begin(&action, &to);
    if (status == STATUS_OK) {
        (void)hub_message_append_progress(&action.text, call->info.id, value);
        status = hub_action_end_value(&action, &to);
    }
    order(call, &action, status);
}

void
hub_call_spoil(struct hub_call *call, enum status status)
{
    if (call->failure == STATUS_OK) {
        call->failure = status;
    }
}

void
hub_call_set_state(struct hub_call *call, struct bytes name, struct bytes value)
{
    enum status status = hub_state_set(&call->state, name, value);

    if (status != STATUS_OK && call->failure == STATUS_OK) {
        call->failure = status;
    }
}

static void
end(struct hub_call *call, enum ending ending, struct bytes text, struct bytes data)
{
    assert(call->ending == ENDING_NONE);
    call->ending = ending;
    buffer_append(&call->ending_text, text);
    buffer_append(&call->ending_data, data);
    if (call->ending_text.status != STATUS_OK || call->ending_data.status != STATUS_OK) {
        call->failure = STATUS_NO_MEMORY;
    }
    /* Whatever its end leads to happens later: a backend may end calls inside of others, and
     * whoever raised those is in the middle of something. */
    call->is_ending = true;
    advance(call);
    call->is_ending = false;
}

void
hub_call_return(struct hub_call *call, struct bytes value)
{
    end(call, ENDING_RETURN, value, BYTES(""));
}

void
hub_call_throw(struct hub_call *call, struct bytes text, struct bytes data)
{
    end(call, ENDING_THROW, text, data);
}

void
hub_call_fail(struct hub_call *call, struct bytes detail)
{
    end(call, ENDING_FAIL, detail, BYTES(""));
}

void
hub_call_unknown_method(struct hub_call *call, struct bytes candidates)
{
    end(call, ENDING_UNKNOWN_METHOD, candidates, BYTES(""));
}

void
hub_call_refuse(struct hub_call *call, struct bytes text)
{
    end(call, ENDING_REFUSE, text, BYTES(""));
}

/*
 * The beginning.
 */

static size_t
texts_length(const struct hub_call_options *options)
{
    const struct hub_call_info *info = &options->info;

    return info->hub.length + info->method.length + info->arguments.length + info->state.length +
           info->connection_id.length + info->user.length + info->query.length + info->id.length +
           info->headers.length + info->claims.length + info->token.length +
           options->hub_as_spelled.length;
}

/* Copy ${view} behind the others. An empty text is not an absent one. */
static struct bytes
keep(uint8_t **end, struct bytes view)
{
    struct bytes kept = bytes_from(*end, view.length);

    if (view.data == NULL) {
        return BYTES_NONE;
    }
    memcpy(*end, view.data, view.length);
    *end += view.length;
    return kept;
}

static void
keep_texts(struct hub_call *call, const struct hub_call_options *options)
{
    const struct hub_call_info *info = &options->info;
    uint8_t *end = call->texts;

    call->info = *info;
    call->info.hub = keep(&end, info->hub);
    call->info.method = keep(&end, info->method);
    call->info.arguments = keep(&end, info->arguments);
    call->info.state = keep(&end, info->state);
    call->info.connection_id = keep(&end, info->connection_id);
    call->info.user = keep(&end, info->user);
    call->info.query = keep(&end, info->query);
    call->hub_as_spelled = keep(&end, options->hub_as_spelled);
    call->info.id = keep(&end, info->id);
    call->info.headers = keep(&end, info->headers);
    call->info.claims = keep(&end, info->claims);
    call->info.token = keep(&end, info->token);
}

static struct hub_call *
make_call(const struct hub_call_options *options)
{
    struct hub_call *call = calloc(1, sizeof(*call) + texts_length(options));

    if (call == NULL) {
        return NULL;
    }
    buffer_init(&call->ending_text, TEXT_BYTES_MAX);
    buffer_init(&call->ending_data, TEXT_BYTES_MAX);
    buffer_init(&call->groups_sent_to, TEXT_BYTES_MAX);
    list_init(&call->actions);
    call->app = options->app;
    call->path = options->path;
    call->backend = options->backend;
    call->on_ended = options->on_ended;
    call->owner = options->owner;
    list_append(&options->app->calls, &call->node);
    keep_texts(call, options);
    return call;
}

enum status
hub_call_start(const struct hub_call_options *options, struct hub_call **out)
{
    struct hub_call *call = make_call(options);

    if (call == NULL) {
        return STATUS_NO_MEMORY;
    }
    worker_app_count(call->app, call->app->context->metrics.hub_calls, 1);
    *out = call;
    if (options->is_too_deep) {
        hub_call_fail(call, BYTES("An argument is nested too deeply."));
    } else if (call->backend == NULL) {
        hub_call_fail(call, BYTES("The hub is not available."));
    } else {
        call->backend->operations->call(call->backend, call);
    }
    /* What ended meanwhile waits in app->ended_calls, so the call is still there. */
    return STATUS_OK;
}

struct hub_call *
hub_call_begin(struct worker_app *app, struct hub_backend *backend, struct bytes hub)
{
    struct hub_call_options options = {
        .app = app,
        .backend = backend,
        .info = {.event = HUB_OWN,
                 .hub = hub,
                 .arguments = BYTES("[]"),
                 .connection_id = BYTES("")},
    };

    for (size_t i = 0; i < app->app->path_count && options.path == NULL; i++) {
        if (app->app->paths[i].raw == NULL) {
            options.path = &app->app->paths[i];
        }
    }
    return options.path == NULL ? NULL : make_call(&options);
}

void
hub_call_track(struct hub_call *call, struct list *callers)
{
    assert(!call->is_tracked);
    call->is_tracked = true;
    list_append(callers, &call->tracked);
}

void
hub_call_lose_caller(struct hub_call *call)
{
    call->on_ended = NULL;
    if (call->is_tracked) {
        list_remove(&call->tracked);
        call->is_tracked = false;
    }
    if (call->ending == ENDING_NONE && call->backend != NULL &&
        call->backend->operations->canceled != NULL) {
        call->backend->operations->canceled(call->backend, call);
    }
}

void
hub_call_lose_callers(struct list *callers)
{
    while (!list_is_empty(callers)) {
        hub_call_lose_caller(CONTAINER_OF(list_first(callers), struct hub_call, tracked));
    }
}

void
hub_call_drop_all(struct worker_app *app)
{
    while (!list_is_empty(&app->calls)) {
        free_call(CONTAINER_OF(list_first(&app->calls), struct hub_call, node));
    }
}
