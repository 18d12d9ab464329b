/* SPDX-License-Identifier: MIT */
#include "common/wire/signalr_command.h"

#include <yyjson.h>

/* ---- encoding: as Newtonsoft.Json does by default ---- */

/* The length of the character at the front of ${text} that must be written as an escape, or 0. */
static size_t
escaped_length(struct bytes text)
{
    uint8_t first = text.data[0];
    if (first < 0x20 || first == '"' || first == '\\') {
        return 1;
    }
    if (first == 0xc2 && text.length >= 2 && text.data[1] == 0x85) {
        return 2; /* U+0085 */
    }
    if (first == 0xe2 && text.length >= 3 && text.data[1] == 0x80 &&
        (text.data[2] == 0xa8 || text.data[2] == 0xa9)) {
        return 3; /* U+2028, U+2029 */
    }
    return 0;
}

static void
append_escape(struct buffer *out, struct bytes character)
{
    switch (character.data[0]) {
    case '"':
        buffer_append_string(out, "\\\"");
        break;
    case '\\':
        buffer_append_string(out, "\\\\");
        break;
    case '\b':
        buffer_append_string(out, "\\b");
        break;
    case '\f':
        buffer_append_string(out, "\\f");
        break;
    case '\n':
        buffer_append_string(out, "\\n");
        break;
    case '\r':
        buffer_append_string(out, "\\r");
        break;
    case '\t':
        buffer_append_string(out, "\\t");
        break;
    case 0xc2:
        buffer_append_string(out, "\\u0085");
        break;
    case 0xe2:
        buffer_append_format(out, "\\u20%02x", character.data[2] - 0x80);
        break;
    default:
        buffer_append_format(out, "\\u%04x", character.data[0]);
        break;
    }
}

/* buffer_append_json_string() also escapes '<' and '>', which .NET does not. */
static void
append_text(struct buffer *out, struct bytes text)
{
    buffer_append_byte(out, '"');
    size_t plain = 0;
    while (plain < text.length) {
        size_t length = escaped_length(bytes_after(text, plain));
        if (length == 0) {
            plain++;
            continue;
        }
        buffer_append(out, bytes_slice(text, 0, plain));
        append_escape(out, bytes_slice(text, plain, length));
        text = bytes_after(text, plain + length);
        plain = 0;
    }
    buffer_append(out, text);
    buffer_append_byte(out, '"');
}

enum status
signalr_command_encode(const struct signalr_command *command, struct buffer *out)
{
    if (!bytes_is_utf8(command->id) || !bytes_is_utf8(command->value)) {
        return STATUS_INVALID;
    }
    size_t start = out->length;
    buffer_append_string(out, "{\"WaitForAck\":");
    buffer_append_string(out, command->waits_for_ack ? "true" : "false");
    buffer_append_string(out, ",\"Id\":");
    append_text(out, command->id);
    buffer_append_string(out, ",\"CommandType\":");
    buffer_append_uint64(out, (uint64_t)command->type);
    buffer_append_string(out, ",\"Value\":");
    if (command->value.length == 0) {
        buffer_append_string(out, "null");
    } else {
        append_text(out, command->value);
    }
    if (command->since != 0) {
        buffer_append_string(out, ",\"Since\":");
        buffer_append_uint64(out, command->since);
    }
    buffer_append_byte(out, '}');
    if (out->status != STATUS_OK) {
        out->length = start;
    }
    return out->status;
}

/* ---- decoding ---- */

/* Where a text was put in the storage: an offset, since the storage may still move. */
struct text_place {
    size_t start;
    size_t length;
};

static struct bytes
json_text(yyjson_val *value)
{
    return bytes_from(yyjson_get_str(value), yyjson_get_len(value));
}

