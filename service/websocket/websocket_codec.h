/* SPDX-License-Identifier: MIT */
/* websocket_codec: RFC 6455 frames, without I/O: an incremental decoder of client frames, an
 * encoder of server frames. */
#ifndef HUBPLANE_SERVICE_WEBSOCKET_CODEC_H
#define HUBPLANE_SERVICE_WEBSOCKET_CODEC_H

#include "common/base/bytes.h"
#include "service/websocket/websocket_utf8.h"

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0x0,
    WEBSOCKET_TEXT = 0x1,
    WEBSOCKET_BINARY = 0x2,
    WEBSOCKET_CLOSE = 0x8,
    WEBSOCKET_PING = 0x9,
    WEBSOCKET_PONG = 0xA,
};

enum {
    WEBSOCKET_HEADER_MAX_BYTES = 10,        /* of a server: unmasked */
    WEBSOCKET_CLIENT_HEADER_MAX_BYTES = 14, /* of a client: with its mask */
    WEBSOCKET_CONTROL_MAX_BYTES = 125,
};

/** Write a server frame header (FIN, unmasked) to ${out}; returns its length, 2 to 10. */
size_t websocket_encode_header(enum websocket_opcode opcode, size_t payload_length,
                               uint8_t out[WEBSOCKET_HEADER_MAX_BYTES]);

/* What the decoder found. */
struct websocket_message {
    enum websocket_opcode opcode; /* TEXT, BINARY (reassembled), CLOSE, PING, PONG */
    struct bytes
        payload; /* unmasked; lives until the next call on the decoder or the end of the input */
    uint16_t close_code; /* CLOSE: 0 when absent */
};

struct websocket_decoder {
    size_t message_max_bytes;
    struct buffer message;    /* a message of several frames or reads; without memory while idle */
    uint8_t *control;         /* a control frame of several reads; NULL while idle */
    uint64_t frame_remaining; /* payload bytes of the present frame still to come */
    uint8_t header[WEBSOCKET_CLIENT_HEADER_MAX_BYTES];
    uint8_t header_length;
    uint8_t mask[4];
    uint8_t mask_offset;    /* of the next payload byte, 0 to 3 */
    uint8_t control_length; /* bytes in ${control} */
    uint8_t state;          /* enum decoder_state in websocket_codec.c */
    uint8_t opcode;         /* of the present frame */
    uint8_t message_opcode; /* TEXT or BINARY while a message is being read; 0 = none */
    bool is_final;          /* FIN of the present frame */
    struct websocket_utf8 utf8;
    uint16_t failure_code; /* why it died: 1002, 1007, 1009, 1011 (out of memory) */
};

void websocket_decoder_init(struct websocket_decoder *decoder, size_t message_max_bytes);
void websocket_decoder_deinit(struct websocket_decoder *decoder);
/**
 * websocket_decode(decoder, input, out):
 * Consume ${input} until one message is whole or the input runs out.
 *   Shape:    RFC 6455 section 5.2; frames of a client, so masked; no extensions.
 *   Units:    message_max_bytes counts payload bytes of a message; one that is declared or grows
 *             larger is refused.
 *   Owns:     ${input} is advanced, and what it views is unmasked IN PLACE, although the view says
 *             const: it must be writable memory that nobody reads again, such as a stream's read
 *             buffer. A message that lies whole in one frame and one input is not copied:
 *             ${out}->payload then points into ${input}.
 *   Returns:  OK - ${out} is filled;  NEED_MORE - all input consumed;
 *             PROTOCOL, LIMIT, NO_MEMORY - dead; failure_code says what to close with.
 *   Source:   RFC 6455; fuzzed by tests/fuzz/fuzz_websocket_decode.c.
 */
MUST_CHECK enum status websocket_decode(struct websocket_decoder *decoder, struct bytes *input,
                                        struct websocket_message *out);

#endif
