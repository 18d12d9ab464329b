/* SPDX-License-Identifier: MIT */
#include "service/api/rest_body.h"

#include "service/signalr/hub_message.h"
#include "service/signalr/json_span.h"

enum { TARGET_BYTES_MAX = 4096, RECORD_SEPARATOR = 0x1e };

/*
 * MessagePack, as far as a map of texts to binaries needs it.
 */

/* A length of ${size} bytes, most significant first. */
static size_t
read_length(struct bytes_reader *reader, unsigned size)
{
    return size == 1   ? bytes_read_u8(reader)
           : size == 2 ? bytes_read_u16(reader)
                       : bytes_read_u32(reader);
}

/* The pairs in a map; SIZE_MAX when it is none. */
static size_t
read_map(struct bytes_reader *reader)
{
    uint8_t kind = bytes_read_u8(reader);

    return (kind & 0xf0) == 0x80 ? kind & 0x0f
           : kind == 0xde        ? read_length(reader, 2)
           : kind == 0xdf        ? read_length(reader, 4)
                                 : SIZE_MAX;
}

/* A text or a binary; BYTES_NONE when it is neither. */
static struct bytes
read_bytes(struct bytes_reader *reader)
{
    uint8_t kind = bytes_read_u8(reader);

    if ((kind & 0xe0) == 0xa0) {
        return bytes_read(reader, kind & 0x1f);
    }
    if (kind >= 0xc4 && kind <= 0xc6) {
        return bytes_read(reader, read_length(reader, 1U << (kind - 0xc4)));
    }
    if (kind >= 0xd9 && kind <= 0xdb) {
        return bytes_read(reader, read_length(reader, 1U << (kind - 0xd9)));
    }
    return BYTES_NONE;
}

/* The finished message of the protocol "json", without what ends it; BYTES_NONE when there is none.
 */
static struct bytes
find_json(struct bytes text)
{
    struct bytes_reader reader = bytes_reader_from(text);
    size_t count = read_map(&reader);
    struct bytes found = BYTES_NONE;

    for (size_t i = 0; count != SIZE_MAX && i < count; i++) {
        struct bytes name = read_bytes(&reader), value = read_bytes(&reader);
        if (name.data == NULL || value.data == NULL) {
            return BYTES_NONE;
        }
        if (bytes_equal(name, BYTES("json"))) {
            found = value;
        }
    }
    if (found.length == 0 || found.data[found.length - 1] != RECORD_SEPARATOR) {
        return BYTES_NONE;
    }
    return bytes_slice(found, 0, found.length - 1);
}

/*
 * JSON.
 */

static enum status
read_members(struct bytes text, struct rest_body *out)
{
    struct json_span_reader reader = json_span_open(text);
    struct bytes name, value;
    struct buffer plain;
    enum status status = STATUS_OK;

    buffer_init(&plain, TARGET_BYTES_MAX);
    while (status == STATUS_OK && json_span_next_member(&reader, &name, &value)) {
        buffer_clear(&plain);
        if (json_span_append_text(&plain, name) != STATUS_OK) {
            continue; /* a name too long or too strange to be one of ours */
        }
        if (bytes_equal_ignore_case(buffer_bytes(&plain), BYTES("target"))) {
            buffer_clear(&out->target);
            status = json_span_append_text(&out->target, value);
        } else if (bytes_equal_ignore_case(buffer_bytes(&plain), BYTES("arguments"))) {
            out->arguments = value;
        }
    }
    buffer_deinit(&plain);
    return status;
}

static enum status
read_json(struct bytes text, struct rest_body *out, const char **problem)
{
    enum status status = json_span_check(text);

    if (status == STATUS_OK && !bytes_starts_with(json_span_trim(text), BYTES("{"))) {
        status = STATUS_INVALID;
    }
    if (status != STATUS_OK) {
        *problem = "The body is not a JSON object.";
        return status;
    }
    status = read_members(text, out);
    if (status == STATUS_NO_MEMORY) {
        return status;
    }
    if (status != STATUS_OK || out->target.length == 0) {
        *problem = "The body names no target: the method that clients are to be called with, a "
                   "text of at most 4096 bytes.";
        return STATUS_INVALID;
    }
    if (bytes_equal(out->arguments, BYTES("null"))) {
        out->arguments = BYTES("[]");
    }
    if (!bytes_starts_with(out->arguments, BYTES("[")) ||
        json_span_depth(out->arguments) > HUB_MESSAGE_DEPTH_MAX + 1) {
        *problem = "The arguments are not an array, or are nested too deeply.";
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static bool
is_packed(struct bytes content_type)
{
    struct bytes type = content_type, rest = content_type;

    return content_type.data != NULL && bytes_split(&rest, ';', &type) &&
           bytes_equal_ignore_case(bytes_trim(type), BYTES("application/octet-stream"));
}

enum status
rest_body_read(struct bytes content_type, struct bytes text, struct rest_body *out,
               const char **problem)
{
    *out = (struct rest_body){.arguments = BYTES("[]")};
    buffer_init(&out->target, TARGET_BYTES_MAX);
    if (is_packed(content_type)) {
        text = find_json(text);
        if (text.data == NULL) {
            *problem =
                "The body is not a MessagePack map with a message for the protocol \"json\".";
            return STATUS_INVALID;
        }
    }
    return read_json(text, out, problem);
}

void
rest_body_deinit(struct rest_body *body)
{
    buffer_deinit(&body->target);
}
