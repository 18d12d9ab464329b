/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_backplane.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_BYTES_MAX = 64 * 1024 * 1024 };

enum command_kind { PUBLISH, SUBSCRIBE, UNSUBSCRIBE, NOTIFY, QUERY };

struct backplane_request {
    struct backplane_topic *topics;
    size_t count;
    backplane_subscribed_fn on_subscribed;
    backplane_published_fn on_published;
    backplane_query_fn on_answer;
    void *owner;
    uint64_t asked_at; /* the farm's last id then */
    bool is_canceled;
};

struct command {
    struct list_node node;
    enum command_kind kind;
    struct backplane_request *request;
    struct payload *frame;
    char *text; /* topic or connection id */
    enum backplane_notice notice;
};

enum event_kind { MESSAGES, POSITION, STATE, SECRETS, NOTICE, SUBSCRIBED, PUBLISHED, ANSWERED };

struct event {
    struct list_node node;
    enum event_kind kind;
    struct backplane_request *request;
    struct fake_message *messages; /* with a reference each */
    size_t message_count;
    uint64_t position;
    uint64_t missing_to;
    uint64_t restarted_at;
    uint64_t id;
    enum backplane_state state;
    enum status status;
    enum backplane_notice notice;
    bool exists;
    uint8_t secrets[2][BACKPLANE_SECRET_BYTES];
    char *text;
};

static void *
make(size_t size)
{
    void *memory = calloc(1, size);

    assert(memory != NULL);
    return memory;
}

static char *
copy_text(struct bytes text)
{
    char *copy = bytes_duplicate(text);

    assert(copy != NULL);
    return copy;
}

static struct fake_port *
port_of(struct backplane_port *port)
{
    return CONTAINER_OF(port, struct fake_port, port);
}

static void
free_request(struct backplane_request *request)
{
    if (request == NULL) {
        return;
    }
    for (size_t i = 0; i < request->count; i++) {
        free((void *)(uintptr_t)request->topics[i].topic.data);
    }
    free(request->topics);
    free(request);
}

static void
free_command(struct command *command)
{
    payload_unref(command->frame);
    free(command->text);
    free(command);
}

static void
free_event(struct event *event)
{
    for (size_t i = 0; i < event->message_count; i++) {
        payload_unref(event->messages[i].frame);
    }
    free(event->messages);
    free(event->text);
    free_request(event->request);
    free(event);
}

static struct event *
add_event(struct fake_port *port, enum event_kind kind)
{
    struct event *event = make(sizeof(*event));

    event->kind = kind;
    list_append(&port->events, &event->node);
    return event;
}

static struct command *
add_command(struct fake_port *port, enum command_kind kind)
{
    struct command *command = make(sizeof(*command));

    command->kind = kind;
    list_append(&port->commands, &command->node);
    return command;
}

/*
 * The port's side.
 */

static struct payload *
encode(const struct signalr_message *messages, size_t count)
{
    struct buffer buffer;

    buffer_init(&buffer, FRAME_BYTES_MAX);
    enum status status = signalr_message_encode(messages, count, 638000000000000000, &buffer);
    assert(status == STATUS_OK);
    struct payload *frame = payload_from(buffer_bytes(&buffer));
    assert(frame != NULL);
    buffer_deinit(&buffer);
    return frame;
}

static void
publish_on_port(struct backplane_port *base, uint16_t app, const struct signalr_message *message,
                backplane_published_fn fn, void *owner)
{
    assert(app == FAKE_BACKPLANE_APP);
    struct command *command = add_command(port_of(base), PUBLISH);

    command->frame = encode(message, 1);
    command->request = make(sizeof(*command->request));
    command->request->on_published = fn;
    command->request->owner = owner;
}

static void
publish_frame_on_port(struct backplane_port *base, uint16_t app, struct payload *frame,
                      uint32_t wait_ms, backplane_published_fn fn, void *owner)
{
    (void)wait_ms;
    assert(app == FAKE_BACKPLANE_APP);
    struct command *command = add_command(port_of(base), PUBLISH);

    command->frame = payload_ref(frame);
    command->request = make(sizeof(*command->request));
    command->request->on_published = fn;
    command->request->owner = owner;
}

