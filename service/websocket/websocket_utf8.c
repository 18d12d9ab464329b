/* SPDX-License-Identifier: MIT */
#include "service/websocket/websocket_utf8.h"

#include <string.h>

/* Index of the first byte from ${at} on that is not ASCII, or the length. */
static size_t
skip_ascii(struct bytes text, size_t at)
{
    while (text.length - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text.data + at, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        at += sizeof(word);
    }
    while (at < text.length && text.data[at] < 0x80) {
        at++;
    }
    return at;
}

/* The rows of RFC 3629's grammar: which second bytes may follow which first byte. */
static bool
begin_character(struct websocket_utf8 *checker, uint8_t first)
{
    if (first < 0xC2 || first > 0xF4) {
        return false;
    }
    checker->missing = (uint8_t)(1 + (first >= 0xE0) + (first >= 0xF0));
    checker->low = (first == 0xE0) ? 0xA0 : (first == 0xF0) ? 0x90 : 0x80;
    checker->high = (first == 0xED) ? 0x9F : (first == 0xF4) ? 0x8F : 0xBF;
    return true;
}

static bool
continue_character(struct websocket_utf8 *checker, uint8_t byte)
{
    if (byte < checker->low || byte > checker->high) {
        return false;
    }
    checker->missing--;
    checker->low = 0x80;
    checker->high = 0xBF;
    return true;
}

bool
websocket_utf8_feed(struct websocket_utf8 *checker, struct bytes text)
{
    size_t at = 0;
    while (at < text.length) {
        if (checker->missing > 0) {
            if (!continue_character(checker, text.data[at++])) {
                return false;
            }
            continue;
        }
        at = skip_ascii(text, at);
        if (at < text.length && !begin_character(checker, text.data[at++])) {
            return false;
        }
    }
    return true;
}
