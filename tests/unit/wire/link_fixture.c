/* SPDX-License-Identifier: MIT */
#include "tests/unit/wire/link_fixture.h"

#include "tests/support/hex.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct link_fixture *
fixture_of(void *owner)
{
    return owner;
}

#define TELL(owner, ...) buffer_append_format(&fixture_of(owner)->told, __VA_ARGS__)
#define BIG(number)      ((unsigned long long)(number))

/* ---- the node ---- */

static void
on_welcome(void *owner, const struct link_identity *bridge)
{
    TELL(owner, "node: welcome %.*s %.*s %02x\n", BYTES_PRINTF(bridge->name),
         BYTES_PRINTF(bridge->software), bridge->instance[0]);
}

static void
on_opened(void *owner, uint16_t app, const struct link_opened *opened)
{
    TELL(owner,
         "node: opened %u id=%llu oldest=%llu sequence=%llu state=%d secrets=%zu %02x %02x\n", app,
         BIG(opened->current_id), BIG(opened->oldest_id), BIG(opened->last_sequence), opened->state,
         opened->secret_count, opened->secrets[0][31], opened->secrets[1][31]);
}

static void
on_open_refused(void *owner, uint16_t app, enum status status, struct bytes text)
{
    TELL(owner, "node: open refused %u %s %.*s\n", app, status_name(status), BYTES_PRINTF(text));
}

static void
on_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id)
{
    TELL(owner, "node: published %u %llu %llu\n", app, BIG(sequence), BIG(id));
}

static void
on_refused(void *owner, uint16_t app, uint64_t sequence, enum status status, struct bytes text)
{
    TELL(owner, "node: refused %u %llu %s %.*s\n", app, BIG(sequence), status_name(status),
         BYTES_PRINTF(text));
}

static void
on_interest_ack(void *owner, uint16_t app, uint32_t request, uint64_t position)
{
    TELL(owner, "node: interest ack %u %u %llu\n", app, request, BIG(position));
}

static void
on_deliver(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame,
           bool is_foreign)
{
    if (frame.length > 100) {
        TELL(owner, "node: deliver %u %u %llu %zu bytes%s\n", app, request, BIG(id), frame.length,
             is_foreign ? " foreign" : "");
    } else {
        TELL(owner, "node: deliver %u %u %llu %.*s%s\n", app, request, BIG(id), BYTES_PRINTF(frame),
             is_foreign ? " foreign" : "");
    }
}

static void
on_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position, uint64_t missing_to)
{
    TELL(owner, "node: replayed %u %u %llu %llu\n", app, request, BIG(position), BIG(missing_to));
}

static void
on_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    TELL(owner, "node: gap %u %llu %llu\n", app, BIG(from), BIG(to));
}

static void
on_query_ack(void *owner, uint16_t app, uint32_t request, bool exists)
{
    TELL(owner, "node: query ack %u %u %d\n", app, request, exists);
}

static void
on_state(void *owner, uint16_t app, enum link_backplane_state state, struct bytes text)
{
    TELL(owner, "node: state %u %d %.*s\n", app, state, BYTES_PRINTF(text));
}

static void
on_secrets(void *owner, uint16_t app, size_t count, const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    TELL(owner, "node: secrets %u %zu", app, count);
    for (size_t i = 0; i < count; i++) {
        TELL(owner, " %02x", secrets[i][31]);
    }
    TELL(owner, "\n");
}

static void
on_position(void *owner, uint16_t app, uint64_t position)
{
    TELL(owner, "node: position %u %llu\n", app, BIG(position));
}

static void
on_node_credit(void *owner, uint64_t bytes)
{
    TELL(owner, "node: credit %llu\n", BIG(bytes));
}

static void
on_node_goaway(void *owner, struct bytes reason, struct bytes others)
{
    TELL(owner, "node: goaway %.*s; %.*s\n", BYTES_PRINTF(reason), BYTES_PRINTF(others));
}

static void
on_node_share(void *owner, struct bytes name, struct bytes content)
{
    TELL(owner, "node: share %.*s %.*s\n", BYTES_PRINTF(name), BYTES_PRINTF(content));
}