static enum status
read_flag(yyjson_val *value, bool *out)
{
    if (yyjson_is_bool(value)) {
        *out = yyjson_get_bool(value);
    } else if (yyjson_is_str(value)) {
        *out = bytes_equal_ignore_case(json_text(value), BYTES("true"));
        if (!*out && !bytes_equal_ignore_case(json_text(value), BYTES("false"))) {
            return STATUS_PROTOCOL;
        }
    } else if (yyjson_is_int(value)) {
        *out = yyjson_get_uint(value) != 0;
    } else {
        return STATUS_PROTOCOL;
    }
    return STATUS_OK;
}

static enum status
read_type(yyjson_val *value, enum signalr_command_type *out)
{
    static const char *const words[] = {"Initializing", "AddToGroup", "RemoveFromGroup", "Abort"};
    uint64_t number = UINT64_MAX;
    if (yyjson_is_uint(value)) {
        number = yyjson_get_uint(value);
    } else if (yyjson_is_str(value)) {
        if (bytes_parse_uint64(json_text(value), &number) != STATUS_OK) {
            number = 0;
            while (number < 4 &&
                   !bytes_equal_ignore_case(json_text(value), bytes_from_string(words[number]))) {
                number++;
            }
        }
    }
    if (number > SIGNALR_COMMAND_ABORT) {
        return STATUS_PROTOCOL;
    }
    *out = (enum signalr_command_type)number;
    return STATUS_OK;
}

/* A string, or null for none. */
static enum status
read_text(yyjson_val *value, struct buffer *storage, struct text_place *out)
{
    *out = (struct text_place){storage->length, 0};
    if (yyjson_is_null(value)) {
        return STATUS_OK;
    }
    if (!yyjson_is_str(value)) {
        return STATUS_PROTOCOL;
    }
    out->length = yyjson_get_len(value);
    return buffer_append(storage, json_text(value));
}

static enum status
read_members(yyjson_val *root, struct buffer *storage, struct signalr_command *out)
{
    struct signalr_command command = {.type = SIGNALR_COMMAND_INITIALIZING};
    struct text_place id = {0, 0};
    struct text_place text = {0, 0};
    enum status status = STATUS_OK;
    yyjson_obj_iter members;
    if (!yyjson_obj_iter_init(root, &members)) {
        return STATUS_PROTOCOL;
    }
    yyjson_val *key;
    while (status == STATUS_OK && (key = yyjson_obj_iter_next(&members)) != NULL) {
        struct bytes name = json_text(key);
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        if (bytes_equal_ignore_case(name, BYTES("WaitForAck"))) {
            status = read_flag(value, &command.waits_for_ack);
        } else if (bytes_equal_ignore_case(name, BYTES("Id"))) {
            status = read_text(value, storage, &id);
        } else if (bytes_equal_ignore_case(name, BYTES("CommandType"))) {
            status = read_type(value, &command.type);
        } else if (bytes_equal_ignore_case(name, BYTES("Value"))) {
            status = read_text(value, storage, &text);
        } else if (bytes_equal_ignore_case(name, BYTES("Since"))) {
            command.since = yyjson_get_uint(value);
        }
    }
    if (status == STATUS_OK) {
        command.id = bytes_slice(buffer_bytes(storage), id.start, id.length);
        command.value = bytes_slice(buffer_bytes(storage), text.start, text.length);
        *out = command;
    }
    return status;
}

enum status
signalr_command_decode(struct bytes json, struct buffer *storage, struct signalr_command *out)
{
    if (json.length == 0) {
        return STATUS_PROTOCOL;
    }
    /* Without the INSITU flag yyjson does not write to its input. */
    yyjson_read_err failure;
    yyjson_doc *document = yyjson_read_opts((char *)(uintptr_t)json.data, json.length,
                                            YYJSON_READ_NOFLAG, NULL, &failure);
    if (document == NULL) {
        return (failure.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) ? STATUS_NO_MEMORY
                                                                     : STATUS_PROTOCOL;
    }
    enum status status = read_members(yyjson_doc_get_root(document), storage, out);
    yyjson_doc_free(document);
    return status;
}

uint64_t
signalr_command_since(const struct signalr_command *command, uint64_t id)
{
    return command->since != 0 ? command->since : id;
}
