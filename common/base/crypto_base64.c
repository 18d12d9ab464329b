/* SPDX-License-Identifier: MIT */
/* Base64 of RFC 4648 sections 4 and 5. OpenSSL's decoder skips blanks and keeps the padding's zero
 * bytes, so it would take more code to be strict with it. */
#include "common/base/crypto.h"

static enum status
encode(struct bytes input, struct buffer *out, const char *last_two, bool has_padding)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t rest = input.length % 3;
    size_t length = input.length / 3 * 4 + (rest == 0 ? 0 : has_padding ? 4 : rest + 1);
    uint8_t *text;

    if (input.length > SIZE_MAX / 2) {
        return STATUS_LIMIT;
    }
    text = buffer_reserve(out, length);
    if (text == NULL) {
        return out->status;
    }
    for (size_t i = 0; i < length; i++) {
        /* Character i holds the six bits from bit 6 * i on; they touch at most two bytes. */
        size_t byte = i / 4 * 3 + i % 4 * 6 / 8;
        unsigned high = byte < input.length ? input.data[byte] : 0;
        unsigned low = byte + 1 < input.length ? input.data[byte + 1] : 0;
        unsigned value = (high << 8 | low) >> (10 - i % 4 * 6 % 8) & 63;

        if (i * 6 >= input.length * 8) {
            text[i] = '=';
        } else {
            text[i] = (uint8_t)(value < 62 ? alphabet[value] : last_two[value - 62]);
        }
    }
    buffer_commit(out, length);
    return STATUS_OK;
}

enum status
crypto_base64_encode(struct bytes input, struct buffer *out)
{
    return encode(input, out, "+/", true);
}

enum status
crypto_base64url_encode(struct bytes input, struct buffer *out)
{
    return encode(input, out, "-_", false);
}

/* The six bits of ${byte}, or 64. */
static unsigned
value_of(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return byte - 'A';
    }
    if (byte >= 'a' && byte <= 'z') {
        return byte - 'a' + 26;
    }
    if (byte >= '0' && byte <= '9') {
        return byte - '0' + 52;
    }
    if (byte == '+' || byte == '-') {
        return 62;
    }
    return byte == '/' || byte == '_' ? 63 : 64;
}

/* Off comes the padding, if it is there and makes whole groups of four. */
static enum status
strip_padding(struct bytes *input)
{
    size_t padded = input->length;

    while (input->length > 0 && padded - input->length < 2 &&
           input->data[input->length - 1] == '=') {
        input->length--;
    }
    if ((padded != input->length && padded % 4 != 0) || input->length % 4 == 1) {
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

enum status
crypto_base64_decode(struct bytes input, struct buffer *out)
{
    size_t length;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    uint8_t *next;

    if (strip_padding(&input) != STATUS_OK) {
        return STATUS_INVALID;
    }
    length = input.length / 4 * 3 + input.length % 4 * 3 / 4;
    next = buffer_reserve(out, length);
    if (next == NULL) {
        return out->status;
    }
    for (size_t i = 0; i < input.length; i++) {
        unsigned value = value_of(input.data[i]);

        if (value > 63) {
            return STATUS_INVALID;
        }
        bits = (bits << 6 | value) & 0xFFFF;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            *next++ = (uint8_t)(bits >> bit_count);
        }
    }
    /* One value has one text: the bits left over must be zero. */
    if ((bits & ((1u << bit_count) - 1)) != 0) {
        return STATUS_INVALID;
    }
    buffer_commit(out, length);
    return STATUS_OK;
}
