/* SPDX-License-Identifier: MIT */
#include "service/signalr/json_span.h"

#include "service/signalr/json_document.h"

#include <string.h>

static bool
is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

enum status
json_span_check(struct bytes text)
{
    struct json_document document;
    enum status status = json_document_read(text, &document);

    json_document_deinit(&document);
    return status;
}

struct bytes
json_span_trim(struct bytes text)
{
    while (text.length > 0 && is_blank(text.data[0])) {
        text = bytes_after(text, 1);
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1])) {
        text.length--;
    }
    return text;
}

/* Index behind the string that starts at ${from}: its end is the first quote with an even number of
 * backslashes before it. */
static size_t
skip_string(struct bytes text, size_t from)
{
    const uint8_t *inside = text.data + from + 1;
    const uint8_t *end = text.data + text.length;
    const uint8_t *quote;
    while ((quote = memchr(inside, '"', (size_t)(end - inside))) != NULL) {
        const uint8_t *escapes = quote;
        while (escapes > inside && escapes[-1] == '\\') {
            escapes--;
        }
        inside = quote + 1;
        if ((quote - escapes) % 2 == 0) {
            return (size_t)(inside - text.data);
        }
    }
    return text.length;
}

/* Index behind the array or object that starts at the front. */
static size_t
skip_container(struct bytes text)
{
    size_t depth = 0;
    size_t i = 0;
    while (i < text.length) {
        uint8_t byte = text.data[i];
        if (byte == '"') {
            i = skip_string(text, i);
            continue;
        }
        i++;
        if (byte == '[' || byte == '{') {
            depth++;
        } else if ((byte == ']' || byte == '}') && --depth == 0) {
            break;
        }
    }
    return i;
}

static size_t
skip_scalar(struct bytes text)
{
    size_t i = 0;
    while (i < text.length && !is_blank(text.data[i]) && strchr(",:]}", text.data[i]) == NULL) {
        i++;
    }
    return i;
}

static void
skip_blanks(struct bytes *rest)
{
    while (rest->length > 0 && is_blank(rest->data[0])) {
        *rest = bytes_after(*rest, 1);
    }
}

static void
skip_byte(struct bytes *rest, uint8_t byte)
{
    skip_blanks(rest);
    if (rest->length > 0 && rest->data[0] == byte) {
        *rest = bytes_after(*rest, 1);
    }
    skip_blanks(rest);
}

static struct bytes
take_value(struct bytes *rest)
{
    size_t length;
    if (rest->data[0] == '"') {
        length = skip_string(*rest, 0);
    } else if (rest->data[0] == '[' || rest->data[0] == '{') {
        length = skip_container(*rest);
    } else {
        length = skip_scalar(*rest);
    }
    struct bytes value = bytes_slice(*rest, 0, length);
    *rest = bytes_after(*rest, length);
    return value;
}

struct json_span_reader
json_span_open(struct bytes container)
{
    struct bytes inside = json_span_trim(container);
    if (inside.length < 2 || (inside.data[0] != '[' && inside.data[0] != '{')) {
        return (struct json_span_reader){BYTES_NONE};
    }
    inside = bytes_slice(inside, 1, inside.length - 2);
    skip_blanks(&inside);
    return (struct json_span_reader){inside};
}

bool
json_span_next(struct json_span_reader *reader, struct bytes *value)
{
    if (reader->rest.length == 0) {
        return false;
    }
    *value = take_value(&reader->rest);
    if (value->length == 0) {
        /* Not JSON; end rather than stand still. */
        reader->rest = BYTES_NONE;
        return false;
    }
    skip_byte(&reader->rest, ',');
    return true;
}

bool
json_span_next_member(struct json_span_reader *reader, struct bytes *name, struct bytes *value)
{
    if (reader->rest.length == 0) {
        return false;
    }
    *name = take_value(&reader->rest);
    skip_byte(&reader->rest, ':');
    return json_span_next(reader, value);
}

size_t
json_span_depth(struct bytes value)
{
    size_t depth = 0;
    size_t deepest = 0;
    size_t i = 0;
    while (i < value.length) {
        uint8_t byte = value.data[i];
        if (byte == '"') {
            i = skip_string(value, i);
            continue;
        }
        if (byte == '[' || byte == '{') {
            depth++;
            deepest = (depth > deepest) ? depth : deepest;
        } else if ((byte == ']' || byte == '}') && depth > 0) {
            depth--;
        }
        i++;
    }
    return deepest;
}

size_t
json_span_utf16_length(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++) {
        /* Continuation bytes count nothing; four-byte sequences are a surrogate pair. */
        count += ((text.data[i] & 0xC0) != 0x80) + (text.data[i] >= 0xF0);
    }
    return count;
}

enum status
json_span_append_text(struct buffer *out, struct bytes string)
{
    struct json_document document;
    enum status status = json_document_read(string, &document);

    if (status == STATUS_OK) {
        yyjson_val *root = json_document_root(&document);
        status =
            yyjson_is_str(root) ? buffer_append(out, json_document_text(root)) : STATUS_INVALID;
    }
    json_document_deinit(&document);
    return status;
}

enum status
json_span_append_line(struct buffer *out, struct bytes json)
{
    size_t from = 0;
    if (bytes_find(json, '\r') == SIZE_MAX && bytes_find(json, '\n') == SIZE_MAX) {
        return buffer_append(out, json);
    }
    for (size_t i = 0; i < json.length; i++) {
        if (json.data[i] != '\r' && json.data[i] != '\n') {
            continue;
        }
        buffer_append(out, bytes_slice(json, from, i - from));
        buffer_append_byte(out, ' ');
        from = i + 1;
    }
    return buffer_append(out, bytes_after(json, from));
}
