/* SPDX-License-Identifier: MIT */
#include "service/backplane/worker_port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/backplane/backplane_internal.h"

/* Belongs to the worker's thread; the link loop only carries the pointer back and forth. */
struct backplane_request {
    struct list_node node;
    struct worker_port *port;
    bool is_canceled;
    void *owner;
    backplane_published_fn on_published;
    backplane_subscribed_fn on_subscribed;
    backplane_query_fn on_queried;
};

static struct worker_port *
port_of(struct backplane_port *port)
{
    return CONTAINER_OF(port, struct worker_port, port);
}

static struct backplane_request *
request_new(struct worker_port *port, void *owner)
{
    struct backplane_request *request = calloc(1, sizeof(*request));

    if (request == NULL) {
        abort(); /* a waiter that is never called would hang its client: worse than a restart */
    }
    request->port = port;
    request->owner = owner;
    list_append(&port->requests, &request->node);
    return request;
}

static void
request_free(struct backplane_request *request)
{
    list_remove(&request->node);
    free(request);
}

static struct port_command *
command_new(struct worker_port *port, enum port_command_kind kind, uint16_t app, size_t topic_count,
            size_t text_bytes)
{
    struct port_command *command =
        malloc(sizeof(*command) + topic_count * sizeof(command->topics[0]) + text_bytes);

    if (command == NULL) {
        abort();
    }
    memset(command, 0, sizeof(*command));
    command->backplane = port->backplane;
    command->kind = kind;
    command->app = app;
    command->worker = port->index;
    command->topic_count = topic_count;
    return command;
}

static void
run_command(void *argument)
{
    struct port_command *command = argument;
    backplane_run(command->backplane, command);
}

static void
send_command(struct worker_port *port, struct port_command *command)
{
    if (port->link_loop.post == NULL) {
        run_command(command);
        return;
    }
    if (port->link_loop.post(port->link_loop.context, run_command, command) != STATUS_OK) {
        /* The link loop is gone: the process is ending, and with it everyone who waits. */
        payload_unref(command->frame);
        free(command);
    }
}

/* Copy topic texts behind the command's array. */
static void
copy_topics(struct port_command *command, const struct backplane_topic *topics)
{
    uint8_t *text = (uint8_t *)&command->topics[command->topic_count];

    for (size_t i = 0; i < command->topic_count; i++) {
        size_t length = topics[i].topic.length;
        if (length > 0) {
            memcpy(text, topics[i].topic.data, length);
        }
        command->topics[i] = (struct backplane_topic){bytes_from(text, length), topics[i].since};
        text += length;
    }
}

static struct port_command *
command_with_topics(struct worker_port *port, enum port_command_kind kind, uint16_t app,
                    const struct backplane_topic *topics, size_t count)
{
    size_t text_bytes = 0;

    for (size_t i = 0; i < count; i++) {
        text_bytes += topics[i].topic.length;
    }
    struct port_command *command = command_new(port, kind, app, count, text_bytes);
    copy_topics(command, topics);
    return command;
}

static void
publish_on_port(struct backplane_port *base, uint16_t app, const struct signalr_message *message,
                backplane_published_fn fn, void *owner)
{
    struct worker_port *port = port_of(base);
    struct port_command *command = command_new(port, PORT_PUBLISH, app, 0, 0);
    struct buffer frame;

    if (fn != NULL) {
        command->request = request_new(port, owner);
        command->request->on_published = fn;
    }
    buffer_init(&frame, ENVELOPE_PAYLOAD_MAX_BYTES);
    if (signalr_message_encode(message, 1, clock_dotnet_ticks(port->clock), &frame) == STATUS_OK) {
        command->frame = payload_from(buffer_bytes(&frame));
    }
    buffer_deinit(&frame);
    /* Without a frame the backplane answers INVALID: the waiter is always called. */
    send_command(port, command);
}

static bool
is_whole_frame(struct bytes frame)
{
    struct signalr_message_reader reader;

    return frame.length <= ENVELOPE_PAYLOAD_MAX_BYTES &&
           signalr_message_open(frame, &reader) == STATUS_OK && reader.trailer.length == 0;
}

static void
publish_frame_on_port(struct backplane_port *base, uint16_t app, struct payload *frame,
                      uint32_t wait_ms, backplane_published_fn fn, void *owner)
{
    struct worker_port *port = port_of(base);
    struct port_command *command = command_new(port, PORT_PUBLISH, app, 0, 0);

    if (fn != NULL) {
        command->request = request_new(port, owner);
        command->request->on_published = fn;
    }
    command->wait_ms = wait_ms;
    if (is_whole_frame(payload_bytes(frame))) {
        command->frame = payload_ref(frame);
    }
    send_command(port, command);
}

