/* SPDX-License-Identifier: MIT */
#include "tests/unit/websocket/websocket_frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/websocket/websocket_mask.h"
#include "tests/support/hex.h"

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

void
websocket_frames_append(struct buffer *out, uint8_t first, struct bytes payload)
{
    /* Begin with a server's header, and make it a client's. */
    uint8_t header[WEBSOCKET_HEADER_MAX_BYTES];
    size_t header_length = websocket_encode_header(WEBSOCKET_TEXT, payload.length, header);
    header[0] = first;
    header[1] |= 0x80;
    buffer_append(out, bytes_from(header, header_length));
    buffer_append(out, bytes_from(mask, sizeof(mask)));
    size_t at = out->length;
    buffer_append(out, payload);
    assert_status(out->status, STATUS_OK);
    if (payload.length > 0) {
        websocket_mask(out->data + at, payload.length, mask, 0);
    }
}

/* \xNN become bytes. */
static void
unescape(struct bytes text, struct buffer *out)
{
    for (size_t i = 0; i < text.length; i++) {
        if (bytes_starts_with(bytes_after(text, i), BYTES("\\x"))) {
            uint64_t value;
            assert_status(bytes_parse_hex(bytes_slice(text, i + 2, 2), &value), STATUS_OK);
            buffer_append_byte(out, (uint8_t)value);
            i += 3;
        } else {
            buffer_append_byte(out, text.data[i]);
        }
    }
}

/* "1000,bye" becomes the payload of a close frame; anything that is no number is taken as it is. */
static void
build_close(struct bytes text, struct buffer *out)
{
    uint64_t code;
    size_t comma = bytes_find(text, ',');
    if (bytes_parse_uint64(bytes_slice(text, 0, comma), &code) != STATUS_OK) {
        unescape(text, out);
        return;
    }
    buffer_append_u16(out, (uint16_t)code);
    unescape((comma == SIZE_MAX) ? BYTES("") : bytes_after(text, comma + 1), out);
}

static uint8_t
opcode_of(uint8_t letter)
{
    switch (letter) {
    case 't':
        return WEBSOCKET_TEXT;
    case 'b':
        return WEBSOCKET_BINARY;
    case 'c':
        return WEBSOCKET_CONTINUATION;
    case 'p':
        return WEBSOCKET_PING;
    case 'q':
        return WEBSOCKET_PONG;
    case 'x':
        return WEBSOCKET_CLOSE;
    default:
        fail_msg("'%c' is no kind of frame", letter);
        return 0;
    }
}

static void
build_one(struct bytes word, struct buffer *out)
{
    struct buffer payload;
    if (bytes_starts_with(word, BYTES("="))) {
        char *hex = bytes_duplicate(bytes_after(word, 1));
        assert_non_null(hex);
        (void)hex_decode(hex, out);
        free(hex);
        return;
    }
    uint8_t opcode = opcode_of(word.data[0]);
    bool is_final = (word.data[1] != '-');
    struct bytes text = bytes_after(word, bytes_find(word, ':') + 1);
    buffer_init(&payload, SIZE_MAX);
    if (opcode == WEBSOCKET_CLOSE) {
        build_close(text, &payload);
    } else {
        unescape(text, &payload);
    }
    websocket_frames_append(out, (uint8_t)(opcode | (is_final ? 0x80 : 0)), buffer_bytes(&payload));
    buffer_deinit(&payload);
}

void
websocket_frames_build(const char *script, struct buffer *out)
{
    struct bytes rest = bytes_from_string(script);
    struct bytes word;
    while (bytes_split(&rest, ' ', &word)) {
        if (word.length > 0) {
            build_one(word, out);
        }
    }
}

static void
describe(const struct websocket_message *message, struct buffer *out)
{
    static const char *const names[] = {
        [WEBSOCKET_TEXT] = "text", [WEBSOCKET_BINARY] = "binary", [WEBSOCKET_CLOSE] = "close",
        [WEBSOCKET_PING] = "ping", [WEBSOCKET_PONG] = "pong",
    };
    buffer_append_format(out, "%s ", names[message->opcode]);
    if (message->opcode == WEBSOCKET_CLOSE) {
        buffer_append_format(out, "%u ", (unsigned)message->close_code);
    }
    for (size_t i = 0; i < message->payload.length; i++) {
        uint8_t byte = message->payload.data[i];
        if (byte >= ' ' && byte < 0x7F) {
            buffer_append_byte(out, byte);
        } else {
            buffer_append_format(out, "\\x%02X", byte);
        }
    }
    buffer_append_byte(out, '\n');
}

/* False when the decoder is dead. */
static bool
feed(struct websocket_decoder *decoder, struct bytes input, struct buffer *out)
{
    struct websocket_message message;
    for (;;) {
        enum status status = websocket_decode(decoder, &input, &message);
        if (status == STATUS_OK) {
            describe(&message, out);
            continue;
        }
        if (status == STATUS_NEED_MORE) {
            assert_int_equal(input.length, 0);
            return true;
        }
        assert_status(status, (decoder->failure_code == 1009) ? STATUS_LIMIT : STATUS_PROTOCOL);
        assert_status(websocket_decode(decoder, &input, &message), status); /* and stays dead */
        buffer_append_format(out, "dead %u\n", (unsigned)decoder->failure_code);
        return false;
    }
}

void
websocket_frames_decode(struct bytes frames, size_t message_max_bytes, size_t chunk_bytes,
                        struct buffer *out)
{
    struct websocket_decoder decoder;
    bool is_alive = true;
    websocket_decoder_init(&decoder, message_max_bytes);
    while (frames.length > 0 && is_alive) {
        struct bytes part = bytes_slice(frames, 0, chunk_bytes);
        uint8_t *copy = malloc(part.length); /* exact, so that AddressSanitizer sees more */
        assert_non_null(copy);
        memcpy(copy, part.data, part.length);
        is_alive = feed(&decoder, bytes_from(copy, part.length), out);
        free(copy);
        frames = bytes_after(frames, part.length);
    }
    assert_status(out->status, STATUS_OK);
    websocket_decoder_deinit(&decoder);
}
