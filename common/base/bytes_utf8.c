/* SPDX-License-Identifier: MIT */
#include "common/base/bytes.h"

#include <string.h>

/* The bytes allowed second after a lead byte (RFC 3629 section 4); this is what keeps out overlong
 * forms, surrogates and all above U+10FFFF. */
static bool
is_second(uint8_t lead, uint8_t byte)
{
    switch (lead) {
    case 0xE0:
        return byte >= 0xA0 && byte <= 0xBF;
    case 0xED:
        return byte >= 0x80 && byte <= 0x9F;
    case 0xF0:
        return byte >= 0x90 && byte <= 0xBF;
    case 0xF4:
        return byte >= 0x80 && byte <= 0x8F;
    default:
        return byte >= 0x80 && byte <= 0xBF;
    }
}

static size_t
length_of_lead(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

size_t
bytes_utf8_character(struct bytes text)
{
    size_t length = text.length == 0 ? 0 : length_of_lead(text.data[0]);

    if (length > text.length || (length > 1 && !is_second(text.data[0], text.data[1]))) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (text.data[i] < 0x80 || text.data[i] > 0xBF) {
            return 0;
        }
    }
    return length;
}

/* How many ASCII bytes ${text} starts with, by the word: it is nearly always all of them. */
static size_t
ascii_length(struct bytes text)
{
    size_t length = 0;
    uint64_t word;

    while (text.length - length >= sizeof(word)) {
        memcpy(&word, text.data + length, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        length += sizeof(word);
    }
    while (length < text.length && text.data[length] < 0x80) {
        length++;
    }
    return length;
}

bool
bytes_is_utf8(struct bytes text)
{
    for (;;) {
        size_t length;

        text = bytes_after(text, ascii_length(text));
        if (text.length == 0) {
            return true;
        }
        length = bytes_utf8_character(text);
        if (length == 0) {
            return false;
        }
        text = bytes_after(text, length);
    }
}

/* C0, DEL and C1 (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F), and the two line separators. */
static bool
is_control(struct bytes character)
{
    switch (character.length) {
    case 1:
        return character.data[0] < 0x20 || character.data[0] == 0x7F;
    case 2:
        return character.data[0] == 0xC2 && character.data[1] < 0xA0;
    case 3:
        return memcmp(character.data, "\xE2\x80\xA8", 3) == 0 ||
               memcmp(character.data, "\xE2\x80\xA9", 3) == 0;
    default:
        return false;
    }
}

static void
escape(struct bytes text, char *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.length; i++) {
        out[4 * i] = '\\';
        out[4 * i + 1] = 'x';
        out[4 * i + 2] = digits[text.data[i] >> 4];
        out[4 * i + 3] = digits[text.data[i] & 15];
    }
}

size_t
bytes_printable(struct bytes *text, char *out, size_t size)
{
    size_t used = 0;

    while (text->length > 0) {
        size_t length = bytes_utf8_character(*text);
        struct bytes character = bytes_slice(*text, 0, length == 0 ? 1 : length);
        bool is_escaped = length == 0 || is_control(character);
        size_t width = is_escaped ? 4 * character.length : character.length;

        if (width >= size - used) {
            break;
        }
        if (is_escaped) {
            escape(character, out + used);
        } else {
            memcpy(out + used, character.data, character.length);
        }
        used += width;
        *text = bytes_after(*text, character.length);
    }
    out[used] = '\0';
    return used;
}
