/* SPDX-License-Identifier: MIT */
#include "common/base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_FIRST_BYTES = 64 };

void
buffer_init(struct buffer *buffer, size_t limit_bytes)
{
    *buffer = (struct buffer){.limit_bytes = limit_bytes};
}

void
buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->limit_bytes);
}

void
buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->status = STATUS_OK;
}

struct bytes
buffer_bytes(const struct buffer *buffer)
{
    if (buffer->length == 0) {
        return BYTES("");
    }
    return bytes_from(buffer->data, buffer->length);
}

/* Keeps the first failure; returns this one. */
static enum status
fail(struct buffer *buffer, enum status status)
{
    if (buffer->status == STATUS_OK) {
        buffer->status = status;
    }
    return status;
}

static size_t
capacity_for(const struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity == 0 ? BUFFER_FIRST_BYTES : buffer->capacity;

    while (capacity < needed && capacity <= SIZE_MAX / 2) {
        capacity *= 2;
    }
    if (capacity > buffer->limit_bytes || capacity < needed) {
        capacity = buffer->limit_bytes;
    }
    return capacity;
}

static enum status
grow(struct buffer *buffer, size_t extra)
{
    size_t capacity;
    uint8_t *data;

    if (buffer->length > buffer->limit_bytes || extra > buffer->limit_bytes - buffer->length) {
        return fail(buffer, STATUS_LIMIT);
    }
    capacity = capacity_for(buffer, buffer->length + extra);
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return fail(buffer, STATUS_NO_MEMORY);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return STATUS_OK;
}

/* Small, so that it becomes part of every append. */
static inline enum status
make_room(struct buffer *buffer, size_t extra)
{
    bool fits =
        extra <= buffer->capacity - buffer->length && buffer->length + extra <= buffer->limit_bytes;

    return fits ? STATUS_OK : grow(buffer, extra);
}

uint8_t *
buffer_reserve(struct buffer *buffer, size_t extra)
{
    /* One byte at least, so that success is never NULL. */
    if (make_room(buffer, extra) != STATUS_OK ||
        (buffer->data == NULL && make_room(buffer, 1) != STATUS_OK)) {
        return NULL;
    }
    return buffer->data + buffer->length;
}

void
buffer_commit(struct buffer *buffer, size_t written)
{
    assert(written <= buffer->capacity - buffer->length);
    buffer->length += written;
}

void
buffer_consume(struct buffer *buffer, size_t count)
{
    assert(count <= buffer->length);
    buffer->length -= count;
    if (buffer->length > 0 && count > 0) {
        memmove(buffer->data, buffer->data + count, buffer->length);
    }
}

void
buffer_truncate(struct buffer *buffer, size_t length)
{
    assert(length <= buffer->length);
    buffer->length = length;
}

enum status
buffer_append(struct buffer *buffer, struct bytes bytes)
{
    enum status status = make_room(buffer, bytes.length);

    if (status == STATUS_OK && bytes.length > 0) {
        memcpy(buffer->data + buffer->length, bytes.data, bytes.length);
        buffer->length += bytes.length;
    }
    return status;
}

enum status
buffer_append_string(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, bytes_from_string(text));
}

enum status
buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    enum status status = make_room(buffer, 1);

    if (status == STATUS_OK) {
        buffer->data[buffer->length++] = byte;
    }
    return status;
}

enum status
buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    char small[256];
    uint8_t *room;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(small, sizeof(small), format, arguments);
    va_end(arguments);
    if (length < 0) {
        return fail(buffer, STATUS_INVALID);
    }
    if ((size_t)length < sizeof(small)) {
        return buffer_append(buffer, bytes_from(small, (size_t)length));
    }
    /* vsnprintf also writes a terminator, which does not count against the limit. */
    room = malloc((size_t)length + 1);
    if (room == NULL) {
        return fail(buffer, STATUS_NO_MEMORY);
    }
    va_start(arguments, format);
    vsnprintf((char *)room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    enum status status = buffer_append(buffer, bytes_from(room, (size_t)length));
    free(room);
    return status;
}

enum status
buffer_append_uint64(struct buffer *buffer, uint64_t value)
{
    uint8_t digits[20];
    size_t first = sizeof(digits);

    do {
        digits[--first] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return buffer_append(buffer, bytes_from(digits + first, sizeof(digits) - first));
}

enum status
buffer_append_hex(struct buffer *buffer, uint64_t value)
{
    static const char texts[] = "0123456789ABCDEF";
    uint8_t digits[16];
    size_t first = sizeof(digits);

    do {
        digits[--first] = (uint8_t)texts[value & 15];
        value >>= 4;
    } while (value != 0);
    return buffer_append(buffer, bytes_from(digits + first, sizeof(digits) - first));
}

static enum status
append_integer(struct buffer *buffer, uint64_t value, size_t width)
{
    uint8_t field[8];

    for (size_t i = width; i > 0; i--) {
        field[i - 1] = (uint8_t)(value & 0xFF);
        value >>= 8;
    }
    return buffer_append(buffer, bytes_from(field, width));
}

enum status
buffer_append_u16(struct buffer *buffer, uint16_t value)
{
    return append_integer(buffer, value, 2);
}

enum status
buffer_append_u32(struct buffer *buffer, uint32_t value)
{
    return append_integer(buffer, value, 4);
}

enum status
buffer_append_u64(struct buffer *buffer, uint64_t value)
{
    return append_integer(buffer, value, 8);
}

enum status
buffer_append_text16(struct buffer *buffer, struct bytes text)
{
    enum status status;

    if (text.length > UINT16_MAX) {
        return fail(buffer, STATUS_LIMIT);
    }
    status = make_room(buffer, 2 + text.length);
    if (status != STATUS_OK) {
        return status;
    }
    status = buffer_append_u16(buffer, (uint16_t)text.length);
    return status == STATUS_OK ? buffer_append(buffer, text) : status;
}
