/* SPDX-License-Identifier: MIT */
#include "tests/unit/bridge/route_fixture.h"

#include <inttypes.h>

#include <string.h>

#include "bridge/route/route_query.h"
#include "tests/support/test.h"

enum {
    COUNTER_AT_START = 100,
    STEP_MS = 10,
    MESSAGE_MAX_BYTES = 64 * 1024,
    MEMORY_BYTES = 1024 * 1024,
};

/* ---- The node's end: link_client ---- */

PRINTF_LIKE(2, 3)
static void
tell(struct fixture_node *node, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    (void)buffer_append_format(&node->told, "%s: %s\n", node->name, line);
}

static void
client_on_welcome(void *owner, const struct link_identity *bridge)
{
    struct fixture_node *node = owner;

    (void)bridge;
    link_client_open_app(node->client, ROUTE_FIXTURE_APP, BYTES("ChatApp"), node->last_seen_id,
                         node->acknowledged);
}

static const char *
state_name(enum link_backplane_state state)
{
    return state == LINK_BACKPLANE_OPEN        ? "open"
           : state == LINK_BACKPLANE_BUFFERING ? "buffering"
                                               : "closed";
}

static void
client_on_opened(void *owner, uint16_t app, const struct link_opened *opened)
{
    (void)app;
    tell(owner, "opened %" PRIu64 " sequence %" PRIu64 " %s", opened->current_id,
         opened->last_sequence, state_name(opened->state));
}

static void
client_on_open_refused(void *owner, uint16_t app, enum status status, struct bytes text)
{
    (void)app;
    tell(owner, "open refused %s %.*s", status_name(status), BYTES_PRINTF(text));
}

static void
client_on_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id)
{
    (void)app;
    tell(owner, "published %" PRIu64 " as %" PRIu64, sequence, id);
}

static void
client_on_refused(void *owner, uint16_t app, uint64_t sequence, enum status status,
                  struct bytes text)
{
    (void)app;
    (void)text;
    tell(owner, "refused %" PRIu64 " %s", sequence, status_name(status));
}

static void
client_on_interest_ack(void *owner, uint16_t app, uint32_t request, uint64_t position)
{
    (void)app;
    tell(owner, "interest %" PRIu32 " from %" PRIu64, request, position);
}

/* The values of the frame's messages, joined with '+'. */
static void
client_on_deliver(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame,
                  bool is_foreign)
{
    struct fixture_node *node = owner;
    struct signalr_message_reader reader;
    struct signalr_message message;
    struct buffer values;

    (void)app;
    buffer_init(&values, SIZE_MAX);
    assert_status(signalr_message_open(frame, &reader), STATUS_OK);
    node->trailer_bytes = reader.trailer.length;
    while (signalr_message_next(&reader, &message)) {
        (void)buffer_append_string(&values, values.length > 0 ? "+" : "");
        (void)buffer_append(&values, bytes_slice(message.value, 0, 40));
    }
    tell(node, "%s %" PRIu64 " %.*s%s", request != 0 ? "replay" : "deliver", id,
         BYTES_PRINTF(buffer_bytes(&values)), is_foreign ? " foreign" : "");
    buffer_deinit(&values);
    if (!node->keeps_credit) {
        link_client_credit(node->client, frame.length);
    }
}

static void
client_on_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position,
                   uint64_t missing_to)
{
    (void)app;
    (void)request;
    tell(owner, "replayed to %" PRIu64 " missing %" PRIu64, position, missing_to);
}

static void
client_on_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    (void)app;
    tell(owner, "gap %" PRIu64 "-%" PRIu64, from, to);
}

static void
client_on_query_ack(void *owner, uint16_t app, uint32_t request, bool exists)
{
    (void)app;
    (void)request;
    tell(owner, "query %s", exists ? "yes" : "no");
}

static void
client_on_state(void *owner, uint16_t app, enum link_backplane_state state, struct bytes text)
{
    (void)app;
    tell(owner, "state %s: %.*s", state_name(state), BYTES_PRINTF(text));
}

static void
client_on_secrets(void *owner, uint16_t app, size_t count,
                  const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    (void)app;
    tell(owner, "secrets %zu %02x", count, secrets[0][0]);
}

