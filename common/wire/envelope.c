/* SPDX-License-Identifier: MIT */
#include "common/wire/envelope.h"

#include <assert.h>

/* A pending buffer that grew beyond this for one large envelope is given back after it. */
enum { ENVELOPE_PENDING_KEEP_BYTES = 64 * 1024 };

void
envelope_write_header(const struct envelope *envelope, size_t payload_length,
                      uint8_t out[ENVELOPE_HEADER_BYTES])
{
    assert(payload_length <= ENVELOPE_PAYLOAD_MAX_BYTES);
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(payload_length >> (24 - 8 * i));
        out[8 + i] = (uint8_t)(envelope->request >> (24 - 8 * i));
    }
    out[4] = (uint8_t)envelope->kind;
    out[5] = envelope->flags;
    out[6] = (uint8_t)(envelope->app >> 8);
    out[7] = (uint8_t)envelope->app;
    for (int i = 0; i < 8; i++) {
        out[12 + i] = (uint8_t)(envelope->number >> (56 - 8 * i));
    }
}

enum status
envelope_encode_header(const struct envelope *envelope, size_t payload_length, struct buffer *out)
{
    if (payload_length > ENVELOPE_PAYLOAD_MAX_BYTES) {
        return STATUS_LIMIT;
    }
    uint8_t header[ENVELOPE_HEADER_BYTES];
    envelope_write_header(envelope, payload_length, header);
    return buffer_append(out, bytes_from(header, sizeof(header)));
}

enum status
envelope_encode(const struct envelope *envelope, struct buffer *out)
{
    size_t payload_length = envelope->payload.length;
    if (payload_length > ENVELOPE_PAYLOAD_MAX_BYTES) {
        return STATUS_LIMIT;
    }
    /* One reservation, so that a failure leaves no header behind. */
    uint8_t *place = buffer_reserve(out, ENVELOPE_HEADER_BYTES + payload_length);
    if (place == NULL) {
        return out->status;
    }
    envelope_write_header(envelope, payload_length, place);
    buffer_commit(out, ENVELOPE_HEADER_BYTES);
    return buffer_append(out, envelope->payload);
}

bool
envelope_kind_is_known(enum envelope_kind kind)
{
    switch (kind) {
#define ENVELOPE_KIND(name, value, sentence) \
    case ENVELOPE_##name:                    \
        return true;
#include "common/wire/envelope_kind.def"
#undef ENVELOPE_KIND
    }
    return false;
}

const char *
envelope_kind_name(enum envelope_kind kind)
{
    switch (kind) {
#define ENVELOPE_KIND(name, value, sentence) \
    case ENVELOPE_##name:                    \
        return #name;
#include "common/wire/envelope_kind.def"
#undef ENVELOPE_KIND
    }
    return "UNKNOWN";
}

void
envelope_decoder_init(struct envelope_decoder *decoder, size_t payload_max_bytes)
{
    assert(payload_max_bytes <= ENVELOPE_PAYLOAD_MAX_BYTES);
    buffer_init(&decoder->pending, ENVELOPE_HEADER_BYTES + payload_max_bytes);
    decoder->payload_max_bytes = payload_max_bytes;
    decoder->failure = STATUS_OK;
    decoder->failed_kind = 0;
}

void
envelope_decoder_deinit(struct envelope_decoder *decoder)
{
    buffer_deinit(&decoder->pending);
}

static enum status
fail(struct envelope_decoder *decoder, enum status status)
{
    decoder->failure = status;
    return status;
}

