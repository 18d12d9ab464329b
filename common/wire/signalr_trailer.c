/* SPDX-License-Identifier: MIT */
#include "common/wire/signalr_trailer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint8_t trailer_magic[4] = {0xf5, 'H', 'P', '1'};

bool
signalr_trailer_is_void(const struct signalr_trailer *trailer)
{
    static const uint8_t nobody[SIGNALR_INSTANCE_BYTES];
    return memcmp(trailer->instance, nobody, sizeof(nobody)) == 0;
}

enum status
signalr_trailer_encode(const struct signalr_trailer *trailer, struct buffer *out)
{
    bool is_void = signalr_trailer_is_void(trailer);
    if (is_void ? trailer->void_from > trailer->void_to : trailer->sequence == 0) {
        return STATUS_INVALID;
    }
    uint32_t length = is_void ? SIGNALR_TRAILER_VOID_BYTES : SIGNALR_TRAILER_BYTES;
    if (buffer_reserve(out, length) == NULL) {
        return out->status;
    }
    buffer_append(out, bytes_from(trailer_magic, sizeof(trailer_magic)));
    buffer_append_u32(out, length);
    buffer_append(out, bytes_from(trailer->instance, SIGNALR_INSTANCE_BYTES));
    if (!is_void) {
        return buffer_append_u64(out, trailer->sequence);
    }
    buffer_append_u64(out, trailer->void_from);
    return buffer_append_u64(out, trailer->void_to);
}

bool
signalr_trailer_decode(struct bytes bytes, struct signalr_trailer *out)
{
    struct bytes_reader reader = bytes_reader_from(bytes);
    struct bytes magic = bytes_read(&reader, sizeof(trailer_magic));
    uint32_t length = bytes_read_u32(&reader);
    struct bytes instance = bytes_read(&reader, SIGNALR_INSTANCE_BYTES);
    uint64_t number = bytes_read_u64(&reader);
    if (reader.is_short || !bytes_equal(magic, bytes_from(trailer_magic, sizeof(trailer_magic))) ||
        length < SIGNALR_TRAILER_BYTES || length > bytes.length) {
        return false;
    }
    struct signalr_trailer trailer = {.sequence = 0};
    assert(instance.data != NULL); /* the analyzer cannot see it */
    memcpy(trailer.instance, instance.data, SIGNALR_INSTANCE_BYTES);
    if (!signalr_trailer_is_void(&trailer)) {
        trailer.sequence = number;
        *out = trailer;
        return number != 0;
    }
    trailer.void_from = number;
    trailer.void_to = bytes_read_u64(&reader);
    *out = trailer;
    return length >= SIGNALR_TRAILER_VOID_BYTES && trailer.void_from <= trailer.void_to;
}

const char *
signalr_trailer_trace(const uint8_t instance[SIGNALR_INSTANCE_BYTES], uint64_t sequence,
                      char out[SIGNALR_TRACE_BYTES])
{
    snprintf(out, SIGNALR_TRACE_BYTES, "%02x%02x%02x%02x-%" PRIu64, instance[0], instance[1],
             instance[2], instance[3], sequence);
    return out;
}