static struct backplane_request *
subscribe_on_port(struct backplane_port *base, uint16_t app, const struct backplane_topic *topics,
                  size_t count, backplane_subscribed_fn fn, void *owner)
{
    assert(app == FAKE_BACKPLANE_APP);
    struct fake_port *port = port_of(base);
    struct command *command = add_command(port, SUBSCRIBE);
    struct backplane_request *request = make(sizeof(*request));

    request->topics = make((count + 1) * sizeof(*request->topics));
    request->count = count;
    for (size_t i = 0; i < count; i++) {
        char *copy = copy_text(topics[i].topic);
        request->topics[i] =
            (struct backplane_topic){bytes_from(copy, topics[i].topic.length), topics[i].since};
    }
    request->on_subscribed = fn;
    request->owner = owner;
    request->asked_at = port->farm->last_id;
    command->request = request;
    port->subscribe_count++;
    return request;
}

static void
unsubscribe_on_port(struct backplane_port *base, uint16_t app, const struct bytes *topics,
                    size_t count)
{
    assert(app == FAKE_BACKPLANE_APP);
    for (size_t i = 0; i < count; i++) {
        add_command(port_of(base), UNSUBSCRIBE)->text = copy_text(topics[i]);
        port_of(base)->unsubscribe_count++;
    }
}

static struct backplane_request *
query_on_port(struct backplane_port *base, uint16_t app, struct bytes topic, backplane_query_fn fn,
              void *owner)
{
    assert(app == FAKE_BACKPLANE_APP);
    struct command *command = add_command(port_of(base), QUERY);

    command->text = copy_text(topic);
    command->request = make(sizeof(*command->request));
    command->request->on_answer = fn;
    command->request->owner = owner;
    return command->request;
}

static void
notify_on_port(struct backplane_port *base, uint16_t app, enum backplane_notice notice,
               struct bytes connection_id)
{
    assert(app == FAKE_BACKPLANE_APP);
    struct command *command = add_command(port_of(base), NOTIFY);

    command->text = copy_text(connection_id);
    command->notice = notice;
}

static void
cancel_on_port(struct backplane_port *base, struct backplane_request *request)
{
    port_of(base)->cancel_count++;
    request->is_canceled = true;
}

static const struct backplane_port_operations operations = {
    .publish = publish_on_port,
    .publish_frame = publish_frame_on_port,
    .subscribe = subscribe_on_port,
    .unsubscribe = unsubscribe_on_port,
    .query = query_on_port,
    .notify = notify_on_port,
    .cancel = cancel_on_port,
};

/*
 * The farm's side.
 */

size_t
fake_port_uses(const struct fake_port *port, struct bytes topic)
{
    return (size_t)(uintptr_t)map_get(&port->topics, topic);
}

size_t
fake_port_topic_count(const struct fake_port *port)
{
    return map_count(&port->topics);
}

static void
change_uses(struct fake_port *port, struct bytes topic, int delta)
{
    size_t uses = fake_port_uses(port, topic) + (size_t)delta;

    if (uses == 0) {
        map_remove(&port->topics, topic);
        return;
    }
    assert(uses < 1000000); /* fewer releases than uses */
    enum status status = map_put(&port->topics, topic, (void *)(uintptr_t)uses);
    assert(status == STATUS_OK);
}

static bool
is_of_interest(const struct fake_port *port, const struct payload *frame)
{
    struct signalr_message_reader reader;
    struct signalr_message message;

    if (fake_port_uses(port, BACKPLANE_EVERY_TOPIC) > 0) {
        return true;
    }
    enum status status = signalr_message_open(payload_bytes(frame), &reader);
    assert(status == STATUS_OK);
    while (signalr_message_next(&reader, &message)) {
        if (fake_port_uses(port, message.topic) > 0) {
            return true;
        }
    }
    return false;
}

static void
write_log(struct fake_backplane *farm, const struct payload *frame)
{
    struct signalr_message_reader reader;
    struct signalr_message message;

    enum status status = signalr_message_open(payload_bytes(frame), &reader);
    assert(status == STATUS_OK);
    while (signalr_message_next(&reader, &message)) {
        buffer_append(&farm->log, message.topic);
        buffer_append_byte(&farm->log, ' ');
        buffer_append(&farm->log, message.value);
        buffer_append_byte(&farm->log, '\n');
    }
}

static uint64_t
issue(struct fake_backplane *farm, struct payload *frame)
{
    if (farm->history_count == farm->history_capacity) {
        farm->history_capacity = farm->history_capacity == 0 ? 64 : farm->history_capacity * 2;
        farm->history = realloc(farm->history, farm->history_capacity * sizeof(*farm->history));
        assert(farm->history != NULL);
    }
    farm->last_id++;
    farm->history[farm->history_count] = (struct fake_message){farm->last_id, payload_ref(frame)};
    farm->history_count++;
    farm->publish_count++;
    write_log(farm, frame);
    for (size_t i = 0; i < farm->port_count; i++) {
        if (is_of_interest(&farm->ports[i], frame)) {
            struct event *event = add_event(&farm->ports[i], MESSAGES);
            event->messages = make(sizeof(*event->messages));
            event->messages[0] = (struct fake_message){farm->last_id, payload_ref(frame)};
            event->message_count = 1;
        }
    }
    return farm->last_id;
}

