/* SPDX-License-Identifier: MIT */
/*
 * Goal of this test: whatever a bridge sends, a node's link end reads within its bytes, answers in
 * whole envelopes and fails at most once. First byte: chunk size; the rest is the stream, of which
 * a byte 0xff at a chunk's start lets time pass first.
 */
#include "common/wire/link_client.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/support/fake_sink.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct harness {
    struct fake_sink sink;
    struct clock clock;
    struct timers timers;
    struct log log;
    struct link_client *link;
    uint64_t checksum; /* every byte that is shown is read */
    bool has_failed;
};

static struct harness *
enter(void *owner)
{
    struct harness *harness = owner;
    require(!harness->has_failed);
    return harness;
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
on_welcome(void *owner, const struct link_identity *bridge)
{
    read_all(owner, bridge->name);
    read_all(owner, bridge->software);
    read_all(owner, bytes_from(bridge->instance, sizeof(bridge->instance)));
    link_client_open_app(enter(owner)->link, 1, BYTES("ChatApp"), 5, 6);
}

static void
on_opened(void *owner, uint16_t app, const struct link_opened *opened)
{
    const struct bytes topics[] = {BYTES("h-ChatHub"), BYTES("*")};
    const struct link_topic since[] = {{BYTES("h-ChatHub"), opened->oldest_id}};
    require(opened->secret_count <= 2);
    read_all(owner, bytes_from(opened->secrets, ENVELOPE_SECRET_BYTES * opened->secret_count));
    struct link_client *link = enter(owner)->link;
    link_client_interest(link, app, 1, topics, 2, topics, 1);
    link_client_replay(link, app, 2, since, 1);
    link_client_query(link, app, 3, BYTES("c-1"));
    link_client_publish(link, app, opened->last_sequence + 1, NULL);
}

static void
on_open_refused(void *owner, uint16_t app, enum status status, struct bytes text)
{
    require(app != 0 && status < STATUS_OK);
    read_all(owner, text);
}

static void
on_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id)
{
    require(app != 0);
    enter(owner)->checksum += sequence + id;
}

static void
on_refused(void *owner, uint16_t app, uint64_t sequence, enum status status, struct bytes text)
{
    require(app != 0 && sequence != 0 && status < STATUS_OK);
    read_all(owner, text);
}

static void
on_interest_ack(void *owner, uint16_t app, uint32_t request, uint64_t position)
{
    require(app != 0);
    enter(owner)->checksum += position + request;
}

static void
on_deliver(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame,
           bool is_foreign)
{
    require(app != 0);
    read_all(owner, frame);
    enter(owner)->checksum += request + id + is_foreign;
    link_client_credit(enter(owner)->link, frame.length);
}

static void
on_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position, uint64_t missing_to)
{
    require(app != 0);
    enter(owner)->checksum += request + position + missing_to;
}

static void
on_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    require(app != 0 && from <= to);
    enter(owner)->checksum += to;
}

static void
on_query_ack(void *owner, uint16_t app, uint32_t request, bool exists)
{
    require(app != 0);
    enter(owner)->checksum += request + exists;
}

static void
on_state(void *owner, uint16_t app, enum link_backplane_state state, struct bytes text)
{
    require(app != 0 && state >= LINK_BACKPLANE_OPEN && state <= LINK_BACKPLANE_CLOSED);
    read_all(owner, text);
}

static void
on_secrets(void *owner, uint16_t app, size_t count, const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    require(app != 0 && count <= 2);
    read_all(owner, bytes_from(secrets, ENVELOPE_SECRET_BYTES * count));
}

static void
on_position(void *owner, uint16_t app, uint64_t position)
{
    require(app != 0);
    enter(owner)->checksum += position;
}

static void
on_credit(void *owner, uint64_t bytes)
{
    enter(owner)->checksum += bytes;
    require(link_client_send_credit(enter(owner)->link) >= 0);
}

static void
on_goaway(void *owner, struct bytes reason, struct bytes others)
{
    read_all(owner, reason);
    read_all(owner, others);
    link_client_goaway(enter(owner)->link, reason);
}

static void
on_share(void *owner, struct bytes name, struct bytes content)
{
    read_all(owner, name);
    read_all(owner, content);
    link_client_share(enter(owner)->link, name, content);
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

static const struct link_client_handler handler = {
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
    .on_credit = on_credit,
    .on_goaway = on_goaway,
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
        link_client_receive(harness->link, part);
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
    struct harness harness = {.has_failed = false};
    const struct link_identity self = {.name = BYTES("web01"), .software = BYTES("fuzz")};
    clock_init_virtual(&harness.clock, 1000, 0);
    timers_init(&harness.timers, &harness.clock);
    log_init(&harness.log, LOG_DEBUG, drop_line, NULL);
    fake_sink_init(&harness.sink);
    if (link_client_new(&harness.sink.sink, &harness.timers, &harness.log, &self, &handler,
                        &harness, &harness.link) == STATUS_OK) {
        feed(&harness, bytes_from(data + 1, size - 1), (size_t)data[0] + 1);

        struct envelope_decoder decoder;
        struct envelope envelope;
        struct bytes sent = fake_sink_written(&harness.sink);
        envelope_decoder_init(&decoder, ENVELOPE_PAYLOAD_MAX_BYTES);
        while (sent.length > 0) {
            require(envelope_decode(&decoder, &sent, &envelope) == STATUS_OK);
        }
        envelope_decoder_deinit(&decoder);
        link_client_free(harness.link);
    }
    require(harness.sink.late_write_count == 0);
    fake_sink_deinit(&harness.sink);
    timers_deinit(&harness.timers);
    return 0;
}
