/* SPDX-License-Identifier: MIT */
#include "service/websocket/websocket_codec.h"

#include <stdlib.h>
#include <string.h>

#include "service/websocket/websocket.h"
#include "service/websocket/websocket_mask.h"

enum { FIN_BIT = 0x80, RSV_BITS = 0x70, OPCODE_BITS = 0x0F, MASK_BIT = 0x80, LENGTH_BITS = 0x7F };
enum { LENGTH_IS_16_BIT = 126, LENGTH_IS_64_BIT = 127, START_BYTES = 2, MASK_BYTES = 4 };

enum decoder_state {
    DECODER_HEADER,  /* between frames, or inside a frame header */
    DECODER_DATA,    /* inside the payload of a text, binary or continuation frame */
    DECODER_CONTROL, /* inside the payload of a close, ping or pong frame */
    DECODER_DEAD,    /* after an error; nothing is read any more */
};

enum step {
    STEP_AGAIN,     /* the state has changed: let the new one go on */
    STEP_MESSAGE,   /* a message is whole */
    STEP_NEED_MORE, /* the input ran out */
    STEP_FAILED,    /* failure_code says why */
};

size_t
websocket_encode_header(enum websocket_opcode opcode, size_t payload_length,
                        uint8_t out[WEBSOCKET_HEADER_MAX_BYTES])
{
    out[0] = (uint8_t)(FIN_BIT | (unsigned)opcode);
    if (payload_length < LENGTH_IS_16_BIT) {
        out[1] = (uint8_t)payload_length;
        return 2;
    }
    size_t length_bytes = (payload_length <= UINT16_MAX) ? 2 : 8;
    out[1] = (length_bytes == 2) ? LENGTH_IS_16_BIT : LENGTH_IS_64_BIT;
    uint64_t rest = payload_length;
    for (size_t i = length_bytes; i > 0; i--, rest >>= 8) {
        out[1 + i] = (uint8_t)rest;
    }
    return 2 + length_bytes;
}

void
websocket_decoder_init(struct websocket_decoder *decoder, size_t message_max_bytes)
{
    *decoder =
        (struct websocket_decoder){.message_max_bytes = message_max_bytes, .state = DECODER_HEADER};
    buffer_init(&decoder->message, message_max_bytes);
}

static void
free_control(struct websocket_decoder *decoder)
{
    free(decoder->control);
    decoder->control = NULL;
    decoder->control_length = 0;
}

void
websocket_decoder_deinit(struct websocket_decoder *decoder)
{
    buffer_deinit(&decoder->message);
    free_control(decoder);
}

static enum step
fail(struct websocket_decoder *decoder, enum websocket_close_code code)
{
    decoder->state = DECODER_DEAD;
    decoder->failure_code = (uint16_t)code;
    return STEP_FAILED;
}

/* The one place where const is cast away: websocket_decode() tells its callers that the input is
 * overwritten. */
static uint8_t *
writable(struct bytes input)
{
    return (uint8_t *)(uintptr_t)input.data;
}

static bool
is_control(uint8_t opcode)
{
    return (opcode & 0x8) != 0;
}

/* Take up to ${wanted} bytes off ${input}. */
static struct bytes
take(struct bytes *input, uint64_t wanted)
{
    struct bytes taken =
        bytes_slice(*input, 0, (wanted < input->length) ? (size_t)wanted : SIZE_MAX);
    *input = bytes_after(*input, taken.length);
    return taken;
}

static void
unmask(struct websocket_decoder *decoder, uint8_t *data, size_t length)
{
    websocket_mask(data, length, decoder->mask, decoder->mask_offset);
    decoder->mask_offset = (uint8_t)((decoder->mask_offset + length) & 3);
    decoder->frame_remaining -= length;
}

/* ---- header -------------------------------------------------------------------------- */

/* As far as it is known: two bytes tell the rest. */
static size_t
header_size(const struct websocket_decoder *decoder)
{
    if (decoder->header_length < START_BYTES) {
        return START_BYTES;
    }
    uint8_t length = decoder->header[1] & LENGTH_BITS;
    size_t extended = (length == LENGTH_IS_64_BIT) ? 8 : (length == LENGTH_IS_16_BIT) ? 2 : 0;
    return START_BYTES + extended + MASK_BYTES;
}

/* Whether a frame may begin like this, here: known opcode, masked, fragments in their order
 * (sections 5.1 to 5.5). */
static bool
is_legal_start(const struct websocket_decoder *decoder)
{
    uint8_t first = decoder->header[0];
    uint8_t second = decoder->header[1];
    uint8_t opcode = first & OPCODE_BITS;
    if ((first & RSV_BITS) != 0 || (second & MASK_BIT) == 0) {
        return false;
    }
    switch (opcode) {
    case WEBSOCKET_CONTINUATION:
        return decoder->message_opcode != 0;
    case WEBSOCKET_TEXT:
    case WEBSOCKET_BINARY:
        return decoder->message_opcode == 0;
    case WEBSOCKET_CLOSE:
    case WEBSOCKET_PING:
    case WEBSOCKET_PONG:
        return (first & FIN_BIT) != 0 && (second & LENGTH_BITS) <= WEBSOCKET_CONTROL_MAX_BYTES;
    default:
        return false;
    }
}

