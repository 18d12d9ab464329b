/* SPDX-License-Identifier: MIT */
/* websocket_codec: RFC 6455 frames, without I/O: an incremental decoder of client frames, an encoder of server frames. */
#ifndef HUBPLANE_SERVICE_WEBSOCKET_CODEC_H
#define HUBPLANE_SERVICE_WEBSOCKET_CODEC_H

#include "common/base/bytes.h"

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0x0,
    WEBSOCKET_TEXT = 0x1,
    WEBSOCKET_BINARY = 0x2,
    WEBSOCKET_CLOSE = 0x8,
    WEBSOCKET_PING = 0x9,
    WEBSOCKET_PONG = 0xA,
};

enum { WEBSOCKET_HEADER_MAX_BYTES = 10 };

/** Write a server frame header (FIN, unmasked) to ${out}; returns its length, 2 to 10. */
size_t websocket_encode_header(enum websocket_opcode opcode, size_t payload_length,
                               uint8_t out[WEBSOCKET_HEADER_MAX_BYTES]);

/* What the decoder found. */
struct websocket_message {
    enum websocket_opcode opcode; /* TEXT, BINARY (reassembled), CLOSE, PING, PONG */
    struct bytes payload;         /* unmasked; lives until the next call on the decoder */
    uint16_t close_code;          /* CLOSE: 0 when absent */
};

struct websocket_decoder {
    size_t message_max_bytes;
    struct buffer message; /* a message of several frames or chunks; without memory while idle */
    struct buffer control;
    uint64_t frame_remaining;
    uint8_t header[14];
    uint8_t header_length;
    uint8_t mask[4];
    uint8_t mask_offset;
    uint8_t opcode;         /* of the frame being read */
    uint8_t message_opcode; /* of the message being reassembled; 0 = none */
    uint8_t state;
    bool is_final;
    bool is_dead;
    uint16_t failure_code;  /* why it died: 1002, 1007, 1009 */
    uint32_t utf8_state;    /* incremental validation of text */
};

void websocket_decoder_init(struct websocket_decoder *decoder, size_t message_max_bytes);
void websocket_decoder_deinit(struct websocket_decoder *decoder);
/**
 * websocket_decode(decoder, input, out):
 * Consume ${input} until one message is whole or the input runs out. ${input} may be unmasked in place: it is the caller's buffer.
 *   Returns:  OK - ${out} is filled;  NEED_MORE - all input consumed;  PROTOCOL, LIMIT - dead; failure_code says what to close with.
 */
MUST_CHECK enum status websocket_decode(struct websocket_decoder *decoder, struct bytes *input,
                                        struct websocket_message *out);

#endif