uint64_t
fake_backplane_publish(struct fake_backplane *farm, const struct signalr_message *messages,
                       size_t count)
{
    struct payload *frame = encode(messages, count);
    uint64_t id = issue(farm, frame);

    payload_unref(frame);
    return id;
}

static void
carry_out_publish(struct fake_port *port, struct command *command)
{
    struct fake_backplane *farm = port->farm;
    uint64_t id = 0;

    if (farm->publish_status == STATUS_OK) {
        id = issue(farm, command->frame);
    }
    struct event *event = add_event(port, PUBLISHED);
    event->request = command->request;
    event->status = farm->publish_status;
    event->id = farm->is_silent_about_ids ? 0 : id;
}

/* What the answer must bring: newer than the topic's since, and still retained. */
static bool
is_wanted(const struct fake_backplane *farm, const struct backplane_request *request,
          const struct fake_message *message)
{
    struct signalr_message_reader reader;
    struct signalr_message part;

    enum status status = signalr_message_open(payload_bytes(message->frame), &reader);
    assert(status == STATUS_OK);
    while (signalr_message_next(&reader, &part)) {
        for (size_t i = 0; i < request->count; i++) {
            if (bytes_equal(part.topic, request->topics[i].topic) &&
                message->id > request->topics[i].since && message->id >= farm->retained_from) {
                return true;
            }
        }
    }
    return false;
}

static void
carry_out_subscribe(struct fake_port *port, struct command *command)
{
    const struct fake_backplane *farm = port->farm;
    struct event *event = add_event(port, SUBSCRIBED);
    const struct backplane_request *request = command->request;

    event->request = command->request;
    event->position = farm->last_id;
    event->restarted_at = BACKPLANE_NO_REPLAY;
    event->messages = make((farm->history_count + 1) * sizeof(*event->messages));
    for (size_t i = 0; i < request->count; i++) {
        change_uses(port, request->topics[i].topic, 1);
        if (request->topics[i].since != BACKPLANE_NO_REPLAY &&
            request->topics[i].since > farm->last_id) {
            request->topics[i].since = request->asked_at;
            event->restarted_at = request->asked_at;
        }
        if (request->topics[i].since + 1 < farm->retained_from) {
            event->missing_to = farm->retained_from - 1;
        }
    }
    for (size_t i = 0; i < farm->history_count; i++) {
        if (is_wanted(farm, request, &farm->history[i])) {
            event->messages[event->message_count] = farm->history[i];
            payload_ref(farm->history[i].frame);
            event->message_count++;
        }
    }
}

static void
carry_out_notify(struct fake_port *port, const struct command *command)
{
    struct fake_backplane *farm = port->farm;
    char topic[256];

    snprintf(topic, sizeof(topic), "c-%s", command->text);
    for (size_t i = 0; i < farm->port_count; i++) {
        struct fake_port *other = &farm->ports[i];
        if (other != port && other->node == port->node &&
            fake_port_uses(other, bytes_from_string(topic)) > 0) {
            struct event *event = add_event(other, NOTICE);
            event->notice = command->notice;
            event->text = copy_text(bytes_from_string(command->text));
        }
    }
}

static void
carry_out_query(struct fake_port *port, struct command *command)
{
    struct event *event = add_event(port, ANSWERED);

    event->request = command->request;
    for (size_t i = 0; i < port->farm->port_count; i++) {
        event->exists |=
            fake_port_uses(&port->farm->ports[i], bytes_from_string(command->text)) > 0;
    }
}

static void
carry_out(struct fake_port *port, struct command *command)
{
    switch (command->kind) {
    case PUBLISH:
        carry_out_publish(port, command);
        break;
    case SUBSCRIBE:
        carry_out_subscribe(port, command);
        break;
    case UNSUBSCRIBE:
        change_uses(port, bytes_from_string(command->text), -1);
        break;
    case NOTIFY:
        carry_out_notify(port, command);
        break;
    case QUERY:
        carry_out_query(port, command);
        break;
    }
    free_command(command);
}