/* False when the length is not in its shortest form, or has its highest bit set (section 5.2). */
static bool
read_length(const struct websocket_decoder *decoder, uint64_t *length)
{
    size_t extended = decoder->header_length - START_BYTES - MASK_BYTES;
    if (extended == 0) {
        *length = decoder->header[1] & LENGTH_BITS;
        return true;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < extended; i++) {
        value = (value << 8) | decoder->header[START_BYTES + i];
    }
    *length = value;
    return (extended == 2) ? value >= LENGTH_IS_16_BIT : value > UINT16_MAX && value <= INT64_MAX;
}

static enum step
begin_frame(struct websocket_decoder *decoder)
{
    uint64_t length;
    if (!read_length(decoder, &length)) {
        return fail(decoder, WEBSOCKET_CLOSE_PROTOCOL);
    }
    memcpy(decoder->mask, decoder->header + decoder->header_length - MASK_BYTES, MASK_BYTES);
    decoder->mask_offset = 0;
    decoder->frame_remaining = length;
    decoder->opcode = decoder->header[0] & OPCODE_BITS;
    decoder->is_final = (decoder->header[0] & FIN_BIT) != 0;
    decoder->header_length = 0;
    if (is_control(decoder->opcode)) {
        decoder->state = DECODER_CONTROL;
        return STEP_AGAIN;
    }
    /* Refused when it is announced, before a byte of it is stored. */
    if (length > decoder->message_max_bytes - decoder->message.length) {
        return fail(decoder, WEBSOCKET_CLOSE_TOO_BIG);
    }
    if (decoder->opcode != WEBSOCKET_CONTINUATION) {
        decoder->message_opcode = decoder->opcode;
        decoder->utf8 = (struct websocket_utf8){0};
    }
    decoder->state = DECODER_DATA;
    return STEP_AGAIN;
}

static enum step
read_header(struct websocket_decoder *decoder, struct bytes *input, struct websocket_message *out)
{
    (void)out;
    while (decoder->header_length < header_size(decoder)) {
        struct bytes part = take(input, header_size(decoder) - decoder->header_length);
        if (part.length == 0) {
            return STEP_NEED_MORE;
        }
        memcpy(decoder->header + decoder->header_length, part.data, part.length);
        decoder->header_length = (uint8_t)(decoder->header_length + part.length);
        if (decoder->header_length == START_BYTES && !is_legal_start(decoder)) {
            return fail(decoder, WEBSOCKET_CLOSE_PROTOCOL);
        }
    }
    return begin_frame(decoder);
}

/* ---- text and binary ----------------------------------------------------------------- */

static bool
is_valid_so_far(struct websocket_decoder *decoder, struct bytes payload)
{
    return decoder->message_opcode != WEBSOCKET_TEXT ||
           websocket_utf8_feed(&decoder->utf8, payload);
}

static enum step
deliver(struct websocket_decoder *decoder, struct bytes payload, struct websocket_message *out)
{
    if (decoder->message_opcode == WEBSOCKET_TEXT && !websocket_utf8_is_complete(&decoder->utf8)) {
        return fail(decoder, WEBSOCKET_CLOSE_INVALID_TEXT);
    }
    *out = (struct websocket_message){.opcode = (enum websocket_opcode)decoder->message_opcode,
                                      .payload = payload};
    decoder->message_opcode = 0;
    decoder->state = DECODER_HEADER;
    return STEP_MESSAGE;
}

/* The usual case: a message of one frame which has arrived whole. Nothing is copied. */
static enum step
read_whole_message(struct websocket_decoder *decoder, struct bytes *input,
                   struct websocket_message *out)
{
    struct bytes payload = take(input, decoder->frame_remaining);
    unmask(decoder, writable(payload), payload.length);
    if (!is_valid_so_far(decoder, payload)) {
        return fail(decoder, WEBSOCKET_CLOSE_INVALID_TEXT);
    }
    return deliver(decoder, payload, out);
}

static enum step
store_part(struct websocket_decoder *decoder, struct bytes part)
{
    size_t at = decoder->message.length;
    if (buffer_append(&decoder->message, part) != STATUS_OK) {
        return fail(decoder, WEBSOCKET_CLOSE_INTERNAL);
    }
    unmask(decoder, decoder->message.data + at, part.length);
    if (!is_valid_so_far(decoder, bytes_after(buffer_bytes(&decoder->message), at))) {
        return fail(decoder, WEBSOCKET_CLOSE_INVALID_TEXT);
    }
    return STEP_AGAIN;
}

