/* SPDX-License-Identifier: MIT */
#include "service/upstream/upstream_reply.h"

#include "service/signalr/json_span.h"

enum {
    EXCLUDED_MAX = 100, /* connection ids one message may leave out */
    TEXT_BYTES_MAX = 64 * 1024 * 1024,
    RECORD_SEPARATOR = 0x1E, /* ends a message of the ASP.NET Core hub protocol */
    STATUS_UNAUTHORIZED = 401,
    STATUS_FORBIDDEN = 403,
};

enum action_kind { ACTION_SEND, ACTION_JOIN, ACTION_LEAVE, ACTION_PROGRESS };

/* One element of "actions", read. */
struct action {
    enum action_kind kind;
    enum hub_target target;
    struct bytes method;
    struct bytes name;       /* the target's name, or the group */
    struct bytes connection; /* whom a join or leave is about; empty = the caller */
    struct bytes value;      /* arguments or progress, JSON */
    struct bytes excluded[EXCLUDED_MAX];
    size_t excluded_count;
};

/* The members of an action as they stand there; absent ones have no data. */
struct fields {
    struct bytes target, arguments, to, group, user, connection, excluded, change, progress;
};

/* Reads with one buffer for decoded texts, which has room for all of them, so that they stay where
 * they are. The first problem ends everything. */
struct reader {
    struct buffer texts;
    const char *problem; /* NULL = none so far */
};

static void
complain(struct reader *reader, const char *problem)
{
    if (reader->problem == NULL) {
        reader->problem = problem;
    }
}

static bool
is_array(struct bytes json)
{
    return json.length > 0 && json.data[0] == '[';
}

static bool
is_object(struct bytes json)
{
    return json.length > 0 && json.data[0] == '{';
}

/* The member of that name, in any case; the last of a repeated one. BYTES_NONE when absent or null.
 */
static struct bytes
member(struct bytes object, struct bytes wanted)
{
    struct json_span_reader span = json_span_open(is_object(object) ? object : BYTES_NONE);
    struct bytes found = BYTES_NONE;
    struct bytes name, value;

    while (json_span_next_member(&span, &name, &value)) {
        if (name.length >= 2 &&
            bytes_equal_ignore_case(bytes_slice(name, 1, name.length - 2), wanted)) {
            found = value;
        }
    }
    return bytes_equal(found, BYTES("null")) ? BYTES_NONE : found;
}

/* Decode a string that must not be empty. */
static struct bytes
read_text(struct reader *reader, struct bytes json, const char *problem)
{
    size_t before = reader->texts.length;

    if (json_span_append_text(&reader->texts, json) != STATUS_OK ||
        reader->texts.length == before) {
        complain(reader, problem);
        return BYTES("");
    }
    return bytes_after(buffer_bytes(&reader->texts), before);
}

static void
read_excluded(struct reader *reader, struct bytes array, struct action *action)
{
    struct json_span_reader span = json_span_open(array);
    struct bytes value;

    if (array.data != NULL && !is_array(array)) {
        complain(reader, "\"excluded\" of an action is not a list.");
    }
    while (json_span_next(&span, &value)) {
        if (action->excluded_count == EXCLUDED_MAX) {
            complain(reader, "An action excludes too many connections.");
            return;
        }
        action->excluded[action->excluded_count++] =
            read_text(reader, value, "\"excluded\" of an action holds something else than ids.");
    }
}

/* Whom a message is for: "to" is all (the default), others or caller; or a group (then perhaps to
 * others in it), a user, a connection. */
static void
read_address(struct reader *reader, const struct fields *fields, struct action *action)
{
    static const char problem[] =
        "An action names more than one of \"groupName\", \"userId\" and \"connectionId\".";
    struct bytes to = fields->to.data == NULL
                          ? BYTES("all")
                          : read_text(reader, fields->to, "\"to\" of an action is not a text.");
    bool is_others = bytes_equal_ignore_case(to, BYTES("others"));
    int names = (fields->group.data != NULL) + (fields->user.data != NULL) +
                (fields->connection.data != NULL);

    if (names > 1 ||
        (names == 1 && fields->to.data != NULL && !(is_others && fields->group.data != NULL))) {
        complain(reader, names > 1 ? problem : "An action has both \"to\" and a name.");
    } else if (fields->group.data != NULL) {
        action->target = is_others ? HUB_TARGET_OTHERS_IN_GROUP : HUB_TARGET_GROUP;
        action->name = read_text(reader, fields->group, "\"groupName\" is not a text.");
    } else if (fields->user.data != NULL) {
        action->target = HUB_TARGET_USER;
        action->name = read_text(reader, fields->user, "\"userId\" is not a text.");
    } else if (fields->connection.data != NULL) {
        action->target = HUB_TARGET_CLIENT;
        action->name = read_text(reader, fields->connection, "\"connectionId\" is not a text.");
    } else if (is_others) {
        action->target = HUB_TARGET_OTHERS;
    } else if (bytes_equal_ignore_case(to, BYTES("caller"))) {
        action->target = HUB_TARGET_CALLER;
    } else if (bytes_equal_ignore_case(to, BYTES("all"))) {
        action->target = HUB_TARGET_ALL;
    } else {
        complain(reader, "\"to\" of an action is not all, others or caller.");
    }
}

