/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_module_host.h"

#include <stdlib.h>
#include <string.h>

#include "service/hubs/hub_call.h"
#include "service/signalr/json_document.h"
#include "service/signalr/json_span.h"

enum { STRING_BYTES_MAX = 64 * 1024 * 1024 };

/* A module names calls by a type of its own. */
static struct hub_call *
call_of(struct hubplane_call *call)
{
    return (struct hub_call *)(void *)call;
}

static const struct hub_call_info *
info_of(const struct hubplane_call *call)
{
    return hub_call_info((const struct hub_call *)(const void *)call);
}

static struct bytes
bytes_of(struct hubplane_text text)
{
    return text.data == NULL ? BYTES("") : bytes_from(text.data, text.length);
}

static struct hubplane_text
text_of(struct bytes bytes)
{
    return (struct hubplane_text){(const char *)bytes.data, bytes.length};
}

/*
 * About a call.
 */

static enum hubplane_event
event_of(enum hub_event event)
{
    switch (event) {
    case HUB_CONNECTED:
        return HUBPLANE_CONNECTED;
    case HUB_RECONNECTED:
        return HUBPLANE_RECONNECTED;
    case HUB_DISCONNECTED:
        return HUBPLANE_DISCONNECTED;
    case HUB_OWN:
        return HUBPLANE_OWN;
    case HUB_INVOCATION:
    case HUB_RAW_DATA:
        break;
    }
    return HUBPLANE_INVOCATION;
}

static void
info(const struct hubplane_call *call, struct hubplane_call_info *out)
{
    const struct hub_call_info *from = info_of(call);
    const struct hubplane_call_info whole = {
        .size = sizeof(whole),
        .event = event_of(from->event),
        .hub = text_of(from->hub),
        .method = text_of(from->method),
        .arguments = text_of(from->arguments),
        .argument_count = from->argument_count,
        .state = text_of(from->state),
        .connection_id = text_of(from->connection_id),
        .user = text_of(from->user),
        .query = text_of(from->query),
        .stop_called = from->stop_called,
    };

    /* A module of an older build has a shorter struct. */
    size_t size = out->size != 0 && out->size < sizeof(whole) ? out->size : sizeof(whole);
    memcpy(out, &whole, size);
    out->size = size;
}

static bool
argument(const struct hubplane_call *call, size_t index, struct hubplane_text *json)
{
    struct json_span_reader reader = json_span_open(info_of(call)->arguments);
    struct bytes value;

    while (json_span_next(&reader, &value)) {
        if (index-- == 0) {
            *json = text_of(value);
            return true;
        }
    }
    return false;
}

/*
 * Actions.
 */

static bool
read_target(const struct hubplane_call *call, enum hubplane_target target, enum hub_target *out)
{
    static const enum hub_target targets[] = {
        [HUBPLANE_ALL] = HUB_TARGET_ALL,
        [HUBPLANE_OTHERS] = HUB_TARGET_OTHERS,
        [HUBPLANE_CALLER] = HUB_TARGET_CALLER,
        [HUBPLANE_CLIENT] = HUB_TARGET_CLIENT,
        [HUBPLANE_GROUP] = HUB_TARGET_GROUP,
        [HUBPLANE_OTHERS_IN_GROUP] = HUB_TARGET_OTHERS_IN_GROUP,
        [HUBPLANE_USER] = HUB_TARGET_USER,
    };

    if ((size_t)target >= sizeof(targets) / sizeof(targets[0])) {
        return false;
    }
    *out = targets[target];
    if (info_of(call)->event == HUB_OWN) {
        /* Nobody is the caller: the others are all, and the caller is nobody. */
        if (*out == HUB_TARGET_OTHERS) {
            *out = HUB_TARGET_ALL;
        } else if (*out == HUB_TARGET_OTHERS_IN_GROUP) {
            *out = HUB_TARGET_GROUP;
        }
        return *out != HUB_TARGET_CALLER;
    }
    return true;
}

