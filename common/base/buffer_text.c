/* SPDX-License-Identifier: MIT */
#include "common/base/bytes.h"

#include <string.h>

/* How many bytes at the front of ${text} go into a JSON string as they are. E2 80 A8, E2 80 A9 and
 * C2 85 are U+2028, U+2029 and U+0085, which JavaScript or Json.NET take for line ends. */
static size_t
plain_json_length(struct bytes text)
{
    size_t i;

    for (i = 0; i < text.length; i++) {
        uint8_t byte = text.data[i];

        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == '<' || byte == '>') {
            break;
        }
        if (byte == 0xC2 && i + 1 < text.length && text.data[i + 1] == 0x85) {
            break;
        }
        if (byte == 0xE2 && i + 2 < text.length && text.data[i + 1] == 0x80 &&
            (text.data[i + 2] & 0xFE) == 0xA8) {
            break;
        }
    }
    return i;
}

/* The escape of the character at the front of ${text}, and how many bytes of ${text} it stands for.
 */
static size_t
escape_json(struct bytes text, struct buffer *buffer)
{
    static const char short_escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    uint8_t byte = text.data[0];
    unsigned code = byte;
    size_t length = 1;

    for (size_t i = 0; i + 1 < sizeof(short_escapes); i += 2) {
        if (byte == (uint8_t)short_escapes[i]) {
            uint8_t escape[2] = {'\\', (uint8_t)short_escapes[i + 1]};

            buffer_append(buffer, bytes_from(escape, sizeof(escape)));
            return 1;
        }
    }
    if (byte == 0xC2) {
        code = 0x85;
        length = 2;
    } else if (byte == 0xE2) {
        code = 0x2000 + (text.data[2] & 0x3Fu);
        length = 3;
    }
    buffer_append_format(buffer, "\\u%04x", code);
    return length;
}

/* Makes an append out of several: when one of them failed, all are undone. The failure of an
 * earlier append is kept, and does not count here. */
static enum status
finish_append(struct buffer *buffer, size_t start, enum status earlier)
{
    enum status status = buffer->status;

    if (status != STATUS_OK) {
        buffer_truncate(buffer, start);
    }
    if (earlier != STATUS_OK) {
        buffer->status = earlier;
    }
    return status;
}

enum status
buffer_append_json_string(struct buffer *buffer, struct bytes text)
{
    size_t start = buffer->length;
    enum status earlier = buffer->status;

    buffer->status = STATUS_OK;
    buffer_append_byte(buffer, '"');
    while (text.length > 0 && buffer->status == STATUS_OK) {
        size_t length = plain_json_length(text);

        buffer_append(buffer, bytes_slice(text, 0, length));
        text = bytes_after(text, length);
        if (text.length > 0) {
            text = bytes_after(text, escape_json(text, buffer));
        }
    }
    buffer_append_byte(buffer, '"');
    return finish_append(buffer, start, earlier);
}

static bool
is_unreserved(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || (byte != 0 && strchr("-._~", byte) != NULL);
}

enum status
buffer_append_url_encoded(struct buffer *buffer, struct bytes text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t start = buffer->length;
    enum status earlier = buffer->status;

    buffer->status = STATUS_OK;
    for (size_t i = 0; i < text.length && buffer->status == STATUS_OK; i++) {
        uint8_t byte = text.data[i];

        if (is_unreserved(byte)) {
            buffer_append_byte(buffer, byte);
        } else {
            uint8_t escape[3] = {'%', (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};

            buffer_append(buffer, bytes_from(escape, sizeof(escape)));
        }
    }
    return finish_append(buffer, start, earlier);
}