static struct backplane_request *
subscribe_on_port(struct backplane_port *base, uint16_t app, const struct backplane_topic *topics,
                  size_t count, backplane_subscribed_fn fn, void *owner)
{
    struct worker_port *port = port_of(base);
    struct port_command *command = command_with_topics(port, PORT_SUBSCRIBE, app, topics, count);
    struct backplane_request *request = request_new(port, owner);

    request->on_subscribed = fn;
    command->request = request;
    send_command(port, command);
    return request;
}

static void
unsubscribe_on_port(struct backplane_port *base, uint16_t app, const struct bytes *topics,
                    size_t count)
{
    struct worker_port *port = port_of(base);
    size_t text_bytes = 0;

    for (size_t i = 0; i < count; i++) {
        text_bytes += topics[i].length;
    }
    struct port_command *command = command_new(port, PORT_UNSUBSCRIBE, app, count, text_bytes);
    uint8_t *text = (uint8_t *)&command->topics[count];
    for (size_t i = 0; i < count; i++) {
        if (topics[i].length > 0) {
            memcpy(text, topics[i].data, topics[i].length);
        }
        command->topics[i] =
            (struct backplane_topic){bytes_from(text, topics[i].length), BACKPLANE_NO_REPLAY};
        text += topics[i].length;
    }
    send_command(port, command);
}

static struct backplane_request *
query_on_port(struct backplane_port *base, uint16_t app, struct bytes topic, backplane_query_fn fn,
              void *owner)
{
    struct worker_port *port = port_of(base);
    struct backplane_topic topics[1] = {{topic, BACKPLANE_NO_REPLAY}};
    struct port_command *command = command_with_topics(port, PORT_QUERY, app, topics, 1);
    struct backplane_request *request = request_new(port, owner);

    request->on_queried = fn;
    command->request = request;
    send_command(port, command);
    return request;
}

static void
notify_on_port(struct backplane_port *base, uint16_t app, enum backplane_notice notice,
               struct bytes connection_id)
{
    struct worker_port *port = port_of(base);
    struct backplane_topic topics[1] = {{connection_id, BACKPLANE_NO_REPLAY}};
    struct port_command *command = command_with_topics(port, PORT_NOTIFY, app, topics, 1);

    command->notice = notice;
    send_command(port, command);
}

static void
cancel_on_port(struct backplane_port *base, struct backplane_request *request)
{
    (void)base;
    request->is_canceled = true;
}

static const struct backplane_port_operations port_operations = {
    .publish = publish_on_port,
    .publish_frame = publish_frame_on_port,
    .subscribe = subscribe_on_port,
    .unsubscribe = unsubscribe_on_port,
    .query = query_on_port,
    .notify = notify_on_port,
    .cancel = cancel_on_port,
};

void
worker_port_init(struct worker_port *port, struct backplane *backplane, uint32_t index,
                 struct poster link_loop)
{
    memset(port, 0, sizeof(*port));
    port->port.operations = &port_operations;
    port->backplane = backplane;
    port->index = index;
    port->link_loop = link_loop;
    list_init(&port->requests);
}

void
worker_port_deinit(struct worker_port *port)
{
    LIST_FOR_EACH (node, &port->requests) {
        request_free(CONTAINER_OF(node, struct backplane_request, node));
    }
}

void
backplane_port_clear_handler(struct backplane_port *base)
{
    port_of(base)->handler = NULL;
}

void
backplane_port_set_handler(struct backplane_port *base,
                           const struct backplane_port_handler *handler, struct clock *clock,
                           void *owner)
{
    struct worker_port *port = port_of(base);

    port->handler = handler;
    port->clock = clock;
    port->owner = owner;
}

static void
event_free(struct port_event *event)
{
    if (event->kind == PORT_MESSAGES) {
        recent_selection_deinit(&event->as.messages);
    } else if (event->kind == PORT_SUBSCRIBED) {
        recent_selection_deinit(&event->as.subscribed.messages);
    }
    free(event);
}

