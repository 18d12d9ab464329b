/* SPDX-License-Identifier: MIT */
#include "tests/unit/backplane/backplane_fixture.h"

#include "tests/support/test.h"

#define BIG(number) ((unsigned long long)(number))

enum { FIXTURE_SHOWN = 64 }; /* of a topic */

static enum status
post(void *context, void (*fn)(void *argument), void *argument)
{
    struct fixture_queue *queue = context;

    assert_true(queue->count < FIXTURE_POSTS);
    queue->fn[queue->count] = fn;
    queue->argument[queue->count++] = argument;
    return STATUS_OK;
}

static bool
run_queue(struct fixture_queue *queue)
{
    struct fixture_queue taken = *queue;

    queue->count = 0;
    for (size_t i = 0; i < taken.count; i++) {
        taken.fn[i](taken.argument[i]);
    }
    return taken.count > 0;
}

static void
schedule_flush(void *context)
{
    struct backplane_fixture *fixture = context;
    fixture->is_flush_wanted = true;
}

/* ---- a worker ---- */

#define TELL(owner, format, ...)                                                               \
    buffer_append_format(&((struct fixture_worker *)(owner))->fixture->told_workers,           \
                         "worker %d: " format "\n", ((struct fixture_worker *)(owner))->index, \
                         __VA_ARGS__)

static void
on_messages(void *owner, uint16_t app, const struct backplane_message *messages, size_t count)
{
    (void)app;
    for (size_t i = 0; i < count; i++) {
        TELL(owner, "message %llu %.*s %.*s", BIG(messages[i].id),
             BYTES_PRINTF(messages[i].message.topic), BYTES_PRINTF(messages[i].message.value));
    }
}

static void
on_position(void *owner, uint16_t app, uint64_t position)
{
    (void)app;
    TELL(owner, "position %llu", BIG(position));
}

static void
on_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    (void)app;
    TELL(owner, "gap %llu-%llu", BIG(from), BIG(to));
}

static void
on_state(void *owner, uint16_t app, enum backplane_state state)
{
    static const char *const names[] = {"unopened", "open", "buffering", "unlinked", "closed"};

    (void)app;
    TELL(owner, "state %s", names[state]);
}

static void
on_secrets(void *owner, uint16_t app, size_t count,
           const uint8_t (*secrets)[BACKPLANE_SECRET_BYTES])
{
    (void)app;
    TELL(owner, "secrets %zu %02x", count, secrets[0][0]);
}

static void
on_notice(void *owner, uint16_t app, enum backplane_notice notice, struct bytes connection_id)
{
    (void)app;
    TELL(owner, "notice %d %.*s", (int)notice, BYTES_PRINTF(connection_id));
}

static const struct backplane_port_handler port_handler = {
    .on_messages = on_messages,
    .on_position = on_position,
    .on_gap = on_gap,
    .on_state = on_state,
    .on_secrets = on_secrets,
    .on_notice = on_notice,
};

static void
on_published(void *owner, enum status status, uint64_t id)
{
    TELL(owner, "published %s %llu", status_name(status), BIG(id));
}

static void
on_subscribed(void *owner, const struct backplane_subscribed *result)
{
    TELL(owner, "subscribed %s at %llu missing %llu", status_name(result->status),
         BIG(result->position), BIG(result->missing_to));
    if (result->restarted_at != BACKPLANE_NO_REPLAY) {
        TELL(owner, "restarted at %llu", BIG(result->restarted_at));
    }
    for (size_t i = 0; i < result->count; i++) {
        TELL(owner, "replay %llu %.*s", BIG(result->messages[i].id),
             BYTES_PRINTF(result->messages[i].message.value));
    }
}

/* ---- the bridge ---- */

#define BRIDGE(owner, format, ...)                                            \
    buffer_append_format(&((struct backplane_fixture *)(owner))->told_bridge, \
                         "bridge: " format "\n", __VA_ARGS__)

static void
on_hello(void *owner, const struct link_identity *node)
{
    (void)owner;
    assert_text(node->name, "web01");
}

static void
on_open(void *owner, uint16_t app, struct bytes key, uint64_t last_seen_id,
        uint64_t acknowledged_sequence)
{
    struct backplane_fixture *fixture = owner;

    BRIDGE(owner, "open %.*s seen %llu acknowledged %llu", BYTES_PRINTF(key), BIG(last_seen_id),
           BIG(acknowledged_sequence));
    if (fixture->is_refusing) {
        link_server_refuse_open(fixture->server, app, STATUS_DENIED, BYTES("not yours"));
    } else {
        link_server_opened(fixture->server, app, &fixture->opened);
    }
}

static void
on_publish(void *owner, uint16_t app, uint64_t sequence, struct bytes frame)
{
    struct signalr_message_reader reader;
    struct signalr_message message;

    (void)app;
    assert_status(signalr_message_open(frame, &reader), STATUS_OK);
    assert_true(signalr_message_next(&reader, &message));
    BRIDGE(owner, "publish %llu %.*s", BIG(sequence), BYTES_PRINTF(message.value));
}