/* Too frequent to be told; asked for by tests that care. */
static void
client_on_position(void *owner, uint16_t app, uint64_t position)
{
    (void)owner;
    (void)app;
    (void)position;
}

static void
client_on_credit(void *owner, uint64_t bytes)
{
    (void)owner;
    (void)bytes;
}

static void
client_on_goaway(void *owner, struct bytes reason, struct bytes others)
{
    (void)others;
    tell(owner, "goaway %.*s", BYTES_PRINTF(reason));
}

static void
client_on_failed(void *owner, enum status status, const char *reason)
{
    struct fixture_node *node = owner;

    if (node->is_connected) {
        tell(node, "failed %s %.14s", status_name(status), reason);
    }
}

static const struct link_client_handler client_handler = {
    .on_welcome = client_on_welcome,
    .on_opened = client_on_opened,
    .on_open_refused = client_on_open_refused,
    .on_published = client_on_published,
    .on_refused = client_on_refused,
    .on_interest_ack = client_on_interest_ack,
    .on_deliver = client_on_deliver,
    .on_replayed = client_on_replayed,
    .on_gap = client_on_gap,
    .on_query_ack = client_on_query_ack,
    .on_state = client_on_state,
    .on_secrets = client_on_secrets,
    .on_position = client_on_position,
    .on_credit = client_on_credit,
    .on_goaway = client_on_goaway,
    .on_failed = client_on_failed,
};

/* ---- The bridge's end: what node_link/peer.c does, for one app ---- */

static void
server_on_hello(void *owner, const struct link_identity *identity)
{
    (void)owner;
    (void)identity;
}

static void
server_on_open(void *owner, uint16_t app, struct bytes key, uint64_t last_seen_id,
               uint64_t acknowledged)
{
    struct fixture_node *node = owner;

    (void)key;
    assert_status(route_app_join(node->fixture->app, &node->peer, app, node->identity.instance,
                                 last_seen_id, acknowledged, &node->member),
                  STATUS_OK);
}

static void
server_on_publish(void *owner, uint16_t app, uint64_t sequence, struct bytes frame)
{
    struct fixture_node *node = owner;
    enum status status = route_app_publish(node->member, sequence, frame);

    (void)app;
    if (status != STATUS_OK) {
        link_server_error(node->server, status, "a publish sequence is missing");
    }
}

static void
server_on_interest(void *owner, uint16_t app, bool is_added, struct bytes topic)
{
    struct fixture_node *node = owner;

    (void)app;
    assert_status(route_member_listen(node->member, topic, is_added), STATUS_OK);
}

static void
server_on_interest_end(void *owner, uint16_t app, uint32_t request)
{
    struct fixture_node *node = owner;

    (void)app;
    route_app_interest_end(node->member, request);
}

static void
server_on_replay(void *owner, uint16_t app, uint32_t request, uint64_t to_id,
                 const struct link_topic *topics, size_t count)
{
    struct fixture_node *node = owner;

    (void)app;
    assert_status(route_app_replay(node->member, request, to_id, topics, count), STATUS_OK);
}

static void
server_on_query(void *owner, uint16_t app, uint32_t request, struct bytes topic)
{
    struct fixture_node *node = owner;

    (void)app;
    route_query_add(node->member, request, topic);
}

static void
server_on_credit(void *owner, uint64_t bytes)
{
    struct fixture_node *node = owner;

    (void)bytes;
    if (node->member != NULL) {
        route_member_resume(node->member);
    }
}

static void
server_on_goaway(void *owner, struct bytes reason)
{
    (void)owner;
    (void)reason;
}

static uint64_t
server_position(void *owner, uint16_t app)
{
    struct fixture_node *node = owner;

    (void)app;
    return route_app_position(node->member);
}

static void
server_on_failed(void *owner, enum status status, const char *reason)
{
    struct fixture_node *node = owner;

    (void)status;
    (void)reason;
    if (node->member != NULL) {
        route_app_leave(node->member);
        node->member = NULL;
    }
}