static void
answer_request(struct port_event *event)
{
    struct backplane_request *request = event->request;
    bool is_wanted = !request->is_canceled && request->port->handler != NULL;

    if (is_wanted && event->kind == PORT_PUBLISHED) {
        request->on_published(request->owner, event->as.published.status, event->as.published.id);
    } else if (is_wanted && event->kind == PORT_SUBSCRIBED) {
        struct backplane_subscribed result = {
            .status = event->as.subscribed.status,
            .position = event->as.subscribed.position,
            .missing_to = event->as.subscribed.missing_to,
            .restarted_at = event->as.subscribed.restarted_at,
            .messages = event->as.subscribed.messages.messages,
            .count = event->as.subscribed.messages.count,
        };
        request->on_subscribed(request->owner, &result);
    } else if (is_wanted) {
        request->on_queried(request->owner, event->as.queried.status, event->as.queried.exists);
    }
    request_free(request);
}

static void
dispatch_event(struct worker_port *port, struct port_event *event)
{
    const struct backplane_port_handler *handler = port->handler;
    void *owner = port->owner;
    bool is_answer = event->kind == PORT_PUBLISHED || event->kind == PORT_SUBSCRIBED ||
                     event->kind == PORT_QUERIED;

    if (handler == NULL && !is_answer) {
        return; /* the worker is gone already */
    }
    switch (event->kind) {
    case PORT_MESSAGES:
        handler->on_messages(owner, event->app, event->as.messages.messages,
                             event->as.messages.count);
        break;
    case PORT_POSITION:
        handler->on_position(owner, event->app, event->as.position);
        break;
    case PORT_GAP:
        handler->on_gap(owner, event->app, event->as.gap.from, event->as.gap.to);
        break;
    case PORT_STATE:
        handler->on_state(owner, event->app, event->as.state);
        break;
    case PORT_SECRETS:
        handler->on_secrets(owner, event->app, event->as.secrets.count,
                            (const uint8_t(*)[BACKPLANE_SECRET_BYTES])event->as.secrets.secrets);
        break;
    case PORT_NOTICE:
        handler->on_notice(owner, event->app, event->as.notice.kind,
                           bytes_from(event->as.notice.id, event->as.notice.id_length));
        break;
    case PORT_PUBLISHED:
    case PORT_SUBSCRIBED:
    case PORT_QUERIED:
        answer_request(event);
        break;
    }
}

/* A batch on its way: posted to the worker's loop. */
struct event_batch {
    struct worker_port *port;
    struct port_event *first;
};

static void
dispatch_events(struct worker_port *port, struct port_event *event)
{
    while (event != NULL) {
        struct port_event *next = event->next;
        dispatch_event(port, event);
        event_free(event);
        event = next;
    }
}

static void
run_batch(void *argument)
{
    struct event_batch batch = *(struct event_batch *)argument;

    free(argument);
    dispatch_events(batch.port, batch.first);
}

struct port_event *
worker_outbox_add(struct worker_outbox *outbox, enum port_event_kind kind, uint16_t app)
{
    struct port_event *event = calloc(1, sizeof(*event));

    if (event == NULL) {
        abort(); /* a hole in a worker's feed cannot be made good */
    }
    event->kind = kind;
    event->app = app;
    if (outbox->last == NULL) {
        outbox->first = event;
    } else {
        outbox->last->next = event;
    }
    outbox->last = event;
    return event;
}

enum status
worker_outbox_add_message(struct worker_outbox *outbox, uint16_t app,
                          const struct backplane_message *message)
{
    struct port_event *event = outbox->last;

    if (event == NULL || event->kind != PORT_MESSAGES || event->app != app) {
        event = worker_outbox_add(outbox, PORT_MESSAGES, app);
    }
    return recent_selection_add(&event->as.messages, message);
}

void
worker_outbox_flush(struct worker_outbox *outbox)
{
    struct port_event *first = outbox->first;

    if (first == NULL) {
        return;
    }
    outbox->first = outbox->last = NULL;
    if (outbox->worker_loop.post == NULL) {
        dispatch_events(outbox->port, first);
        return;
    }
    struct event_batch *batch = malloc(sizeof(*batch));
    if (batch == NULL) {
        abort();
    }
    *batch = (struct event_batch){outbox->port, first};
    if (outbox->worker_loop.post(outbox->worker_loop.context, run_batch, batch) != STATUS_OK) {
        free(batch);
        outbox->first = first;
        worker_outbox_deinit(outbox);
    }
}

void
worker_outbox_deinit(struct worker_outbox *outbox)
{
    struct port_event *event = outbox->first;

    while (event != NULL) {
        struct port_event *next = event->next;
        event_free(event);
        event = next;
    }
    outbox->first = outbox->last = NULL;
}