static void
read_send(struct reader *reader, const struct fields *fields, struct action *action)
{
    action->kind = ACTION_SEND;
    action->method = read_text(reader, fields->target, "\"target\" of an action is not a text.");
    action->value = fields->arguments.data == NULL ? BYTES("[]") : fields->arguments;
    if (!is_array(action->value)) {
        complain(reader, "\"arguments\" of an action is not a list.");
    }
    read_address(reader, fields, action);
    read_excluded(reader, fields->excluded, action);
}

static void
read_change(struct reader *reader, const struct fields *fields, struct action *action)
{
    static const char problem[] = "\"action\" of an action is not add or remove.";
    struct bytes change = read_text(reader, fields->change, problem);

    action->kind = bytes_equal_ignore_case(change, BYTES("add")) ? ACTION_JOIN : ACTION_LEAVE;
    if (action->kind == ACTION_LEAVE && !bytes_equal_ignore_case(change, BYTES("remove"))) {
        complain(reader, problem);
    }
    action->name = read_text(reader, fields->group, "An action lacks its \"groupName\".");
    if (fields->connection.data != NULL) {
        action->connection =
            read_text(reader, fields->connection, "\"connectionId\" is not a text.");
    }
}

static void
read_action(struct reader *reader, struct bytes object, struct action *action)
{
    const struct fields fields = {
        .target = member(object, BYTES("target")),
        .arguments = member(object, BYTES("arguments")),
        .to = member(object, BYTES("to")),
        .group = member(object, BYTES("groupName")),
        .user = member(object, BYTES("userId")),
        .connection = member(object, BYTES("connectionId")),
        .excluded = member(object, BYTES("excluded")),
        .change = member(object, BYTES("action")),
        .progress = member(object, BYTES("progress")),
    };

    *action = (struct action){.kind = ACTION_PROGRESS};
    buffer_clear(&reader->texts);
    if (buffer_reserve(&reader->texts, object.length + 1) == NULL) {
        complain(reader, "Out of memory.");
    } else if (fields.target.data != NULL) {
        read_send(reader, &fields, action);
    } else if (fields.change.data != NULL) {
        read_change(reader, &fields, action);
    } else if (fields.progress.data != NULL) {
        action->value = fields.progress;
    } else {
        complain(reader, "An action has none of \"target\", \"action\" and \"progress\".");
    }
}

static void
order_action(struct hub_call *call, const struct action *action)
{
    switch (action->kind) {
    case ACTION_SEND:
        hub_call_send(call, action->target, action->name, action->method, action->value,
                      action->excluded_count == 0 ? NULL : action->excluded,
                      action->excluded_count);
        break;
    case ACTION_JOIN:
        hub_call_join(call, action->connection, action->name);
        break;
    case ACTION_LEAVE:
        hub_call_leave(call, action->connection, action->name);
        break;
    case ACTION_PROGRESS:
        if (hub_call_info(call)->event == HUB_INVOCATION) {
            hub_call_progress(call, action->value);
        }
        break;
    }
}

/* Read every action, and order it unless ${call} is NULL. */
static void
walk_actions(struct reader *reader, struct bytes actions, struct hub_call *call)
{
    struct json_span_reader span = json_span_open(actions);
    struct action action;
    struct bytes object;

    if (actions.data != NULL && !is_array(actions)) {
        complain(reader, "\"actions\" is not a list.");
    }
    while (reader->problem == NULL && json_span_next(&span, &object)) {
        read_action(reader, object, &action);
        if (reader->problem == NULL && call != NULL) {
            order_action(call, &action);
        }
    }
}

static void
walk_state(struct reader *reader, struct bytes state, struct hub_call *call)
{
    struct json_span_reader span = json_span_open(state);
    struct bytes name, value;

    if (state.data != NULL && !is_object(state)) {
        complain(reader, "\"state\" is not an object.");
    }
    while (reader->problem == NULL && json_span_next_member(&span, &name, &value)) {
        buffer_clear(&reader->texts);
        struct bytes text = read_text(reader, name, "A name in \"state\" is empty.");
        if (reader->problem == NULL && call != NULL) {
            hub_call_set_state(call, text, value);
        }
    }
}

/*
 * The end of the call.
 */

static void
end_with_problem(struct hub_call *call, const char *problem)
{
    struct buffer text;

    buffer_init(&text, 4096);
    buffer_append_format(&text, "The application's answer cannot be used: %s", problem);
    hub_call_throw(call, buffer_bytes(&text), BYTES(""));
    buffer_deinit(&text);
}

static void
end_with_value(struct hub_call *call, struct bytes value)
{
    hub_call_return(call, hub_call_info(call)->event == HUB_INVOCATION ? value : BYTES(""));
}

