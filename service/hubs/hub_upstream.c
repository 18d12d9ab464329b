/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_upstream.h"

#include <stdlib.h>

#include "service/upstream/upstream.h"
#include "service/upstream/upstream_reply.h"
#include "service/upstream/upstream_request.h"

enum { REQUEST_BYTES_MAX = 64 * 1024 * 1024 };

struct hub_upstream {
    struct hub_backend backend; /* first */
    struct upstream *upstream;
    struct poster home;
};

static const struct hub_upstream *
upstream_of(const struct hub_backend *backend)
{
    return (const struct hub_upstream *)(const void *)backend;
}

static const char *
sentence_of(enum status status)
{
    switch (status) {
    case STATUS_DENIED:
        return "The application has refused this connection.";
    case STATUS_QUEUE_FULL:
        return "The application is overloaded; try again later.";
    case STATUS_UNREACHABLE:
    case STATUS_BACKPLANE_DOWN:
        return "The application cannot be reached.";
    case STATUS_TIMED_OUT:
        return "The application was too busy to take the call.";
    case STATUS_OUTCOME_UNKNOWN:
        return "The application did not answer; whether it carried out the call is not known.";
    case STATUS_PROTOCOL:
    case STATUS_LIMIT:
        return "The application's answer cannot be used.";
    default:
        return "The server is stopping.";
    }
}

/* At home again. */
static void
on_answered(struct upstream_call *sent)
{
    struct hub_call *call = sent->owner;

    sent->is_home = true;
    if (call == NULL) {
        upstream_release(sent); /* the worker has given it up meanwhile */
    } else if (sent->status == STATUS_OK) {
        upstream_reply_carry_out(&sent->answer, call);
    } else {
        hub_call_throw(call, bytes_from_string(sentence_of(sent->status)), BYTES(""));
    }
}

static enum upstream_event
event_of(const struct hub_call_info *info)
{
    switch (info->event) {
    case HUB_CONNECTED:
        return UPSTREAM_CONNECTED;
    case HUB_DISCONNECTED:
        return UPSTREAM_DISCONNECTED;
    case HUB_INVOCATION:
    case HUB_RECONNECTED:
    case HUB_RAW_DATA:
    case HUB_OWN:
        break;
    }
    return UPSTREAM_MESSAGE;
}

static enum status
write_request(const struct hub_upstream *hub, const struct hub_call_info *info,
              struct upstream_call *sent)
{
    struct buffer text;

    buffer_init(&text, REQUEST_BYTES_MAX);
    enum status status = upstream_request_append(upstream_settings_of(hub->upstream), info, &text);
    if (status == STATUS_OK) {
        sent->request = payload_from(buffer_bytes(&text));
        sent->connection_id = bytes_duplicate(info->connection_id);
        status =
            sent->request == NULL || sent->connection_id == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    buffer_deinit(&text);
    return status;
}

static enum status
send_call(const struct hub_upstream *hub, struct hub_call *call)
{
    const struct hub_call_info *info = hub_call_info(call);
    struct upstream_call *sent = upstream_call_new();

    if (sent == NULL) {
        return STATUS_NO_MEMORY;
    }
    sent->event = event_of(info);
    sent->home = hub->home;
    sent->on_answered = on_answered;
    sent->owner = call;
    enum status status = write_request(hub, info, sent);
    if (status == STATUS_OK) {
        status = upstream_send(hub->upstream, sent);
    }
    if (status != STATUS_OK) {
        upstream_call_free(sent);
        return status;
    }
    hub_call_set_memory(call, sent);
    return STATUS_OK;
}

static void
call_upstream(struct hub_backend *backend, struct hub_call *call)
{
    const struct hub_call_info *info = hub_call_info(call);

    if (info->event == HUB_RECONNECTED) {
        hub_call_return(call, BYTES(""));
    } else if (info->event == HUB_INVOCATION && !upstream_request_allows_method(info->method)) {
        hub_call_unknown_method(call, BYTES(""));
    } else {
        enum status status = send_call(upstream_of(backend), call);
        if (status != STATUS_OK) {
            hub_call_fail(call, bytes_from_string(status_sentence(status)));
        }
    }
}

static void
on_ended(struct hub_backend *backend, struct hub_call *call, bool is_refused)
{
    struct upstream_call *sent = hub_call_memory(call);

    (void)backend;
    if (sent == NULL) {
        return; /* it was never sent */
    }
    sent->owner = NULL;
    if (sent->is_home) {
        sent->is_refused |= is_refused;
        upstream_release(sent);
    }
}

static bool
name_method(const struct hub_backend *backend, size_t index, struct bytes *name)
{
    const struct upstream_settings *settings = upstream_settings_of(upstream_of(backend)->upstream);

    if (index >= settings->method_count) {
        return false;
    }
    *name = bytes_from_string(settings->methods[index]);
    return true;
}

static void
free_upstream(struct hub_backend *backend)
{
    free(backend);
}

enum status
hub_upstream_make(const void *configuration, const struct hub_backend_context *context,
                  struct hub_backend **out)
{
    static const struct hub_backend_operations operations = {
        .call = call_upstream,
        .ended = on_ended,
        .method = name_method,
        .free = free_upstream,
        .wants_token = true,
    };
    struct upstream *upstream = upstreams_find(context->upstreams, configuration);
    struct hub_upstream *hub;

    if (upstream == NULL) {
        return STATUS_NOT_FOUND;
    }
    hub = calloc(1, sizeof(*hub));
    if (hub == NULL) {
        return STATUS_NO_MEMORY;
    }
    hub->backend.operations = &operations;
    hub->upstream = upstream;
    hub->home = context->home;
    *out = &hub->backend;
    return STATUS_OK;
}
