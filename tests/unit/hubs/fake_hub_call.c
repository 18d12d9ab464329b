/* SPDX-License-Identifier: MIT */
#include "tests/unit/hubs/fake_hub_call.h"

#include "service/signalr/json_span.h"

#include <assert.h>

enum { RECORD_BYTES_MAX = 32 * 1024 * 1024 };

void
fake_hub_call_init(struct hub_call *call, const char *method, const char *arguments)
{
    struct json_span_reader reader = json_span_open(bytes_from_string(arguments));
    struct bytes value;

    *call = (struct hub_call){
        .info =
            {
                .event = HUB_INVOCATION,
                .hub = BYTES("ChatHub"),
                .method = bytes_from_string(method),
                .arguments = bytes_from_string(arguments),
                .connection_id = BYTES("c1"),
            },
    };
    while (json_span_next(&reader, &value)) {
        call->info.argument_count++;
    }
    buffer_init(&call->record, RECORD_BYTES_MAX);
}

void
fake_hub_call_deinit(struct hub_call *call)
{
    buffer_deinit(&call->record);
}

const struct hub_call_info *
hub_call_info(const struct hub_call *call)
{
    return &call->info;
}

/* One line: the word, then what is not empty. Nothing is ordered after the end. */
static void
record(struct hub_call *call, const char *word, struct bytes first, struct bytes second)
{
    assert(call->end_count == 0);
    buffer_append_string(&call->record, word);
    if (first.length > 0) {
        buffer_append_byte(&call->record, ' ');
        buffer_append(&call->record, first);
    }
    if (second.length > 0) {
        buffer_append_byte(&call->record, ' ');
        buffer_append(&call->record, second);
    }
    buffer_append_byte(&call->record, '\n');
}

static void
record_target(struct hub_call *call, enum hub_target target, struct bytes name, struct bytes method)
{
    static const char *const words[] = {"all",   "others",          "caller", "client",
                                        "group", "others_in_group", "user"};

    assert(call->end_count == 0);
    buffer_append_format(&call->record, "send %s ", words[target]);
    if (name.length > 0) {
        buffer_append_json_string(&call->record, name);
        buffer_append_byte(&call->record, ' ');
    }
    if (method.length > 0) {
        buffer_append(&call->record, method);
        buffer_append_byte(&call->record, ' ');
    }
}

static void
record_excluded(struct hub_call *call, const struct bytes *excluded, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(&call->record, i == 0 ? " but " : ",");
        buffer_append(&call->record, excluded[i]);
    }
    buffer_append_byte(&call->record, '\n');
}

void
hub_call_send(struct hub_call *call, enum hub_target target, struct bytes name, struct bytes method,
              struct bytes arguments, const struct bytes *excluded, size_t excluded_count)
{
    assert(json_span_check(arguments) != STATUS_INVALID);
    record_target(call, target, name, method);
    buffer_append(&call->record, arguments);
    record_excluded(call, excluded, excluded_count);
}

void
hub_call_send_raw(struct hub_call *call, enum hub_target target, struct bytes name,
                  struct bytes value, const struct bytes *excluded, size_t excluded_count)
{
    assert(json_span_check(value) != STATUS_INVALID);
    record_target(call, target, name, BYTES(""));
    buffer_append(&call->record, value);
    record_excluded(call, excluded, excluded_count);
}

void
hub_call_join(struct hub_call *call, struct bytes connection_id, struct bytes group)
{
    record(call, "join", group, connection_id);
}

void
hub_call_leave(struct hub_call *call, struct bytes connection_id, struct bytes group)
{
    record(call, "leave", group, connection_id);
}

void
hub_call_progress(struct hub_call *call, struct bytes value)
{
    record(call, "progress", value, BYTES(""));
}

void
hub_call_set_state(struct hub_call *call, struct bytes name, struct bytes value)
{
    record(call, "set_state", name, value);
}

void
hub_call_return(struct hub_call *call, struct bytes value)
{
    record(call, "return", value, BYTES(""));
    call->end_count++;
}

void
hub_call_throw(struct hub_call *call, struct bytes text, struct bytes data)
{
    record(call, "throw", text, data);
    call->end_count++;
}

void
hub_call_fail(struct hub_call *call, struct bytes detail)
{
    record(call, "fail", detail, BYTES(""));
    call->end_count++;
}

void
hub_call_unknown_method(struct hub_call *call, struct bytes candidates)
{
    record(call, "unknown", candidates, BYTES(""));
    call->end_count++;
}

void
hub_call_refuse(struct hub_call *call, struct bytes text)
{
    record(call, "refuse", text, BYTES(""));
    call->end_count++;
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
    return call->end_count > 0;
}

struct hub_call *
hub_call_begin(struct worker_app *app, struct hub_backend *backend, struct bytes hub)
{
    (void)app;
    (void)backend;
    (void)hub;
    return NULL;
}

void
hub_call_spoil(struct hub_call *call, enum status status)
{
    record(call, "spoil", bytes_from_string(status_name(status)), BYTES(""));
}
