/* SPDX-License-Identifier: MIT */
#include "service/redis_endpoint/resp_writer.h"

static void
write_header(struct buffer *out, char mark, uint64_t number)
{
    buffer_append_byte(out, (uint8_t)mark);
    buffer_append_uint64(out, number);
    buffer_append_string(out, "\r\n");
}

void
resp_write_simple(struct buffer *out, const char *text)
{
    buffer_append_byte(out, '+');
    buffer_append_string(out, text);
    buffer_append_string(out, "\r\n");
}

void
resp_write_error(struct buffer *out, struct bytes text)
{
    buffer_append_byte(out, '-');
    for (size_t i = 0; i < text.length; i++) {
        bool ends_line = text.data[i] == '\r' || text.data[i] == '\n';
        buffer_append_byte(out, ends_line ? ' ' : text.data[i]);
    }
    buffer_append_string(out, "\r\n");
}

void
resp_write_integer(struct buffer *out, uint64_t value)
{
    write_header(out, ':', value);
}

void
resp_write_bulk_header(struct buffer *out, uint64_t length)
{
    write_header(out, '$', length);
}

void
resp_write_bulk(struct buffer *out, struct bytes value)
{
    resp_write_bulk_header(out, value.length);
    buffer_append(out, value);
    buffer_append_string(out, "\r\n");
}

void
resp_write_null(struct buffer *out, enum resp_version version)
{
    buffer_append_string(out, version == RESP_VERSION_3 ? "_\r\n" : "$-1\r\n");
}

void
resp_write_array(struct buffer *out, size_t count)
{
    write_header(out, '*', count);
}

void
resp_write_map(struct buffer *out, enum resp_version version, size_t count)
{
    if (version == RESP_VERSION_3) {
        write_header(out, '%', count);
    } else {
        write_header(out, '*', 2 * count);
    }
}

void
resp_write_push(struct buffer *out, enum resp_version version, size_t count)
{
    write_header(out, version == RESP_VERSION_3 ? '>' : '*', count);
}