static void
send_except(struct hubplane_call *call, enum hubplane_target target, struct hubplane_text name,
            struct hubplane_text method, struct hubplane_text arguments,
            const struct hubplane_text *excluded, size_t excluded_count)
{
    struct bytes *views = calloc(excluded_count + 1, sizeof(*views));
    enum hub_target to;

    if (views == NULL) {
        hub_call_spoil(call_of(call), STATUS_NO_MEMORY);
        return;
    }
    for (size_t i = 0; i < excluded_count; i++) {
        views[i] = bytes_of(excluded[i]);
    }
    if (read_target(call, target, &to)) {
        hub_call_send(call_of(call), to, bytes_of(name), bytes_of(method), bytes_of(arguments),
                      excluded_count == 0 ? NULL : views, excluded_count);
    }
    free(views);
}

static void
send_to(struct hubplane_call *call, enum hubplane_target target, struct hubplane_text name,
        struct hubplane_text method, struct hubplane_text arguments)
{
    send_except(call, target, name, method, arguments, NULL, 0);
}

static void
join(struct hubplane_call *call, struct hubplane_text connection_id, struct hubplane_text group)
{
    hub_call_join(call_of(call), bytes_of(connection_id), bytes_of(group));
}

static void
leave(struct hubplane_call *call, struct hubplane_text connection_id, struct hubplane_text group)
{
    hub_call_leave(call_of(call), bytes_of(connection_id), bytes_of(group));
}

static void
progress(struct hubplane_call *call, struct hubplane_text value)
{
    if (info_of(call)->event == HUB_INVOCATION) {
        hub_call_progress(call_of(call), bytes_of(value));
    }
}

static void
set_state(struct hubplane_call *call, struct hubplane_text name, struct hubplane_text value)
{
    hub_call_set_state(call_of(call), bytes_of(name), bytes_of(value));
}

/*
 * Ends.
 */

static void
result(struct hubplane_call *call, struct hubplane_text value)
{
    hub_call_return(call_of(call), bytes_of(value));
}

static void
error(struct hubplane_call *call, struct hubplane_text text, struct hubplane_text data)
{
    hub_call_throw(call_of(call), bytes_of(text), bytes_of(data));
}

static void
fail(struct hubplane_call *call, struct hubplane_text text)
{
    hub_call_fail(call_of(call), bytes_of(text));
}

static void
unknown_method(struct hubplane_call *call)
{
    hub_call_unknown_method(call_of(call), BYTES(""));
}

static void
refuse(struct hubplane_call *call, struct hubplane_text text)
{
    hub_call_refuse(call_of(call), bytes_of(text));
}

/*
 * Of its own accord.
 */

static struct hubplane_call *
begin(struct hubplane_host *host)
{
    return (struct hubplane_call *)(void *)hub_call_begin(host->context.app, host->backend,
                                                          host->context.hub);
}

struct hubplane_timer {
    struct list_node node;
    struct hubplane_host *host;
    struct timer timer;
    void (*fn)(void *context);
    void *context;
};

static void
stop_timer(struct hubplane_timer *timer)
{
    timer_stop(timer->host->context.timers, &timer->timer);
    list_remove(&timer->node);
    free(timer);
}

static void
on_timer_due(struct timer *due)
{
    struct hubplane_timer *timer = CONTAINER_OF(due, struct hubplane_timer, timer);
    void (*fn)(void *context) = timer->fn;
    void *context = timer->context;

    stop_timer(timer);
    fn(context);
}

static struct hubplane_timer *
start_timer(struct hubplane_host *host, uint32_t delay_ms, void (*fn)(void *context), void *context)
{
    struct hubplane_timer *timer = calloc(1, sizeof(*timer));

    if (timer != NULL) {
        timer->host = host;
        timer->fn = fn;
        timer->context = context;
        list_append(&host->timers, &timer->node);
        timer_start(host->context.timers, &timer->timer, delay_ms, on_timer_due);
    }
    return timer;
}

struct posted {
    struct hubplane_host *host;
    void (*fn)(void *context);
    void *context;
};

static void
release_host(struct hubplane_host *host)
{
    if (atomic_fetch_sub(&host->references, 1) == 1) {
        free(host);
    }
}

static void
run_posted(void *argument)
{
    struct posted posted = *(struct posted *)argument;

    free(argument);
    if (!atomic_load(&posted.host->is_gone)) {
        posted.fn(posted.context);
    }
    release_host(posted.host);
}