static enum step
read_data(struct websocket_decoder *decoder, struct bytes *input, struct websocket_message *out)
{
    /* With nothing stored, the present frame is the whole message and none of it has been read yet.
     */
    if (decoder->is_final && decoder->message.length == 0 &&
        decoder->frame_remaining <= input->length) {
        return read_whole_message(decoder, input, out);
    }
    struct bytes part = take(input, decoder->frame_remaining);
    if (part.length > 0 && store_part(decoder, part) == STEP_FAILED) {
        return STEP_FAILED;
    }
    if (decoder->frame_remaining > 0) {
        return STEP_NEED_MORE;
    }
    if (decoder->is_final) {
        return deliver(decoder, buffer_bytes(&decoder->message), out);
    }
    decoder->state = DECODER_HEADER;
    return STEP_AGAIN;
}

/* ---- close, ping, pong --------------------------------------------------------------- */

/* Section 7.4: what may stand on the wire. 1004 to 1006 and 1015 never do; 1012 to 1014 are
 * registered with IANA. */
static bool
is_legal_close_code(uint16_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static enum step
deliver_close(struct websocket_decoder *decoder, struct websocket_message *out)
{
    struct bytes payload = out->payload;
    if (payload.length == 0) {
        return STEP_MESSAGE;
    }
    struct bytes_reader reader = bytes_reader_from(payload);
    out->close_code = bytes_read_u16(&reader);
    if (reader.is_short || !is_legal_close_code(out->close_code)) {
        return fail(decoder, WEBSOCKET_CLOSE_PROTOCOL);
    }
    out->payload = reader.rest;
    return bytes_is_utf8(reader.rest) ? STEP_MESSAGE : fail(decoder, WEBSOCKET_CLOSE_INVALID_TEXT);
}

static enum step
deliver_control(struct websocket_decoder *decoder, struct bytes payload,
                struct websocket_message *out)
{
    *out = (struct websocket_message){.opcode = (enum websocket_opcode)decoder->opcode,
                                      .payload = payload};
    decoder->state = DECODER_HEADER;
    return (decoder->opcode == WEBSOCKET_CLOSE) ? deliver_close(decoder, out) : STEP_MESSAGE;
}

static enum step
read_control(struct websocket_decoder *decoder, struct bytes *input, struct websocket_message *out)
{
    if (decoder->control == NULL && decoder->frame_remaining <= input->length) {
        struct bytes payload = take(input, decoder->frame_remaining);
        unmask(decoder, writable(payload), payload.length);
        return deliver_control(decoder, payload, out);
    }
    if (decoder->control == NULL) {
        decoder->control = malloc(WEBSOCKET_CONTROL_MAX_BYTES);
        if (decoder->control == NULL) {
            return fail(decoder, WEBSOCKET_CLOSE_INTERNAL);
        }
    }
    struct bytes part = take(input, decoder->frame_remaining);
    if (part.length > 0) {
        uint8_t *stored = decoder->control + decoder->control_length;
        memcpy(stored, part.data, part.length);
        unmask(decoder, stored, part.length);
        decoder->control_length = (uint8_t)(decoder->control_length + part.length);
    }
    if (decoder->frame_remaining > 0) {
        return STEP_NEED_MORE;
    }
    return deliver_control(decoder, bytes_from(decoder->control, decoder->control_length), out);
}

/* ---- driver -------------------------------------------------------------------------- */

static enum step
stay_dead(struct websocket_decoder *decoder, struct bytes *input, struct websocket_message *out)
{
    (void)decoder;
    (void)input;
    (void)out;
    return STEP_FAILED;
}

typedef enum step (*step_fn)(struct websocket_decoder *decoder, struct bytes *input,
                             struct websocket_message *out);

static const step_fn steps[] = {
    [DECODER_HEADER] = read_header,
    [DECODER_DATA] = read_data,
    [DECODER_CONTROL] = read_control,
    [DECODER_DEAD] = stay_dead,
};

/* What the previous call handed out may go now, so that an idle decoder holds no memory. */
static void
release_delivered(struct websocket_decoder *decoder)
{
    if (decoder->message_opcode == 0) {
        buffer_deinit(&decoder->message);
    }
    if (decoder->state != DECODER_CONTROL && decoder->control != NULL) {
        free_control(decoder);
    }
}

static enum status
failure_status(const struct websocket_decoder *decoder)
{
    switch (decoder->failure_code) {
    case WEBSOCKET_CLOSE_TOO_BIG:
        return STATUS_LIMIT;
    case WEBSOCKET_CLOSE_INTERNAL:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_PROTOCOL;
    }
}

enum status
websocket_decode(struct websocket_decoder *decoder, struct bytes *input,
                 struct websocket_message *out)
{
    release_delivered(decoder);
    for (;;) {
        switch (steps[decoder->state](decoder, input, out)) {
        case STEP_AGAIN:
            break;
        case STEP_MESSAGE:
            return STATUS_OK;
        case STEP_NEED_MORE:
            return STATUS_NEED_MORE;
        case STEP_FAILED:
            return failure_status(decoder);
        }
    }
}