static void
on_interest(void *owner, uint16_t app, bool is_added, struct bytes topic)
{
    (void)app;
    BRIDGE(owner, "interest %c%.*s", is_added ? '+' : '-',
           BYTES_PRINTF(bytes_slice(topic, 0, FIXTURE_SHOWN)));
}

static void
on_interest_end(void *owner, uint16_t app, uint32_t request)
{
    (void)app;
    BRIDGE(owner, "interest end %u", request);
}

static void
on_replay(void *owner, uint16_t app, uint32_t request, uint64_t to_id,
          const struct link_topic *topics, size_t count)
{
    (void)app;
    (void)to_id;
    BRIDGE(owner, "replay %u", request);
    for (size_t i = 0; i < count; i++) {
        BRIDGE(owner, "  %.*s since %llu", BYTES_PRINTF(topics[i].topic), BIG(topics[i].since));
    }
}

static void
on_query(void *owner, uint16_t app, uint32_t request, struct bytes topic)
{
    (void)app;
    BRIDGE(owner, "query %u %.*s", request, BYTES_PRINTF(topic));
}

static void
on_credit(void *owner, uint64_t bytes)
{
    (void)owner;
    (void)bytes;
}

static void
on_goaway(void *owner, struct bytes reason)
{
    (void)owner;
    (void)reason;
}

static uint64_t
bridge_position(void *owner, uint16_t app)
{
    (void)owner;
    (void)app;
    return 0;
}

static void
on_server_failed(void *owner, enum status status, const char *reason)
{
    BRIDGE(owner, "failed %s %s", status_name(status), reason);
}

static const struct link_server_handler server_handler = {
    .on_hello = on_hello,
    .on_open = on_open,
    .on_publish = on_publish,
    .on_interest = on_interest,
    .on_interest_end = on_interest_end,
    .on_replay = on_replay,
    .on_query = on_query,
    .on_credit = on_credit,
    .on_goaway = on_goaway,
    .position = bridge_position,
    .on_failed = on_server_failed,
};

/* ---- the pipe's node end, as node/bridge_link.c does it ---- */

static void
on_node_data(void *owner, struct bytes input)
{
    struct backplane_fixture *fixture = owner;
    backplane_link_receive(fixture->backplane, input);
}

static void
on_node_closed(void *owner, enum status status, const char *reason)
{
    struct backplane_fixture *fixture = owner;

    (void)status;
    backplane_link_closed(fixture->backplane, reason);
}

static void
on_session_ended(void *owner, const char *reason, bool is_sent_away)
{
    BRIDGE(owner, "node %s: %s", is_sent_away ? "left" : "gave up", reason);
}