/* The next command that may leave; publishes wait while Redis is away, the rest does not. */
static struct command *
next_command(struct fake_port *port)
{
    if (port->holds_commands) {
        return NULL;
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed has left the list */
    LIST_FOR_EACH (node, &port->commands) {
        struct command *command = CONTAINER_OF(node, struct command, node);
        if (command->kind != PUBLISH || !port->farm->is_buffering) {
            return command;
        }
    }
    return NULL;
}

/* Views of the messages of an event, as the worker gets them. */
static size_t
open_messages(const struct event *event, struct backplane_message **out)
{
    struct signalr_message_reader reader;
    struct signalr_message message;
    size_t count = 0;
    size_t capacity = 0;

    *out = NULL;
    for (size_t i = 0; i < event->message_count; i++) {
        enum status status = signalr_message_open(payload_bytes(event->messages[i].frame), &reader);
        assert(status == STATUS_OK);
        do {
            message = (struct signalr_message){0};
            (void)signalr_message_next(&reader, &message);
            if (count == capacity) {
                capacity = capacity == 0 ? 16 : capacity * 2;
                *out = realloc(*out, capacity * sizeof(struct backplane_message));
                assert(*out != NULL);
            }
            (*out)[count] =
                (struct backplane_message){event->messages[i].id, message, event->messages[i].frame,
                                           reader.remaining == 0};
            count++;
        } while (reader.remaining > 0);
    }
    return count;
}

static void
deliver_subscribed(const struct event *event)
{
    struct backplane_request *request = event->request;
    struct backplane_message *messages;
    size_t count = open_messages(event, &messages);
    size_t kept = 0;

    /* A payload may carry messages of topics that were not asked for. */
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < request->count; k++) {
            if (bytes_equal(messages[i].message.topic, request->topics[k].topic)) {
                messages[kept++] = messages[i];
                break;
            }
        }
    }
    struct backplane_subscribed result = {.status = event->status,
                                          .position = event->position,
                                          .missing_to = event->missing_to,
                                          .restarted_at = event->restarted_at,
                                          .messages = messages,
                                          .count = kept};
    if (!request->is_canceled) {
        request->on_subscribed(request->owner, &result);
    }
    free(messages);
}

/* Who listens to every frame gets each once. */
static size_t
keep_last_of_id(struct backplane_message *messages, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (messages[i].is_last_of_id) {
            messages[kept++] = messages[i];
        }
    }
    return kept;
}

static void
deliver_messages(const struct fake_port *port, const struct event *event)
{
    struct backplane_message *messages;
    size_t count = open_messages(event, &messages);

    if (fake_port_uses(port, BACKPLANE_EVERY_TOPIC) > 0) {
        count = keep_last_of_id(messages, count);
    }
    port->handler->on_messages(port->owner, FAKE_BACKPLANE_APP, messages, count);
    free(messages);
}

static void
deliver(const struct fake_port *port, const struct event *event)
{
    const struct backplane_request *request = event->request;

    switch (event->kind) {
    case MESSAGES:
        deliver_messages(port, event);
        break;
    case POSITION:
        port->handler->on_position(port->owner, FAKE_BACKPLANE_APP, event->position);
        break;
    case STATE:
        port->handler->on_state(port->owner, FAKE_BACKPLANE_APP, event->state);
        break;
    case SECRETS:
        port->handler->on_secrets(port->owner, FAKE_BACKPLANE_APP, 2,
                                  (const uint8_t(*)[BACKPLANE_SECRET_BYTES])event->secrets);
        break;
    case NOTICE:
        port->handler->on_notice(port->owner, FAKE_BACKPLANE_APP, event->notice,
                                 bytes_from_string(event->text));
        break;
    case SUBSCRIBED:
        deliver_subscribed(event);
        break;
    case PUBLISHED:
        if (request->on_published != NULL) {
            request->on_published(request->owner, event->status, event->id);
        }
        break;
    case ANSWERED:
        if (!request->is_canceled) {
            request->on_answer(request->owner, STATUS_OK, event->exists);
        }
        break;
    }
}

/* Messages that arrive one after the other come as one batch. */
static void
merge_messages(struct fake_port *port, struct event *event)
{
    while (event->kind == MESSAGES && !list_is_empty(&port->events)) {
        struct event *next = CONTAINER_OF(list_first(&port->events), struct event, node);
        if (next->kind != MESSAGES) {
            return;
        }
        list_remove(&next->node);
        assert(port->events.head.next != &next->node); /* the analyzer cannot see it */
        size_t total = event->message_count + next->message_count;
        event->messages = realloc(event->messages, total * sizeof(*event->messages));
        assert(event->messages != NULL);
        memcpy(event->messages + event->message_count, next->messages,
               next->message_count * sizeof(*next->messages));
        event->message_count = total;
        next->message_count = 0;
        free_event(next);
    }
}