static bool
post(struct hubplane_host *host, void (*fn)(void *context), void *context)
{
    struct posted *posted = malloc(sizeof(*posted));

    if (posted == NULL) {
        return false;
    }
    *posted = (struct posted){host, fn, context};
    atomic_fetch_add(&host->references, 1);
    if (host->context.home.post(host->context.home.context, run_posted, posted) != STATUS_OK) {
        free(posted);
        release_host(host);
        return false;
    }
    return true;
}

/*
 * The rest.
 */

static uint64_t
now_ms(const struct hubplane_host *host)
{
    return host->context.timers->clock->now_ms;
}

static int64_t
unix_ms(const struct hubplane_host *host)
{
    return (int64_t)host->context.timers->clock->wall_ms;
}

static size_t
worker(const struct hubplane_host *host)
{
    return host->context.worker;
}

static struct hubplane_text
settings(const struct hubplane_host *host)
{
    return text_of(bytes_from_string(host->settings == NULL ? "" : host->settings));
}

static void
write_log(const struct hubplane_host *host, enum hubplane_level level,
          struct hubplane_text sentence)
{
    struct bytes text = bytes_of(sentence);

    switch (level) {
    case HUBPLANE_ERROR:
        log_error(host->context.log, host->name, "%.*s", BYTES_PRINTF(text));
        break;
    case HUBPLANE_WARN:
        log_warn(host->context.log, host->name, "%.*s", BYTES_PRINTF(text));
        break;
    case HUBPLANE_INFO:
        log_info(host->context.log, host->name, "%.*s", BYTES_PRINTF(text));
        break;
    case HUBPLANE_DEBUG:
        log_debug(host->context.log, host->name, "%.*s", BYTES_PRINTF(text));
        break;
    }
}

/* As much of ${whole} as there is room for. */
static size_t
copy_out(const struct buffer *whole, char *out, size_t size)
{
    if (whole->status != STATUS_OK) {
        return SIZE_MAX;
    }
    if (size > 0 && whole->length > 0) {
        memcpy(out, whole->data, whole->length < size ? whole->length : size);
    }
    return whole->length;
}

static size_t
read_string(struct hubplane_text json, char *out, size_t size)
{
    struct buffer text;
    size_t length = SIZE_MAX;

    buffer_init(&text, STRING_BYTES_MAX);
    if (json_span_append_text(&text, json_span_trim(bytes_of(json))) == STATUS_OK) {
        length = copy_out(&text, out, size);
    }
    buffer_deinit(&text);
    return length;
}

static size_t
write_string(struct hubplane_text text, char *out, size_t size)
{
    struct buffer json;
    size_t length = SIZE_MAX;

    buffer_init(&json, STRING_BYTES_MAX);
    if (bytes_is_utf8(bytes_of(text))) {
        buffer_append_json_string(&json, bytes_of(text));
        length = copy_out(&json, out, size);
    }
    buffer_deinit(&json);
    return length;
}

const struct hubplane_service hub_module_service = {
    .size = sizeof(struct hubplane_service),
    .abi = HUBPLANE_HUB_ABI,
    .info = info,
    .argument = argument,
    .send = send_to,
    .send_except = send_except,
    .join = join,
    .leave = leave,
    .progress = progress,
    .set_state = set_state,
    .result = result,
    .error = error,
    .fail = fail,
    .unknown_method = unknown_method,
    .refuse = refuse,
    .begin = begin,
    .start_timer = start_timer,
    .stop_timer = stop_timer,
    .post = post,
    .now_ms = now_ms,
    .unix_ms = unix_ms,
    .worker = worker,
    .settings = settings,
    .log = write_log,
    .read_string = read_string,
    .write_string = write_string,
};

struct hubplane_host *
hub_module_host_new(const struct hub_backend_context *context, struct hub_backend *backend,
                    const char *name, const char *own_settings)
{
    struct hubplane_host *host = calloc(1, sizeof(*host));

    if (host != NULL) {
        host->context = *context;
        host->backend = backend;
        host->name = name;
        host->settings = own_settings;
        list_init(&host->timers);
        atomic_init(&host->references, 1);
        atomic_init(&host->is_gone, false);
    }
    return host;
}

void
hub_module_host_close(struct hubplane_host *host)
{
    if (host == NULL) {
        return;
    }
    atomic_store(&host->is_gone, true);
    while (!list_is_empty(&host->timers)) {
        stop_timer(CONTAINER_OF(list_first(&host->timers), struct hubplane_timer, node));
    }
    release_host(host);
}
