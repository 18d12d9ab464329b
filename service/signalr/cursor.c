/* SPDX-License-Identifier: MIT */
#include "service/signalr/cursor.h"

#include <string.h>

/* Enough to find repeated keys; nobody has more streams. */
enum { ENTRIES_MAX = 64 };

static const char cursor_key[] = "s-0,";
static const struct cursor absent = {CURSOR_ABSENT, 0};
static const struct cursor malformed = {CURSOR_MALFORMED, 0};

/* Takes a key and its comma off the front. Since '\', '|' and ',' are always escaped in keys and
 * nothing else ever is, equal keys have equal text. */
static bool
take_key(struct bytes *rest, struct bytes *key)
{
    for (size_t i = 0; i < rest->length; i++) {
        uint8_t byte = rest->data[i];
        if (byte == '\\') {
            i++;
            if (i == rest->length ||
                (rest->data[i] != '\\' && rest->data[i] != '|' && rest->data[i] != ',')) {
                return false;
            }
        } else if (byte == '|') {
            return false;
        } else if (byte == ',') {
            *key = bytes_slice(*rest, 0, i);
            *rest = bytes_after(*rest, i + 1);
            return true;
        }
    }
    return false;
}

/* Takes an id and the '|' behind it off the front; ${is_last} when there is none. */
static bool
take_id(struct bytes *rest, uint64_t *id, bool *is_last)
{
    size_t length = bytes_find(*rest, '|');

    *is_last = length == SIZE_MAX;
    if (*is_last) {
        length = rest->length;
    }
    if (bytes_parse_hex(bytes_slice(*rest, 0, length), id) != STATUS_OK) {
        return false;
    }
    *rest = bytes_after(*rest, length + 1);
    return true;
}

static bool
is_repeated(const struct bytes *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(keys[i], keys[count])) {
            return true;
        }
    }
    return false;
}

struct cursor
cursor_parse(struct bytes text)
{
    struct bytes keys[ENTRIES_MAX];
    struct bytes rest = bytes_after(text, 2);
    size_t count = 0;
    uint64_t id = 0;
    bool is_last = false;

    if (!bytes_starts_with(text, BYTES("s-"))) {
        return absent;
    }
    if (text.length > CURSOR_INPUT_BYTES_MAX) {
        return malformed;
    }
    while (!is_last) {
        if (count == ENTRIES_MAX || !take_key(&rest, &keys[count]) || is_repeated(keys, count) ||
            !take_id(&rest, &id, &is_last)) {
            return malformed;
        }
        count++;
    }
    if (count != 1) {
        return absent;
    }
    return (struct cursor){(id == UINT64_MAX) ? CURSOR_EVERYTHING : CURSOR_RESUME, id};
}

size_t
cursor_format(uint64_t id, char out[CURSOR_TEXT_BYTES])
{
    size_t length = sizeof(cursor_key) - 1;
    int shift = 60;

    memcpy(out, cursor_key, length);
    while (shift > 0 && id >> shift == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        out[length++] = "0123456789ABCDEF"[id >> shift & 15];
    }
    out[length] = '\0';
    return length;
}
