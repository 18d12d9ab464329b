/* SPDX-License-Identifier: MIT */
#include "common/base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct bytes
bytes_from(const void *data, size_t length)
{
    return (struct bytes){data, length};
}

struct bytes
bytes_from_string(const char *text)
{
    if (text == NULL) {
        return BYTES_NONE;
    }
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

bool
bytes_equal(struct bytes left, struct bytes right)
{
    return left.length == right.length &&
           (left.length == 0 || memcmp(left.data, right.data, left.length) == 0);
}

static uint8_t
lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

bool
bytes_equal_ignore_case(struct bytes left, struct bytes right)
{
    if (left.length != right.length) {
        return false;
    }
    for (size_t i = 0; i < left.length; i++) {
        if (lower(left.data[i]) != lower(right.data[i])) {
            return false;
        }
    }
    return true;
}

bool
bytes_starts_with(struct bytes text, struct bytes prefix)
{
    return bytes_equal(bytes_slice(text, 0, prefix.length), prefix);
}

bool
bytes_starts_with_ignore_case(struct bytes text, struct bytes prefix)
{
    return bytes_equal_ignore_case(bytes_slice(text, 0, prefix.length), prefix);
}

bool
bytes_ends_with_ignore_case(struct bytes text, struct bytes suffix)
{
    return suffix.length <= text.length &&
           bytes_equal_ignore_case(bytes_after(text, text.length - suffix.length), suffix);
}

int
bytes_compare(struct bytes left, struct bytes right)
{
    size_t shorter = left.length < right.length ? left.length : right.length;
    int order = shorter == 0 ? 0 : memcmp(left.data, right.data, shorter);

    if (order != 0) {
        return order;
    }
    return (left.length > right.length) - (left.length < right.length);
}

size_t
bytes_find(struct bytes text, uint8_t byte)
{
    const uint8_t *found = text.length == 0 ? NULL : memchr(text.data, byte, text.length);

    return found == NULL ? SIZE_MAX : (size_t)(found - text.data);
}

bool
bytes_split(struct bytes *rest, uint8_t separator, struct bytes *part)
{
    size_t index;

    if (rest->data == NULL) {
        return false;
    }
    index = bytes_find(*rest, separator);
    if (index == SIZE_MAX) {
        *part = *rest;
        *rest = BYTES_NONE;
    } else {
        *part = bytes_slice(*rest, 0, index);
        *rest = bytes_after(*rest, index + 1);
    }
    return true;
}

static bool
is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

struct bytes
bytes_trim(struct bytes text)
{
    while (text.length > 0 && is_blank(text.data[0])) {
        text = bytes_after(text, 1);
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1])) {
        text.length--;
    }
    return text;
}

enum status
bytes_parse_uint64(struct bytes text, uint64_t *value)
{
    uint64_t sum = 0;

    if (text.length == 0) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < text.length; i++) {
        uint64_t digit = (uint64_t)text.data[i] - '0';

        if (digit > 9 || sum > (UINT64_MAX - digit) / 10) {
            return STATUS_INVALID;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    return STATUS_OK;
}

/* The value of a hex digit, or 16. */
static unsigned
hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte = lower(byte);
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return 16;
}

enum status
bytes_parse_hex(struct bytes text, uint64_t *value)
{
    uint64_t sum = 0;

    if (text.length == 0) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = hex_digit(text.data[i]);

        if (digit > 15 || sum >> 60 != 0) {
            return STATUS_INVALID;
        }
        sum = sum << 4 | digit;
    }
    *value = sum;
    return STATUS_OK;
}

char *
bytes_duplicate(struct bytes text)
{
    char *copy = text.length == SIZE_MAX ? NULL : malloc(text.length + 1);

    if (copy == NULL) {
        return NULL;
    }
    if (text.length > 0) {
        memcpy(copy, text.data, text.length);
    }
    copy[text.length] = '\0';
    return copy;
}

static uint64_t
read_integer(struct bytes_reader *reader, size_t width)
{
    struct bytes field = bytes_read(reader, width);
    uint64_t value = 0;

    for (size_t i = 0; i < field.length; i++) {
        value = value << 8 | field.data[i];
    }
    return value;
}

uint16_t
bytes_read_u16(struct bytes_reader *reader)
{
    return (uint16_t)read_integer(reader, 2);
}

uint32_t
bytes_read_u32(struct bytes_reader *reader)
{
    return (uint32_t)read_integer(reader, 4);
}

uint64_t
bytes_read_u64(struct bytes_reader *reader)
{
    return read_integer(reader, 8);
}

struct bytes
bytes_read_text16(struct bytes_reader *reader)
{
    return bytes_read(reader, bytes_read_u16(reader));
}