static const struct link_server_handler server_handler = {
    .on_hello = server_on_hello,
    .on_open = server_on_open,
    .on_publish = server_on_publish,
    .on_interest = server_on_interest,
    .on_interest_end = server_on_interest_end,
    .on_replay = server_on_replay,
    .on_query = server_on_query,
    .on_credit = server_on_credit,
    .on_goaway = server_on_goaway,
    .position = server_position,
    .on_failed = server_on_failed,
};

/* ---- The whole ---- */

static void
log_line(void *context, enum log_level level, const char *line)
{
    (void)level;
    (void)buffer_append_format(context, "%s\n", line);
}

void
route_fixture_init(struct route_fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    clock_init_virtual(&fixture->clock, 1000, 1700000000000);
    timers_init(&fixture->timers, &fixture->clock);
    buffer_init(&fixture->logged, SIZE_MAX);
    log_init(&fixture->log, LOG_DEBUG, log_line, &fixture->logged);
    assert_status(bridge_metrics_init(&fixture->metrics), STATUS_OK);
    fake_route_init(&fixture->backplane);
    fixture->backplane.counter = COUNTER_AT_START;
    fixture->options = (struct route_app_options){
        .backplane = &fixture->backplane.base,
        .timers = &fixture->timers,
        .log = &fixture->log,
        .metrics = &fixture->metrics,
        .key = BYTES("ChatApp"),
        .history_bytes = MEMORY_BYTES,
        .reorder_bytes = MEMORY_BYTES,
        .message_bytes = MESSAGE_MAX_BYTES,
        .secret_count = 1,
    };
    for (size_t i = 0; i < ROUTE_FIXTURE_NODES; i++) {
        struct fixture_node *node = &fixture->nodes[i];

        node->fixture = fixture;
        buffer_init(&node->told, SIZE_MAX);
        node->name[0] = (char)('a' + i);
        node->identity.name = bytes_from_string(node->name);
        node->identity.software = BYTES("test");
        memset(node->identity.instance, 'a' + (int)i, sizeof(node->identity.instance));
    }
}

void
route_fixture_open(struct route_fixture *fixture, bool is_connected)
{
    assert_status(route_app_new(&fixture->options, &fixture->app), STATUS_OK);
    if (is_connected) {
        fake_route_connect(&fixture->backplane);
    }
}

void
route_fixture_init_joined(struct route_fixture *fixture)
{
    route_fixture_init(fixture);
    route_fixture_open(fixture, true);
    fixture_node_join(fixture, 0);
    fixture_node_join(fixture, 1);
    route_fixture_expect(fixture, "a: opened 100 sequence 0 open\n"
                                  "b: opened 100 sequence 0 open\n");
}

void
route_fixture_deinit(struct route_fixture *fixture)
{
    for (size_t i = 0; i < ROUTE_FIXTURE_NODES; i++) {
        if (fixture->nodes[i].is_connected) {
            fixture_node_leave(fixture, i);
        }
        buffer_deinit(&fixture->nodes[i].told);
    }
    route_app_free(fixture->app);
    fake_route_deinit(&fixture->backplane);
    metrics_deinit(&fixture->metrics);
    timers_deinit(&fixture->timers);
    buffer_deinit(&fixture->logged);
}

void
fixture_node_join(struct route_fixture *fixture, size_t index)
{
    struct fixture_node *node = &fixture->nodes[index];

    link_pipe_init(&node->pipe);
    assert_status(link_server_new(&node->pipe.bridge.sink, &fixture->timers, &fixture->log,
                                  &node->identity, &server_handler, node, &node->server),
                  STATUS_OK);
    assert_status(link_client_new(&node->pipe.node.sink, &fixture->timers, &fixture->log,
                                  &node->identity, &client_handler, node, &node->client),
                  STATUS_OK);
    node->peer = (struct route_peer){.link = node->server,
                                     .sink = &node->pipe.bridge.sink,
                                     .is_bridge = node->is_bridge,
                                     .deliver_high_bytes = MEMORY_BYTES};
    link_pipe_attach_server(&node->pipe, node->server);
    link_pipe_attach_client(&node->pipe, node->client);
    node->is_connected = true;
    route_fixture_run(fixture);
}