static void
on_bridge_share(void *owner, struct bytes name, struct bytes content)
{
    TELL(owner, "bridge: share %.*s %.*s\n", BYTES_PRINTF(name), BYTES_PRINTF(content));
}

static void
on_node_failed(void *owner, enum status status, const char *reason)
{
    TELL(owner, "node: failed %s %s\n", status_name(status), reason);
    fixture_of(owner)->failed_count++;
}

static const struct link_client_handler client_handler = {
    .on_welcome = on_welcome,
    .on_opened = on_opened,
    .on_open_refused = on_open_refused,
    .on_published = on_published,
    .on_refused = on_refused,
    .on_interest_ack = on_interest_ack,
    .on_deliver = on_deliver,
    .on_replayed = on_replayed,
    .on_gap = on_gap,
    .on_query_ack = on_query_ack,
    .on_state = on_state,
    .on_secrets = on_secrets,
    .on_position = on_position,
    .on_credit = on_node_credit,
    .on_share = on_node_share,
    .on_goaway = on_node_goaway,
    .on_failed = on_node_failed,
};

/* ---- the bridge ---- */

static void
on_hello(void *owner, const struct link_identity *node)
{
    TELL(owner, "bridge: hello %.*s %.*s %02x\n", BYTES_PRINTF(node->name),
         BYTES_PRINTF(node->software), node->instance[0]);
    if (fixture_of(owner)->turn_away != NULL) {
        link_server_error(fixture_of(owner)->server, STATUS_DENIED, fixture_of(owner)->turn_away);
    }
}

static void
on_open(void *owner, uint16_t app, struct bytes key, uint64_t last_seen_id,
        uint64_t acknowledged_sequence)
{
    struct link_fixture *fixture = fixture_of(owner);
    TELL(owner, "bridge: open %u %.*s %llu %llu\n", app, BYTES_PRINTF(key), BIG(last_seen_id),
         BIG(acknowledged_sequence));
    if (fixture->is_open_answered) {
        struct link_opened opened = {.state = LINK_BACKPLANE_OPEN};
        link_server_opened(fixture->server, app, &opened);
    }
}

static void
on_publish(void *owner, uint16_t app, uint64_t sequence, struct bytes frame)
{
    if (frame.length > 100) {
        TELL(owner, "bridge: publish %u %llu %zu bytes\n", app, BIG(sequence), frame.length);
    } else {
        TELL(owner, "bridge: publish %u %llu %.*s\n", app, BIG(sequence), BYTES_PRINTF(frame));
    }
}

static void
on_interest(void *owner, uint16_t app, bool is_added, struct bytes topic)
{
    if (topic.length <= 100) {
        TELL(owner, "bridge: interest %u %c%.*s\n", app, is_added ? '+' : '-', BYTES_PRINTF(topic));
    }
}

static void
on_interest_end(void *owner, uint16_t app, uint32_t request)
{
    TELL(owner, "bridge: interest end %u %u\n", app, request);
    link_server_interest_ack(fixture_of(owner)->server, app, request, fixture_of(owner)->position);
}

static void
on_replay(void *owner, uint16_t app, uint32_t request, uint64_t to_id,
          const struct link_topic *topics, size_t count)
{
    TELL(owner, "bridge: replay %u %u", app, request);
    if (to_id != 0) {
        TELL(owner, " to %llu", BIG(to_id));
    }
    for (size_t i = 0; i < count; i++) {
        TELL(owner, " %.*s>%llu", BYTES_PRINTF(topics[i].topic), BIG(topics[i].since));
    }
    TELL(owner, "\n");
}

static void
on_query(void *owner, uint16_t app, uint32_t request, struct bytes topic)
{
    TELL(owner, "bridge: query %u %u %.*s\n", app, request, BYTES_PRINTF(topic));
}

static void
on_bridge_credit(void *owner, uint64_t bytes)
{
    TELL(owner, "bridge: credit %llu\n", BIG(bytes));
}

