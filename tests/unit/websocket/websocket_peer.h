/* SPDX-License-Identifier: MIT */
/* websocket_peer: one websocket between a fake client and a recording owner, in virtual time. */
#ifndef HUBPLANE_TESTS_UNIT_WEBSOCKET_PEER_H
#define HUBPLANE_TESTS_UNIT_WEBSOCKET_PEER_H

#include "service/websocket/websocket.h"
#include "tests/support/fake_sink.h"
#include "tests/unit/websocket/websocket_frames.h"

enum { WEBSOCKET_PEER_MESSAGE_MAX_BYTES = 64 };

struct websocket_peer {
    struct clock clock;
    struct timers timers;
    struct fake_sink fake;
    struct websocket *websocket; /* NULL once freed */
    size_t chunk_bytes;
    bool closes_on_text; /* the owner answers any text by closing */
    char texts[1024];    /* one line each */
    char closed_reason[64];
    size_t closed_count;
    size_t drained_count;
};

void websocket_peer_init(struct websocket_peer *peer);
void websocket_peer_deinit(struct websocket_peer *peer);
/** The frames of ${script} (see websocket_frames_build), in chunks. */
void websocket_peer_send(struct websocket_peer *peer, const char *script);
/** What was written to the client since the last call; lives until the next write. */
struct bytes websocket_peer_take(struct websocket_peer *peer);
void websocket_peer_advance(struct websocket_peer *peer, uint64_t delta_ms);
/** The sink reports its end. */
void websocket_peer_close(struct websocket_peer *peer, const char *reason);
void websocket_peer_each_chunking(void (*scenario)(struct websocket_peer *peer));

#endif