static void
discard_line(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

/* ---- what tests call ---- */

void
backplane_fixture_init(struct backplane_fixture *fixture, size_t spool_bytes, size_t recent_bytes)
{
    static const struct bytes keys[] = {{(const uint8_t *)"ChatApp", 7}};
    struct poster posters[FIXTURE_WORKERS] = {{NULL, NULL}, {post, &fixture->to_worker}};

    *fixture = (struct backplane_fixture){
        .opened = {.current_id = 100, .state = LINK_BACKPLANE_OPEN, .secret_count = 1}};
    fixture->opened.secrets[0][0] = 0xab;
    clock_init_virtual(&fixture->clock, 1000, 1700000000000);
    timers_init(&fixture->timers, &fixture->clock);
    log_init(&fixture->log, LOG_DEBUG, discard_line, NULL);
    buffer_init(&fixture->told_bridge, 1024 * 1024);
    buffer_init(&fixture->told_workers, 1024 * 1024);
    struct backplane_options options = {
        .timers = &fixture->timers,
        .log = &fixture->log,
        .self = {.instance = {1}, .name = BYTES("web01"), .software = BYTES("test")},
        .app_keys = keys,
        .app_count = 1,
        .workers = posters,
        .worker_count = FIXTURE_WORKERS,
        .link_loop = {post, &fixture->to_link},
        .schedule_flush = schedule_flush,
        .schedule_context = fixture,
        .spool_bytes = spool_bytes,
        .recent_bytes = recent_bytes,
        .publish_wait_ms = 30000,
        .linger_ms = 100000,
    };
    assert_status(backplane_new(&options, &fixture->backplane), STATUS_OK);
    for (int i = 0; i < FIXTURE_WORKERS; i++) {
        fixture->workers[i] = (struct fixture_worker){fixture, i};
        fixture->ports[i] = backplane_worker_port(fixture->backplane, (size_t)i);
        backplane_port_set_handler(fixture->ports[i], &port_handler, &fixture->clock,
                                   &fixture->workers[i]);
    }
}

static void
end_link(struct backplane_fixture *fixture)
{
    if (fixture->server != NULL) {
        link_server_free(fixture->server);
        fixture->server = NULL;
        link_pipe_deinit(&fixture->pipe);
    }
}

void
backplane_fixture_deinit(struct backplane_fixture *fixture)
{
    backplane_link_closed(fixture->backplane, "end of test");
    backplane_fixture_run(fixture);
    end_link(fixture);
    backplane_free(fixture->backplane);
    buffer_deinit(&fixture->told_bridge);
    buffer_deinit(&fixture->told_workers);
    timers_deinit(&fixture->timers);
}

void
backplane_fixture_link(struct backplane_fixture *fixture)
{
    static const struct link_identity bridge = {{2},
                                                {(const uint8_t *)"bridge1", 7},
                                                {(const uint8_t *)"test", 4}};

    link_pipe_init(&fixture->pipe);
    assert_status(link_server_new(&fixture->pipe.bridge.sink, &fixture->timers, &fixture->log,
                                  &bridge, &server_handler, fixture, &fixture->server),
                  STATUS_OK);
    link_pipe_attach_server(&fixture->pipe, fixture->server);
    link_pipe_attach(&fixture->pipe.node, on_node_data, on_node_closed, fixture);
    assert_status(backplane_link_opened(fixture->backplane, &fixture->pipe.node.sink,
                                        on_session_ended, fixture),
                  STATUS_OK);
    backplane_fixture_run(fixture);
}

void
backplane_fixture_cut(struct backplane_fixture *fixture)
{
    link_pipe_detach(&fixture->pipe.bridge);
    link_pipe_cut(&fixture->pipe, STATUS_CLOSED, "cut");
    backplane_fixture_run(fixture);
    end_link(fixture);
}

void
backplane_fixture_run(struct backplane_fixture *fixture)
{
    bool has_moved = true;

    while (has_moved) {
        has_moved = fixture->server != NULL && link_pipe_step(&fixture->pipe);
        has_moved |= run_queue(&fixture->to_link);
        if (fixture->is_flush_wanted) {
            fixture->is_flush_wanted = false;
            backplane_flush(fixture->backplane);
            has_moved = true;
        }
        has_moved |= run_queue(&fixture->to_worker);
    }
}

void
backplane_fixture_advance(struct backplane_fixture *fixture, uint64_t delta_ms)
{
    for (uint64_t passed = 0; passed < delta_ms; passed += 500) {
        clock_advance(&fixture->clock, 500);
        timers_run(&fixture->timers);
        backplane_fixture_run(fixture);
    }
}

void
backplane_fixture_forget(struct backplane_fixture *fixture)
{
    backplane_fixture_run(fixture);
    buffer_clear(&fixture->told_bridge);
    buffer_clear(&fixture->told_workers);
}

void
backplane_fixture_expect(struct backplane_fixture *fixture, const char *lines)
{
    backplane_fixture_run(fixture);
    buffer_append(&fixture->told_bridge, buffer_bytes(&fixture->told_workers));
    assert_bytes(buffer_bytes(&fixture->told_bridge), bytes_from_string(lines));
    buffer_clear(&fixture->told_bridge);
    buffer_clear(&fixture->told_workers);
}

void
backplane_fixture_deliver(struct backplane_fixture *fixture, uint32_t request, uint64_t id,
                          const char *topic, const char *value)
{
    struct signalr_message message = {.source = BYTES("c1"),
                                      .topic = bytes_from_string(topic),
                                      .value = bytes_from_string(value)};
    struct buffer frame;

    buffer_init(&frame, 1024 * 1024);
    assert_status(signalr_message_encode(&message, 1, 0, &frame), STATUS_OK);
    struct payload *payload = payload_from(buffer_bytes(&frame));
    link_server_deliver(fixture->server, 1, request, id, payload_whole(payload), false);
    payload_unref(payload);
    buffer_deinit(&frame);
}

void
backplane_fixture_publish(struct backplane_fixture *fixture, int worker, const char *topic,
                          const char *value)
{
    struct signalr_message message = {.source = BYTES("c1"),
                                      .topic = bytes_from_string(topic),
                                      .value = bytes_from_string(value)};
    backplane_publish(fixture->ports[worker], 1, &message, on_published, &fixture->workers[worker]);
}

struct backplane_request *
backplane_fixture_subscribe(struct backplane_fixture *fixture, int worker, const char *topic,
                            uint64_t since)
{
    struct backplane_topic topics[1] = {{bytes_from_string(topic), since}};
    return backplane_subscribe(fixture->ports[worker], 1, topics, 1, on_subscribed,
                               &fixture->workers[worker]);
}

void
backplane_fixture_listen(struct backplane_fixture *fixture, int worker, const char *topic)
{
    backplane_fixture_subscribe(fixture, worker, topic, BACKPLANE_NO_REPLAY);
    backplane_fixture_run(fixture);
    link_server_interest_ack(fixture->server, 1, 1, 100);
    backplane_fixture_forget(fixture);
}

void
backplane_fixture_unsubscribe(struct backplane_fixture *fixture, int worker, const char *topic)
{
    struct bytes topics[1] = {bytes_from_string(topic)};
    backplane_unsubscribe(fixture->ports[worker], 1, topics, 1);
}
