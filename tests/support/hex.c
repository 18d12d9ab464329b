/* SPDX-License-Identifier: MIT */
#include "tests/support/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = letter == '\0' ? NULL : strchr(digits, letter);

    return found == NULL ? -1 : (int)(found - digits) % 16;
}

static void
give_up(const char *text)
{
    fprintf(stderr, "not a test vector: %s\n", text);
    abort();
}

struct bytes
hex_decode(const char *text, struct buffer *out)
{
    const char *next = text;
    size_t start = out->length;

    while (*next != '\0') {
        int high, low;

        if (strchr(" \t\r\n", *next) != NULL) {
            next++;
            continue;
        }
        high = digit_of(next[0]);
        low = digit_of(next[1]);
        if (high < 0 || low < 0 ||
            buffer_append_byte(out, (uint8_t)(high << 4 | low)) != STATUS_OK) {
            give_up(text);
        }
        next += 2;
    }
    return bytes_after(buffer_bytes(out), start);
}