void
fixture_node_leave(struct route_fixture *fixture, size_t index)
{
    struct fixture_node *node = &fixture->nodes[index];

    (void)fixture;
    node->is_connected = false;
    link_server_closed(node->server, STATUS_CLOSED, "cut");
    link_client_free(node->client);
    link_server_free(node->server);
    link_pipe_deinit(&node->pipe);
    node->member = NULL;
}

void
fixture_node_listen(struct route_fixture *fixture, size_t index, const char *topic)
{
    struct bytes name = bytes_from_string(topic);

    link_client_interest(fixture->nodes[index].client, ROUTE_FIXTURE_APP, 1, &name, 1, NULL, 0);
    route_fixture_run(fixture);
}

struct bytes
route_fixture_frame(const char *topic, const char *value)
{
    static uint8_t storage[MESSAGE_MAX_BYTES];
    const struct signalr_message message = {.source = BYTES("s"),
                                            .topic = bytes_from_string(topic),
                                            .value = bytes_from_string(value)};
    struct buffer frame;
    size_t length;

    buffer_init(&frame, sizeof(storage));
    assert_status(signalr_message_encode(&message, 1, 0, &frame), STATUS_OK);
    length = frame.length;
    memcpy(storage, frame.data, length);
    buffer_deinit(&frame);
    return bytes_from(storage, length);
}

/* After each chunk of input, peer.c flushes; here that is after each publish. */
void
fixture_node_publish(struct route_fixture *fixture, size_t index, const char *topic,
                     const char *value)
{
    struct fixture_node *node = &fixture->nodes[index];
    struct payload *frame = payload_from(route_fixture_frame(topic, value));

    assert_non_null(frame);
    link_client_publish(node->client, ROUTE_FIXTURE_APP, ++node->sequence, frame);
    payload_unref(frame);
}

void
fixture_node_replay(struct route_fixture *fixture, size_t index, const char *topic, uint64_t since)
{
    struct link_topic asked = {bytes_from_string(topic), since};

    link_client_replay(fixture->nodes[index].client, ROUTE_FIXTURE_APP, 7, &asked, 1);
}

static bool
step(struct route_fixture *fixture)
{
    bool has_moved = fake_route_run(&fixture->backplane);

    for (size_t i = 0; i < ROUTE_FIXTURE_NODES; i++) {
        struct fixture_node *node = &fixture->nodes[i];

        if (node->is_connected) {
            has_moved |= link_pipe_step(&node->pipe);
            if (node->member != NULL) {
                route_app_flush(node->member);
                route_member_resume(node->member);
            }
        }
    }
    if (timers_next_delay_ms(&fixture->timers) == 0) {
        timers_run(&fixture->timers);
        has_moved = true;
    }
    return has_moved;
}

void
route_fixture_run(struct route_fixture *fixture)
{
    while (step(fixture)) {}
}

void
route_fixture_advance(struct route_fixture *fixture, uint64_t delta_ms)
{
    for (uint64_t passed = 0; passed < delta_ms; passed += STEP_MS) {
        clock_advance(&fixture->clock, STEP_MS);
        route_fixture_run(fixture);
    }
}

void
route_fixture_expect(struct route_fixture *fixture, const char *lines)
{
    struct buffer told;

    route_fixture_run(fixture);
    buffer_init(&told, SIZE_MAX);
    for (size_t i = 0; i < ROUTE_FIXTURE_NODES; i++) {
        (void)buffer_append(&told, buffer_bytes(&fixture->nodes[i].told));
        buffer_clear(&fixture->nodes[i].told);
    }
    assert_bytes(buffer_bytes(&told), bytes_from_string(lines));
    buffer_deinit(&told);
}

void
route_fixture_forget(struct route_fixture *fixture)
{
    route_fixture_run(fixture);
    for (size_t i = 0; i < ROUTE_FIXTURE_NODES; i++) {
        buffer_clear(&fixture->nodes[i].told);
    }
}

int64_t
route_fixture_metric(const struct route_fixture *fixture, enum bridge_metric metric)
{
    return metrics_get(&fixture->metrics, metric);
}
