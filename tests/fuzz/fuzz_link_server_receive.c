/* SPDX-License-Identifier: MIT */
/*
 * Goal of this test: whatever a node sends, a bridge's link end reads within its bytes, answers in
 * whole envelopes and fails at most once. First byte: chunk size; the rest is the stream, of which
 * a byte 0xff at a chunk's start lets time pass first.
 */
#include "common/wire/link_server.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/support/fake_sink.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct harness {
    struct fake_sink sink;
    struct clock clock;
    struct timers timers;
    struct log log;
    struct link_server *link;
    struct payload *frame;
    uint64_t checksum; /* every byte that is shown is read */
    bool is_open[UINT16_MAX + 1];
    bool has_failed;
};

static struct harness *
enter(void *owner)
{
    struct harness *harness = owner;
    require(!harness->has_failed);
    return harness;
}

static struct harness *
enter_app(void *owner, uint16_t app)
{
    require(enter(owner)->is_open[app]);
    return owner;
}

static void
read_all(void *owner, struct bytes bytes)
{
    struct harness *harness = enter(owner);
    for (size_t i = 0; i < bytes.length; i++) {
        harness->checksum += bytes.data[i];
    }
}

static void
on_hello(void *owner, const struct link_identity *node)
{
    read_all(owner, node->name);
    read_all(owner, node->software);
    read_all(owner, bytes_from(node->instance, sizeof(node->instance)));
}

/* Refuses some, answers some, leaves some open. */
static void
on_open(void *owner, uint16_t app, struct bytes key, uint64_t last_seen_id,
        uint64_t acknowledged_sequence)
{
    struct harness *harness = enter(owner);
    require(app != 0 && !harness->is_open[app]);
    read_all(owner, key);
    harness->checksum += last_seen_id + acknowledged_sequence;
    if (key.length > 0 && key.data[0] == 'R') {
        link_server_refuse_open(harness->link, app, STATUS_DENIED, key);
    } else if (key.length == 0 || key.data[0] != 'W') {
        struct link_opened opened = {.state = LINK_BACKPLANE_OPEN, .secret_count = 2};
        harness->is_open[app] = true;
        link_server_opened(harness->link, app, &opened);
    }
}

static void
on_publish(void *owner, uint16_t app, uint64_t sequence, struct bytes frame)
{
    struct harness *harness = enter_app(owner, app);
    require(sequence != 0);
    read_all(owner, frame);
    link_server_published(harness->link, app, sequence, 1000);
    link_server_deliver(harness->link, app, 0, 1000, payload_whole(harness->frame), true);
    link_server_credit(harness->link, frame.length);
}

static void
on_interest(void *owner, uint16_t app, bool is_added, struct bytes topic)
{
    enter_app(owner, app)->checksum += is_added;
    read_all(owner, topic);
    if (bytes_equal(topic, BYTES("E"))) {
        link_server_error(enter(owner)->link, STATUS_DENIED, "not this topic");
    }
}

static void
on_interest_end(void *owner, uint16_t app, uint32_t request)
{
    link_server_interest_ack(enter_app(owner, app)->link, app, request, 1000);
}

static void
on_replay(void *owner, uint16_t app, uint32_t request, uint64_t to_id,
          const struct link_topic *topics, size_t count)
{
    struct harness *harness = enter_app(owner, app);
    harness->checksum += to_id;
    for (size_t i = 0; i < count; i++) {
        read_all(owner, topics[i].topic);
        harness->checksum += topics[i].since;
    }
    link_server_deliver(harness->link, app, request, 999, payload_whole(harness->frame), false);
    link_server_replayed(harness->link, app, request, 1000, 0);
}

static void
on_query(void *owner, uint16_t app, uint32_t request, struct bytes topic)
{
    read_all(owner, topic);
    link_server_query_ack(enter_app(owner, app)->link, app, request, true);
}

static void
on_credit(void *owner, uint64_t bytes)
{
    enter(owner)->checksum += bytes;
}

static void
on_goaway(void *owner, struct bytes reason)
{
    read_all(owner, reason);
    link_server_goaway(enter(owner)->link, reason, BYTES("b2:7443"));
}

static uint64_t
position_of(void *owner, uint16_t app)
{
    return enter_app(owner, app)->checksum;
}

static void
on_share(void *owner, struct bytes name, struct bytes content)
{
    read_all(owner, name);
    read_all(owner, content);
    link_server_share(enter(owner)->link, name, content);
}

static void
on_failed(void *owner, enum status status, const char *reason)
{
    struct harness *harness = enter(owner);
    require(status < STATUS_OK);
    require(bytes_is_utf8(bytes_from_string(reason)));
    require(!fake_sink_is_open(&harness->sink));
    harness->has_failed = true;
}

static const struct link_server_handler handler = {
    .on_hello = on_hello,
    .on_open = on_open,
    .on_publish = on_publish,
    .on_interest = on_interest,
    .on_interest_end = on_interest_end,
    .on_replay = on_replay,
    .on_query = on_query,
    .on_credit = on_credit,
    .on_goaway = on_goaway,
    .position = position_of,
    .on_share = on_share,
    .on_failed = on_failed,
};

static void
drop_line(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

static void
feed(struct harness *harness, struct bytes stream, size_t chunk)
{
    for (size_t at = 0; at < stream.length; at += chunk) {
        struct bytes part = bytes_slice(stream, at, chunk);
        if (part.data[0] == 0xff) {
            clock_advance(&harness->clock, 1500);
            timers_run(&harness->timers);
        }
        link_server_receive(harness->link, part);
    }
    clock_advance(&harness->clock, 2 * 60000);
    for (int i = 0; i < 3; i++) {
        timers_run(&harness->timers);
    }
    require(harness->has_failed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct harness *harness = calloc(1, sizeof(*harness));
    require(harness != NULL);
    const struct link_identity self = {.name = BYTES("bridge1"), .software = BYTES("fuzz")};
    clock_init_virtual(&harness->clock, 1000, 0);
    timers_init(&harness->timers, &harness->clock);
    log_init(&harness->log, LOG_DEBUG, drop_line, NULL);
    fake_sink_init(&harness->sink);
    harness->frame = payload_new(600);
    require(harness->frame != NULL);
    memset(harness->frame->data, 'f', harness->frame->length);
    if (link_server_new(&harness->sink.sink, &harness->timers, &harness->log, &self, &handler,
                        harness, &harness->link) == STATUS_OK) {
        feed(harness, bytes_from(data + 1, size - 1), (size_t)data[0] + 1);

        struct envelope_decoder decoder;
        struct envelope envelope;
        struct bytes sent = fake_sink_written(&harness->sink);
        envelope_decoder_init(&decoder, ENVELOPE_PAYLOAD_MAX_BYTES);
        while (sent.length > 0) {
            require(envelope_decode(&decoder, &sent, &envelope) == STATUS_OK);
        }
        envelope_decoder_deinit(&decoder);
        link_server_free(harness->link);
    }
    require(harness->sink.late_write_count == 0);
    payload_unref(harness->frame);
    fake_sink_deinit(&harness->sink);
    timers_deinit(&harness->timers);
    free(harness);
    return 0;
}
