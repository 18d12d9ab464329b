/* SPDX-License-Identifier: MIT */
/* Any messageId: parsing ends, and what is resumed from is written and read back as the same id. */
#include "service/signalr/cursor.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cursor = cursor_parse(bytes_from(data, size));
    char text[CURSOR_TEXT_BYTES];

    if (cursor.kind == CURSOR_RESUME) {
        size_t length = cursor_format(cursor.id, text);
        struct cursor again = cursor_parse(bytes_from(text, length));
        assert(again.kind == CURSOR_RESUME && again.id == cursor.id);
    }
    return 0;
}