static bool
run_port(struct fake_port *port)
{
    bool has_worked = false;
    struct command *command;

    while ((command = next_command(port)) != NULL) {
        list_remove(&command->node);
        carry_out(port, command);
        has_worked = true;
    }
    while (!port->holds_events && port->handler != NULL && !list_is_empty(&port->events)) {
        struct event *event = CONTAINER_OF(list_first(&port->events), struct event, node);
        list_remove(&event->node);
        assert(port->events.head.next != &event->node); /* the analyzer cannot see it */
        merge_messages(port, event);
        deliver(port, event);
        free_event(event);
        has_worked = true;
    }
    return has_worked;
}

bool
fake_backplane_run(struct fake_backplane *farm)
{
    bool has_worked = false;

    for (size_t i = 0; i < farm->port_count; i++) {
        has_worked |= run_port(&farm->ports[i]);
    }
    return has_worked;
}

/*
 * Life.
 */

void
fake_backplane_init(struct fake_backplane *farm)
{
    *farm = (struct fake_backplane){0};
    buffer_init(&farm->log, FRAME_BYTES_MAX);
    memset(farm->secrets[0], 1, sizeof(farm->secrets[0]));
    memset(farm->secrets[1], 2, sizeof(farm->secrets[1]));
}

struct fake_port *
fake_backplane_add(struct fake_backplane *farm, int node)
{
    assert(farm->port_count < FAKE_BACKPLANE_PORTS_MAX);
    struct fake_port *port = &farm->ports[farm->port_count++];

    *port = (struct fake_port){.port = {&operations}, .farm = farm, .node = node};
    list_init(&port->commands);
    list_init(&port->events);
    map_init(&port->topics);
    return port;
}

void
fake_port_set_state(struct fake_port *port, enum backplane_state state)
{
    add_event(port, STATE)->state = state;
}

void
fake_port_set_secrets(struct fake_port *port, uint8_t first)
{
    struct event *event = add_event(port, SECRETS);

    memset(event->secrets[0], first, BACKPLANE_SECRET_BYTES);
    memset(event->secrets[1], first + 1, BACKPLANE_SECRET_BYTES);
}

void
fake_port_attach(struct fake_port *port, const struct backplane_port_handler *handler, void *owner)
{
    port->handler = handler;
    port->owner = owner;
}

static void
drop_all(struct fake_port *port)
{
    while (!list_is_empty(&port->commands)) {
        struct command *command = CONTAINER_OF(list_first(&port->commands), struct command, node);
        list_remove(&command->node);
        assert(port->commands.head.next != &command->node); /* the analyzer cannot see it */
        if (command->kind == UNSUBSCRIBE) {
            change_uses(port, bytes_from_string(command->text), -1);
        } else if (command->kind == SUBSCRIBE) {
            for (size_t i = 0; i < command->request->count; i++) {
                change_uses(port, command->request->topics[i].topic, 1);
            }
        }
        free_request(command->request);
        free_command(command);
    }
    while (!list_is_empty(&port->events)) {
        struct event *event = CONTAINER_OF(list_first(&port->events), struct event, node);
        list_remove(&event->node);
        assert(port->events.head.next != &event->node); /* the analyzer cannot see it */
        free_event(event);
    }
}

void
fake_port_detach(struct fake_port *port)
{
    drop_all(port);
    port->handler = NULL;
}

void
fake_backplane_deinit(struct fake_backplane *farm)
{
    for (size_t i = 0; i < farm->port_count; i++) {
        drop_all(&farm->ports[i]);
        /* Every use has been given back: the books are right. */
        assert(map_count(&farm->ports[i].topics) == 0);
        map_deinit(&farm->ports[i].topics);
    }
    for (size_t i = 0; i < farm->history_count; i++) {
        payload_unref(farm->history[i].frame);
    }
    free(farm->history);
    buffer_deinit(&farm->log);
}

void
fake_port_send_position(struct fake_port *port)
{
    add_event(port, POSITION)->position = port->farm->last_id;
}

size_t
fake_backplane_published(const struct fake_backplane *farm, struct bytes topic)
{
    struct bytes rest = buffer_bytes(&farm->log);
    struct bytes line;
    size_t count = 0;

    while (bytes_split(&rest, '\n', &line)) {
        count += bytes_equal(bytes_slice(line, 0, bytes_find(line, ' ')), topic);
    }
    return count;
}
