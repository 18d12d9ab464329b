/* SPDX-License-Identifier: MIT */
#include "tests/unit/websocket/websocket_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
note_text(void *owner, struct websocket *websocket, struct bytes text)
{
    struct websocket_peer *peer = owner;
    size_t length = strlen(peer->texts);
    assert_ptr_equal(websocket, peer->websocket);
    assert_true(length + text.length + 2 <= sizeof(peer->texts));
    snprintf(peer->texts + length, sizeof(peer->texts) - length, "%.*s\n", BYTES_PRINTF(text));
    if (peer->closes_on_text) {
        websocket_close(websocket, WEBSOCKET_CLOSE_NORMAL, "replaced");
    }
}

static void
note_drained(void *owner, struct websocket *websocket)
{
    struct websocket_peer *peer = owner;
    assert_ptr_equal(websocket, peer->websocket);
    peer->drained_count++;
}

static void
note_closed(void *owner, const char *reason)
{
    struct websocket_peer *peer = owner;
    peer->closed_count++;
    snprintf(peer->closed_reason, sizeof(peer->closed_reason), "%s", reason);
}

static const struct websocket_handler handler = {
    .on_text = note_text,
    .on_drained = note_drained,
    .on_closed = note_closed,
};

void
websocket_peer_init(struct websocket_peer *peer)
{
    *peer = (struct websocket_peer){.chunk_bytes = SIZE_MAX};
    clock_init_virtual(&peer->clock, 1000, 0);
    timers_init(&peer->timers, &peer->clock);
    fake_sink_init(&peer->fake);
    const struct websocket_options options = {
        .sink = &peer->fake.sink,
        .timers = &peer->timers,
        .handler = &handler,
        .owner = peer,
        .message_max_bytes = WEBSOCKET_PEER_MESSAGE_MAX_BYTES,
    };
    assert_status(websocket_new(&options, &peer->websocket), STATUS_OK);
}

void
websocket_peer_deinit(struct websocket_peer *peer)
{
    if (peer->websocket != NULL) {
        websocket_closed(peer->websocket, "test");
    }
    assert_int_equal(peer->timers.count, 0);
    assert_int_equal(peer->fake.late_write_count, 0);
    timers_deinit(&peer->timers);
    fake_sink_deinit(&peer->fake);
}

void
websocket_peer_send(struct websocket_peer *peer, const char *script)
{
    struct buffer frames;
    buffer_init(&frames, SIZE_MAX);
    websocket_frames_build(script, &frames);
    struct bytes rest = buffer_bytes(&frames);
    while (rest.length > 0) {
        struct bytes part = bytes_slice(rest, 0, peer->chunk_bytes);
        websocket_receive(peer->websocket, part);
        rest = bytes_after(rest, part.length);
    }
    buffer_deinit(&frames);
}

struct bytes
websocket_peer_take(struct websocket_peer *peer)
{
    struct bytes written = fake_sink_written(&peer->fake);
    fake_sink_clear(&peer->fake); /* keeps the memory */
    return written;
}

void
websocket_peer_advance(struct websocket_peer *peer, uint64_t delta_ms)
{
    clock_advance(&peer->clock, delta_ms);
    timers_run(&peer->timers);
}

void
websocket_peer_close(struct websocket_peer *peer, const char *reason)
{
    websocket_closed(peer->websocket, reason);
    peer->websocket = NULL;
}

void
websocket_peer_each_chunking(void (*scenario)(struct websocket_peer *peer))
{
    static const size_t chunks[] = {SIZE_MAX, 1, 2, 3, 7};
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        struct websocket_peer peer;
        websocket_peer_init(&peer);
        peer.chunk_bytes = chunks[i];
        scenario(&peer);
        websocket_peer_deinit(&peer);
    }
}
