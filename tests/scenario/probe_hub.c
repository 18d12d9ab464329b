/* SPDX-License-Identifier: MIT */
#include "tests/scenario/probe_hub.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct probe_backend {
    struct hub_backend backend; /* first */
    struct probe_hub *probe;
    struct hub_backend *relay;
};

static struct probe_backend *
probe_of(struct hub_backend *backend)
{
    return CONTAINER_OF(backend, struct probe_backend, backend);
}

static const char *
event_name(enum hub_event event)
{
    switch (event) {
    case HUB_CONNECTED:
        return "connected";
    case HUB_RECONNECTED:
        return "reconnected";
    case HUB_DISCONNECTED:
        return "disconnected";
    case HUB_RAW_DATA:
        return "data";
    case HUB_INVOCATION:
    case HUB_OWN:
        break;
    }
    return "call";
}

static void
write_event(const struct probe_hub *probe, const struct hub_call_info *info)
{
    buffer_append_format(probe->events, "%s %.*s %.*s", event_name(info->event),
                         BYTES_PRINTF(info->hub), BYTES_PRINTF(info->connection_id));
    if (info->event == HUB_DISCONNECTED) {
        buffer_append_format(probe->events, " stop=%d", info->stop_called);
    }
    buffer_append_byte(probe->events, '\n');
}

static void
count(struct hub_call *call)
{
    const struct hub_call_info *info = hub_call_info(call);
    struct bytes digits = bytes_slice(info->arguments, 1, info->arguments.length - 2);
    uint64_t total;
    char text[32];

    if (bytes_parse_uint64(digits, &total) != STATUS_OK) {
        hub_call_fail(call, BYTES("not a number"));
        return;
    }
    for (uint64_t i = 1; i <= total; i++) {
        struct buffer value;
        buffer_init(&value, sizeof(text));
        buffer_append_uint64(&value, i);
        hub_call_progress(call, buffer_bytes(&value));
        buffer_deinit(&value);
    }
    hub_call_return(call, digits);
}

static bool
is_special(struct probe_hub *probe, struct hub_call *call)
{
    const struct hub_call_info *info = hub_call_info(call);

    if (info->event != HUB_INVOCATION) {
        return false;
    }
    if (bytes_equal_ignore_case(info->method, BYTES("Hold"))) {
        probe->held = call;
    } else if (bytes_equal_ignore_case(info->method, BYTES("Fail"))) {
        hub_call_fail(call, BYTES("secret detail"));
    } else if (bytes_equal_ignore_case(info->method, BYTES("Count"))) {
        count(call);
    } else if (bytes_equal_ignore_case(info->method, BYTES("Ambiguous"))) {
        hub_call_unknown_method(call, BYTES("Ambiguous(a:String):Void"));
    } else {
        return false;
    }
    return true;
}

static bool
is_connected_special(struct probe_hub *probe, struct hub_call *call)
{
    if (hub_call_info(call)->event != HUB_CONNECTED) {
        return false;
    }
    if (probe->join_on_connected != NULL) {
        hub_call_join(call, BYTES(""), bytes_from_string(probe->join_on_connected));
    }
    if (probe->on_connected == PROBE_HOLD) {
        probe->held = call;
    } else if (probe->on_connected == PROBE_FAIL) {
        hub_call_fail(call, BYTES("not welcome"));
    } else {
        return false;
    }
    return true;
}

static void
refuse_held(struct probe_hub *probe)
{
    struct hub_call *held = probe->held;

    probe->held = NULL;
    if (held != NULL) {
        hub_call_refuse(held, BYTES("not without the others"));
    }
}

static void
on_call(struct hub_backend *backend, struct hub_call *call)
{
    struct probe_backend *probe = probe_of(backend);

    if (hub_call_info(call)->event != HUB_INVOCATION) {
        write_event(probe->probe, hub_call_info(call));
    }
    if (hub_call_info(call)->event == HUB_DISCONNECTED && probe->probe->refuses_when_one_leaves) {
        refuse_held(probe->probe);
    }
    if (!is_special(probe->probe, call) && !is_connected_special(probe->probe, call)) {
        probe->relay->operations->call(probe->relay, call);
    }
}

static void
on_canceled(struct hub_backend *backend, struct hub_call *call)
{
    struct probe_hub *probe = probe_of(backend)->probe;

    probe->canceled_count++;
    if (probe->held == call) {
        probe->held = NULL;
    }
    hub_call_fail(call, BYTES("canceled"));
}

static bool
method(const struct hub_backend *backend, size_t index, struct bytes *name)
{
    const struct probe_backend *probe = (const struct probe_backend *)(const void *)backend;

    return probe->relay->operations->method(probe->relay, index, name);
}

static void
free_backend(struct hub_backend *backend)
{
    struct probe_backend *probe = probe_of(backend);

    probe->relay->operations->free(probe->relay);
    free(probe);
}

static const struct hub_backend_operations operations = {.call = on_call,
                                                         .canceled = on_canceled,
                                                         .method = method,
                                                         .free = free_backend};

enum status
probe_hub_make(const void *configuration, const struct hub_backend_context *context,
               struct hub_backend **out)
{
    union {
        const void *in;
        struct probe_hub *out;
    } probe = {configuration};
    struct probe_backend *backend = calloc(1, sizeof(*backend));

    (void)context;
    assert(backend != NULL);
    backend->backend.operations = &operations;
    backend->probe = probe.out;
    backend->relay = hub_relay_new(probe.out->rules);
    assert(backend->relay != NULL);
    *out = &backend->backend;
    return STATUS_OK;
}

void
probe_hub_init(struct probe_hub *probe, struct buffer *events, bool is_raw)
{
    *probe = (struct probe_hub){.events = events, .rules = hub_relay_rules_new(is_raw)};
    assert(probe->rules != NULL);
}

void
probe_hub_deinit(struct probe_hub *probe)
{
    hub_relay_rules_free(probe->rules);
}

void
probe_hub_rule(struct probe_hub *probe, const char *name, const char *text)
{
    struct hub_relay_rule_problem problem;
    enum status status = hub_relay_rules_add(probe->rules, bytes_from_string(name),
                                             bytes_from_string(text), &problem);

    assert(status == STATUS_OK);
}
