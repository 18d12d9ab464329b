/* SPDX-License-Identifier: MIT */
#include "common/wire/signalr_message.h"

#include <assert.h>
#include <string.h>

/* DateTime.MaxValue.Ticks of .NET. */
static const int64_t ticks_max = INT64_C(3155378975999999999);

bool
signalr_message_is_command(const struct signalr_message *message)
{
    return message->command_id.length > 0;
}

bool
signalr_message_filter_any(const struct signalr_message *message,
                           bool (*matches)(void *context, struct bytes entry), void *context)
{
    struct bytes rest = message->filter;
    struct bytes entry;
    while (bytes_split(&rest, '|', &entry)) {
        if (entry.length > 0 && matches(context, entry)) {
            return true;
        }
    }
    return false;
}

/* ---- writing: .NET's BinaryWriter, little-endian ---- */

static size_t
text_size(struct bytes text)
{
    size_t size = 1 + text.length;
    for (size_t rest = text.length >> 7; rest > 0; rest >>= 7) {
        size++;
    }
    return size;
}

static uint8_t *
put_integer(uint8_t *place, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) {
        *place++ = (uint8_t)(value >> (8 * i));
    }
    return place;
}

static uint8_t *
put_bytes(uint8_t *place, struct bytes bytes)
{
    if (bytes.length > 0) {
        memcpy(place, bytes.data, bytes.length);
    }
    return place + bytes.length;
}

static uint8_t *
put_text(uint8_t *place, struct bytes text)
{
    size_t rest = text.length;
    while (rest >= 0x80) {
        *place++ = (uint8_t)(rest | 0x80);
        rest >>= 7;
    }
    *place++ = (uint8_t)rest;
    return put_bytes(place, text);
}

static bool
has_valid_texts(const struct signalr_message *message)
{
    return bytes_is_utf8(message->source) && bytes_is_utf8(message->topic) &&
           bytes_is_utf8(message->command_id) && bytes_is_utf8(message->filter);
}

static size_t
message_size(const struct signalr_message *message)
{
    return text_size(message->source) + text_size(message->topic) + 4 + message->value.length +
           text_size(message->command_id) + 1 + 1 + text_size(message->filter);
}

static uint8_t *
put_message(uint8_t *place, const struct signalr_message *message)
{
    place = put_text(place, message->source);
    place = put_text(place, message->topic);
    place = put_integer(place, message->value.length, 4);
    place = put_bytes(place, message->value);
    place = put_text(place, message->command_id);
    *place++ = message->waits_for_ack ? 1 : 0;
    *place++ = message->is_ack ? 1 : 0;
    return put_text(place, message->filter);
}

enum status
signalr_message_encode(const struct signalr_message *messages, size_t count, int64_t ticks,
                       struct buffer *out)
{
    if (ticks < 0 || ticks > ticks_max) {
        return STATUS_INVALID;
    }
    size_t body_length = 4 + 8;
    for (size_t i = 0; i < count; i++) {
        if (!has_valid_texts(&messages[i])) {
            return STATUS_INVALID;
        }
        body_length += message_size(&messages[i]);
        if (body_length > INT32_MAX || messages[i].value.length > INT32_MAX) {
            return STATUS_LIMIT;
        }
    }
    uint8_t *start = buffer_reserve(out, 4 + body_length);
    if (start == NULL) {
        return out->status;
    }
    uint8_t *place = put_integer(start, body_length, 4);
    place = put_integer(place, count, 4);
    for (size_t i = 0; i < count; i++) {
        place = put_message(place, &messages[i]);
    }
    place = put_integer(place, (uint64_t)ticks, 8);
    assert((size_t)(place - start) == 4 + body_length);
    buffer_commit(out, 4 + body_length);
    return STATUS_OK;
}

/* ---- reading: .NET's BinaryReader and its leniency ---- */

static uint64_t
take_integer(struct bytes_reader *reader, size_t width)
{
    struct bytes field = bytes_read(reader, width);
    uint64_t value = 0;
    for (size_t i = 0; i < field.length; i++) {
        value |= (uint64_t)field.data[i] << (8 * i);
    }
    return value;
}

/* An i32; every negative one becomes UINT32_MAX, which no frame is long enough for. */
static uint32_t
take_length(struct bytes_reader *reader)
{
    uint64_t value = take_integer(reader, 4);
    return (value > INT32_MAX) ? UINT32_MAX : (uint32_t)value;
}

/* At most five bytes, bits past the 32nd are lost, as .NET Framework reads it. */
static uint32_t
take_varint(struct bytes_reader *reader)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift <= 28; shift += 7) {
        uint8_t byte = bytes_read_u8(reader);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    reader->is_short = true;
    return 0;
}

static struct bytes
take_bytes(struct bytes_reader *reader, uint32_t length)
{
    if (length > INT32_MAX) {
        reader->is_short = true;
    }
    return bytes_read(reader, length);
}

static void
take_message(struct bytes_reader *reader, struct signalr_message *message)
{
    message->source = take_bytes(reader, take_varint(reader));
    message->topic = take_bytes(reader, take_varint(reader));
    message->value = take_bytes(reader, take_length(reader));
    message->command_id = take_bytes(reader, take_varint(reader));
    message->waits_for_ack = bytes_read_u8(reader) != 0;
    message->is_ack = bytes_read_u8(reader) != 0;
    message->filter = take_bytes(reader, take_varint(reader));
}

enum status
signalr_message_open(struct bytes frame, struct signalr_message_reader *reader)
{
    struct bytes_reader outer = bytes_reader_from(frame);
    struct bytes_reader body = bytes_reader_from(take_bytes(&outer, take_length(&outer)));
    uint32_t count = take_length(&body);
    struct signalr_message_reader opened = {
        .rest = body.rest,
        .remaining = (count > INT32_MAX) ? 0 : count,
        .trailer = outer.rest,
    };
    struct signalr_message ignored;
    for (uint32_t i = 0; i < opened.remaining && !body.is_short; i++) {
        take_message(&body, &ignored);
    }
    uint64_t ticks = take_integer(&body, 8);
    if (outer.is_short || body.is_short || ticks > (uint64_t)ticks_max) {
        return STATUS_PROTOCOL;
    }
    opened.ticks = (int64_t)ticks;
    *reader = opened;
    return STATUS_OK;
}

size_t
signalr_message_length(struct bytes frame)
{
    struct bytes_reader reader = bytes_reader_from(frame);
    size_t body_length = take_length(&reader);

    return frame.length - bytes_after(reader.rest, body_length).length;
}

bool
signalr_message_next(struct signalr_message_reader *reader, struct signalr_message *message)
{
    if (reader->remaining == 0) {
        return false;
    }
    struct bytes_reader bytes = bytes_reader_from(reader->rest);
    take_message(&bytes, message);
    assert(!bytes.is_short);
    reader->rest = bytes.rest;
    reader->remaining--;
    return true;
}

enum status
signalr_message_split_channel(struct bytes input, uint64_t *id, struct bytes *frame)
{
    size_t space = bytes_find(input, ' ');
    if (space == SIZE_MAX || space == 0) {
        return STATUS_PROTOCOL;
    }
    struct bytes digits = bytes_slice(input, 0, space);
    uint8_t sign = digits.data[0];
    if (sign == '+' || sign == '-') {
        digits = bytes_after(digits, 1);
    }
    uint64_t value;
    if (bytes_parse_uint64(digits, &value) != STATUS_OK || (sign == '-' && value != 0)) {
        return STATUS_PROTOCOL;
    }
    *id = value;
    *frame = bytes_after(input, space + 1);
    return STATUS_OK;
}