/* "error" and "errorData", or "result". */
static void
end_with_members(struct reader *reader, struct bytes object, struct hub_call *call)
{
    struct bytes error = member(object, BYTES("error"));

    if (error.data == NULL) {
        end_with_value(call, member(object, BYTES("result")));
        return;
    }
    buffer_clear(&reader->texts);
    struct bytes text = read_text(reader, error, "\"error\" is not a text.");
    if (hub_call_info(call)->event == HUB_CONNECTED) {
        hub_call_refuse(call, text);
    } else {
        hub_call_throw(call, text, member(object, BYTES("errorData")));
    }
}

/* Our own kind of reply: actions first, then the end. */
static void
carry_out_reply(struct bytes object, struct hub_call *call)
{
    struct reader reader = {.problem = is_object(object) ? NULL : "it is not an object."};
    struct bytes actions = member(object, BYTES("actions"));
    struct bytes state = member(object, BYTES("state"));
    struct bytes error = member(object, BYTES("error"));

    buffer_init(&reader.texts, TEXT_BYTES_MAX);
    if (error.data != NULL) {
        (void)read_text(&reader, error, "\"error\" is not a text.");
    }
    walk_actions(&reader, actions, NULL);
    walk_state(&reader, state, NULL);
    if (reader.problem == NULL) {
        walk_actions(&reader, actions, call);
        walk_state(&reader, state, call);
    }
    if (reader.problem == NULL) {
        end_with_members(&reader, object, call);
    } else {
        end_with_problem(call, reader.problem);
    }
    buffer_deinit(&reader.texts);
}

/* A finished completion of the ASP.NET Core hub protocol, as Azure Functions write it:
 * {"type":3,"invocationId":"0","result":1}, record separator. */
static void
end_with_completion(struct bytes object, struct hub_call *call)
{
    struct reader reader = {0};
    struct bytes error = member(object, BYTES("error"));

    buffer_init(&reader.texts, TEXT_BYTES_MAX);
    if (!bytes_equal(member(object, BYTES("type")), BYTES("3"))) {
        complain(&reader, "it is a hub message, but no completion.");
    } else if (error.data != NULL) {
        (void)read_text(&reader, error, "\"error\" is not a text.");
    }
    if (reader.problem == NULL) {
        end_with_members(&reader, object, call);
    } else {
        end_with_problem(call, reader.problem);
    }
    buffer_deinit(&reader.texts);
}

static void
end_with_text(struct hub_call *call, struct bytes body)
{
    struct buffer json;

    if (!bytes_is_utf8(body)) {
        end_with_problem(call, "it is neither JSON nor UTF-8 text.");
        return;
    }
    buffer_init(&json, TEXT_BYTES_MAX);
    if (buffer_append_json_string(&json, body) == STATUS_OK) {
        end_with_value(call, buffer_bytes(&json));
    } else {
        hub_call_fail(call, BYTES("Out of memory."));
    }
    buffer_deinit(&json);
}

static void
end_with_status(struct hub_call *call, uint16_t status)
{
    struct buffer text;

    buffer_init(&text, 128);
    buffer_append_format(&text, "Invocation failed, status code %u", status);
    if (hub_call_info(call)->event == HUB_CONNECTED) {
        hub_call_refuse(call, status == STATUS_UNAUTHORIZED || status == STATUS_FORBIDDEN
                                  ? BYTES("The application refused the connection.")
                                  : buffer_bytes(&text));
    } else {
        hub_call_throw(call, buffer_bytes(&text), BYTES(""));
    }
    buffer_deinit(&text);
}

/* Without a type the body is taken for JSON. */
static bool
is_json_type(struct bytes type)
{
    return type.length == 0 || bytes_equal_ignore_case(type, BYTES("application/json")) ||
           bytes_equal_ignore_case(type, BYTES("text/json")) ||
           bytes_ends_with_ignore_case(type, BYTES("+json"));
}

/* Some writers of .NET put a byte order mark in front of UTF-8. */
static struct bytes
without_mark(struct bytes body)
{
    static const struct bytes mark = {(const uint8_t *)"\xEF\xBB\xBF", 3};

    return bytes_starts_with(body, mark) ? bytes_after(body, 3) : body;
}

void
upstream_reply_carry_out(const struct http_answer *answer, struct hub_call *call)
{
    struct bytes whole = without_mark(answer->body);
    struct bytes body = json_span_trim(whole);
    bool is_framed = body.length > 0 && body.data[body.length - 1] == RECORD_SEPARATOR;

    if (answer->status < 200 || answer->status > 299) {
        end_with_status(call, answer->status);
        return;
    }
    if (body.length == 0) {
        hub_call_return(call, BYTES(""));
        return;
    }
    if (!is_json_type(answer->content_type) && !is_framed) {
        end_with_text(call, whole);
        return;
    }
    if (is_framed) {
        body = json_span_trim(bytes_slice(body, 0, body.length - 1));
    }
    if (json_span_check(body) != STATUS_OK) {
        end_with_problem(call, "it is not JSON.");
    } else if (is_framed) {
        end_with_completion(body, call);
    } else if (bytes_equal_ignore_case(answer->content_type, BYTES(UPSTREAM_REPLY_TYPE))) {
        carry_out_reply(body, call);
    } else {
        end_with_value(call, body);
    }
}