/* Read the header at the front of ${bytes}; OK, or the decoder is dead. */
static enum status
read_header(struct envelope_decoder *decoder, struct bytes bytes, struct envelope *out,
            size_t *payload_length)
{
    struct bytes_reader reader = bytes_reader_from(bytes);
    *payload_length = bytes_read_u32(&reader);
    out->kind = (enum envelope_kind)bytes_read_u8(&reader);
    out->flags = bytes_read_u8(&reader);
    out->app = bytes_read_u16(&reader);
    out->request = bytes_read_u32(&reader);
    out->number = bytes_read_u64(&reader);
    assert(!reader.is_short);
    bool is_bad_kind =
        !envelope_kind_is_known(out->kind) && (out->flags & ENVELOPE_FLAG_OPTIONAL) == 0;
    bool is_too_long = *payload_length > decoder->payload_max_bytes;
    if (is_bad_kind || is_too_long) {
        decoder->failed_kind = (uint8_t)out->kind;
        return fail(decoder, is_bad_kind ? STATUS_PROTOCOL : STATUS_LIMIT);
    }
    return STATUS_OK;
}

/* Move up to what is missing to ${wanted} pending bytes; true when they are there. */
static enum status
gather(struct envelope_decoder *decoder, struct bytes *input, size_t wanted)
{
    size_t missing = wanted - decoder->pending.length;
    struct bytes part = bytes_slice(*input, 0, missing);
    enum status status = buffer_append(&decoder->pending, part);
    if (status != STATUS_OK) {
        return fail(decoder, status);
    }
    *input = bytes_after(*input, part.length);
    return (part.length == missing) ? STATUS_OK : STATUS_NEED_MORE;
}

/* The last envelope was returned out of the pending buffer: its bytes have served. */
static void
drop_returned(struct envelope_decoder *decoder)
{
    struct buffer *pending = &decoder->pending;
    if (pending->length < ENVELOPE_HEADER_BYTES) {
        return;
    }
    struct bytes_reader reader = bytes_reader_from(buffer_bytes(pending));
    if (pending->length < ENVELOPE_HEADER_BYTES + (size_t)bytes_read_u32(&reader)) {
        return;
    }
    if (pending->capacity > ENVELOPE_PENDING_KEEP_BYTES) {
        buffer_deinit(pending);
    } else {
        buffer_clear(pending);
    }
}

/* An envelope that began in an earlier input. */
static enum status
decode_pending(struct envelope_decoder *decoder, struct bytes *input, struct envelope *out)
{
    enum status status = STATUS_OK;
    if (decoder->pending.length < ENVELOPE_HEADER_BYTES) {
        status = gather(decoder, input, ENVELOPE_HEADER_BYTES);
        if (status != STATUS_OK) {
            return status;
        }
    }
    size_t payload_length;
    status = read_header(decoder, buffer_bytes(&decoder->pending), out, &payload_length);
    if (status != STATUS_OK) {
        return status;
    }
    status = gather(decoder, input, ENVELOPE_HEADER_BYTES + payload_length);
    if (status == STATUS_OK) {
        out->payload = bytes_after(buffer_bytes(&decoder->pending), ENVELOPE_HEADER_BYTES);
    }
    return status;
}

enum status
envelope_decode(struct envelope_decoder *decoder, struct bytes *input, struct envelope *out)
{
    if (decoder->failure != STATUS_OK) {
        return decoder->failure;
    }
    drop_returned(decoder);
    if (decoder->pending.length > 0) {
        return decode_pending(decoder, input, out);
    }
    if (input->length >= ENVELOPE_HEADER_BYTES) {
        size_t payload_length;
        enum status status = read_header(decoder, *input, out, &payload_length);
        if (status != STATUS_OK) {
            return status;
        }
        if (input->length - ENVELOPE_HEADER_BYTES >= payload_length) {
            out->payload = bytes_slice(*input, ENVELOPE_HEADER_BYTES, payload_length);
            *input = bytes_after(*input, ENVELOPE_HEADER_BYTES + payload_length);
            return STATUS_OK;
        }
    }
    /* Less than an envelope is left; the header, if whole, is checked and no more than it wants. */
    if (buffer_append(&decoder->pending, *input) != STATUS_OK) {
        return fail(decoder, decoder->pending.status);
    }
    *input = bytes_after(*input, input->length);
    return STATUS_NEED_MORE;
}
