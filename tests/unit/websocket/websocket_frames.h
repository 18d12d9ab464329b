/* SPDX-License-Identifier: MIT */
/* websocket_frames: client frames as tests write them, and what a decoder makes of them as text. */
#ifndef HUBPLANE_TESTS_UNIT_WEBSOCKET_FRAMES_H
#define HUBPLANE_TESTS_UNIT_WEBSOCKET_FRAMES_H

#include "service/websocket/websocket_codec.h"
#include "tests/support/test.h"

/** Append a masked frame; ${first} is its first byte: FIN, RSV, opcode. */
void websocket_frames_append(struct buffer *out, uint8_t first, struct bytes payload);
/**
 * websocket_frames_build(script, out):
 * Append the frames that ${script} spells, separated by blanks:
 *   "t:Hello" text, "b:" binary, "c:" continuation, each with FIN unless a '-' follows the letter
 * ("t-:Hel c:lo"); "p:" ping, "q:" pong, "x:" close; payloads may hold \xNN; "x:1000" and
 * "x:1000,bye" spell a code;
 *   "=82 85 ..." without blanks: raw bytes in hex ("=8180").
 */
void websocket_frames_build(const char *script, struct buffer *out);
/**
 * websocket_frames_decode(frames, message_max_bytes, chunk_bytes, out):
 * Feed ${frames} in chunks, and append a line for each message to ${out}: "text Hello", "ping x",
 * "close 1000 bye", and at the end of a decoder that died "dead 1002". Other bytes than printable
 * ASCII are written as \xNN.
 */
void websocket_frames_decode(struct bytes frames, size_t message_max_bytes, size_t chunk_bytes,
                             struct buffer *out);

#endif