static void
on_bridge_goaway(void *owner, struct bytes reason)
{
    TELL(owner, "bridge: goaway %.*s\n", BYTES_PRINTF(reason));
}

static uint64_t
position_of(void *owner, uint16_t app)
{
    return fixture_of(owner)->position + app;
}

static void
on_bridge_failed(void *owner, enum status status, const char *reason)
{
    TELL(owner, "bridge: failed %s %s\n", status_name(status), reason);
    fixture_of(owner)->failed_count++;
}

static const struct link_server_handler server_handler = {
    .on_hello = on_hello,
    .on_open = on_open,
    .on_publish = on_publish,
    .on_interest = on_interest,
    .on_interest_end = on_interest_end,
    .on_replay = on_replay,
    .on_query = on_query,
    .on_credit = on_bridge_credit,
    .on_goaway = on_bridge_goaway,
    .on_share = on_bridge_share,
    .position = position_of,
    .on_failed = on_bridge_failed,
};

/* ---- the fixture ---- */

static void
keep_line(void *context, enum log_level level, const char *line)
{
    (void)level;
    struct link_fixture *fixture = context;
    buffer_append_string(&fixture->logged, line);
    buffer_append_byte(&fixture->logged, '\n');
}

void
link_fixture_init(struct link_fixture *fixture)
{
    *fixture = (struct link_fixture){
        .is_open_answered = true,
        .node = {.instance = {0xa1}, .name = BYTES("web01"), .software = BYTES("service 1")},
        .bridge = {.instance = {0xb2}, .name = BYTES("bridge1"), .software = BYTES("bridge 1")},
    };
    clock_init_virtual(&fixture->clock, 1000000, 0);
    timers_init(&fixture->timers, &fixture->clock);
    log_init(&fixture->log, LOG_DEBUG, keep_line, fixture);
    buffer_init(&fixture->told, SIZE_MAX);
    buffer_init(&fixture->logged, SIZE_MAX);
    link_pipe_init(&fixture->pipe);
    assert_status(link_server_new(&fixture->pipe.bridge.sink, &fixture->timers, &fixture->log,
                                  &fixture->bridge, &server_handler, fixture, &fixture->server),
                  STATUS_OK);
    assert_status(link_client_new(&fixture->pipe.node.sink, &fixture->timers, &fixture->log,
                                  &fixture->node, &client_handler, fixture, &fixture->client),
                  STATUS_OK);
    link_pipe_attach_client(&fixture->pipe, fixture->client);
    link_pipe_attach_server(&fixture->pipe, fixture->server);
}

void
link_fixture_init_open(struct link_fixture *fixture)
{
    link_fixture_init(fixture);
    link_client_open_app(fixture->client, 1, BYTES("ChatApp"), 0, 0);
    link_pipe_run(&fixture->pipe);
    buffer_clear(&fixture->told);
}

void
link_fixture_deinit(struct link_fixture *fixture)
{
    link_client_free(fixture->client);
    link_server_free(fixture->server);
    assert_true(timers_next_delay_ms(&fixture->timers) == UINT64_MAX);
    link_pipe_deinit(&fixture->pipe);
    timers_deinit(&fixture->timers);
    buffer_deinit(&fixture->told);
    buffer_deinit(&fixture->logged);
}

void
link_fixture_expect(struct link_fixture *fixture, const char *lines)
{
    link_pipe_run(&fixture->pipe);
    assert_bytes(buffer_bytes(&fixture->told), bytes_from_string(lines));
    buffer_clear(&fixture->told);
}

void
link_fixture_expect_after(struct link_fixture *fixture, uint64_t delta_ms, const char *lines)
{
    link_pipe_advance(&fixture->pipe, &fixture->timers, delta_ms);
    link_fixture_expect(fixture, lines);
}

void
link_fixture_inject_from_node(struct link_fixture *fixture, const char *hex)
{
    hex_decode(hex, &fixture->pipe.node.outgoing);
}

void
link_fixture_inject_from_bridge(struct link_fixture *fixture, const char *hex)
{
    hex_decode(hex, &fixture->pipe.bridge.outgoing);
}
