/* SPDX-License-Identifier: MIT */
#include "service/signalr/hub_message.h"

#include "service/signalr/json_document.h"
#include "service/signalr/json_span.h"

/* The members while the document is open. */
struct members {
    yyjson_val *hub;
    yyjson_val *method;
    yyjson_val *id;
    yyjson_val *arguments;
    struct bytes arguments_text;
    yyjson_val *state;
    struct bytes state_text;
};

static void
take_member(struct members *members, uint8_t letter, yyjson_val *value, struct bytes text)
{
    if (yyjson_is_null(value)) {
        value = NULL;
        text = BYTES_NONE;
    }
    switch (letter | 0x20) {
    case 'h':
        members->hub = value;
        break;
    case 'm':
        members->method = value;
        break;
    case 'i':
        members->id = value;
        break;
    case 'a':
        members->arguments = value;
        members->arguments_text = text;
        break;
    case 's':
        members->state = value;
        members->state_text = text;
        break;
    default:
        break;
    }
}

/* Walks the document and its text side by side: values from the one, untouched spans from the
 * other. */
static void
collect_members(yyjson_val *root, struct bytes text, struct members *members)
{
    struct json_span_reader reader = json_span_open(text);
    struct bytes name_text, value_text;
    yyjson_val *key, *value;
    size_t index, count;

    yyjson_obj_foreach(root, index, count, key, value)
    {
        if (!json_span_next_member(&reader, &name_text, &value_text)) {
            return;
        }
        struct bytes name = json_document_text(key);
        if (name.length == 1) {
            take_member(members, name.data[0], value, value_text);
        }
    }
}

static enum status
check_members(const struct members *members)
{
    bool is_valid =
        yyjson_is_str(members->hub) &&
        (members->method == NULL || yyjson_is_str(members->method)) &&
        (members->id == NULL || yyjson_is_str(members->id) || yyjson_is_raw(members->id)) &&
        (members->arguments == NULL || yyjson_is_arr(members->arguments)) &&
        (members->state == NULL || yyjson_is_obj(members->state));

    if (!is_valid) {
        return STATUS_INVALID;
    }
    if (json_span_utf16_length(members->state_text) > HUB_MESSAGE_STATE_CHARS_MAX ||
        json_span_depth(members->state_text) > HUB_MESSAGE_DEPTH_MAX) {
        return STATUS_LIMIT;
    }
    return STATUS_OK;
}

/* A copy that outlives the document; the room is there already, so that earlier copies stay put. */
static struct bytes
keep_text(struct buffer *texts, struct bytes text)
{
    size_t before = texts->length;

    if (text.data == NULL || buffer_append(texts, text) != STATUS_OK) {
        return BYTES_NONE;
    }
    return bytes_from(texts->data + before, text.length);
}

static enum status
keep_members(const struct members *members, struct hub_message *out)
{
    struct bytes hub = json_document_text(members->hub);
    struct bytes method = json_document_text(members->method);
    struct bytes id = json_document_text(members->id);
    size_t total = hub.length + method.length + id.length + 1;

    *out = (struct hub_message){.arguments = BYTES("[]")};
    buffer_init(&out->texts, total);
    if (buffer_reserve(&out->texts, total) == NULL) {
        return STATUS_NO_MEMORY;
    }
    out->hub = keep_text(&out->texts, hub);
    out->method = keep_text(&out->texts, method);
    out->id = keep_text(&out->texts, id);
    if (members->arguments != NULL) {
        out->arguments = members->arguments_text;
        out->argument_count = yyjson_arr_size(members->arguments);
        out->is_too_deep = json_span_depth(out->arguments) > HUB_MESSAGE_DEPTH_MAX + 1;
    }
    out->state = members->state_text;
    return STATUS_OK;
}

enum status
hub_message_parse(struct bytes text, struct hub_message *out)
{
    struct members members = {0};
    struct json_document document;
    enum status status = json_document_read(text, &document);

    if (status != STATUS_OK) {
        return status;
    }
    collect_members(json_document_root(&document), text, &members);
    status = check_members(&members);
    if (status == STATUS_OK) {
        status = keep_members(&members, out);
    }
    json_document_deinit(&document);
    return status;
}

void
hub_message_deinit(struct hub_message *message)
{
    buffer_deinit(&message->texts);
    *message = (struct hub_message){0};
}

static void
append_id(struct buffer *out, struct bytes id)
{
    buffer_append(out, BYTES("\"I\":"));
    if (id.data == NULL) {
        buffer_append(out, BYTES("null"));
    } else {
        buffer_append_json_string(out, id);
    }
}

static bool
is_void(struct bytes value)
{
    struct bytes text = json_span_trim(value);

    return text.length == 0 || bytes_equal(text, BYTES("null"));
}

enum status
hub_message_append_result(struct buffer *out, const struct hub_message_result *result)
{
    buffer_append_byte(out, '{');
    if (result->state.length > 0) {
        buffer_append(out, BYTES("\"S\":"));
        json_span_append_line(out, result->state);
        buffer_append_byte(out, ',');
    }
    if (result->error.data == NULL && !is_void(result->value)) {
        buffer_append(out, BYTES("\"R\":"));
        json_span_append_line(out, result->value);
        buffer_append_byte(out, ',');
    }
    append_id(out, result->id);
    if (result->error.data != NULL) {
        buffer_append_string(out, result->is_hub_exception ? ",\"H\":true,\"E\":" : ",\"E\":");
        buffer_append_json_string(out, result->error);
    }
    if (result->is_hub_exception && !is_void(result->error_data)) {
        buffer_append(out, BYTES(",\"D\":"));
        json_span_append_line(out, result->error_data);
    }
    buffer_append_byte(out, '}');
    return out->status;
}

enum status
hub_message_append_progress(struct buffer *out, struct bytes id, struct bytes value)
{
    size_t quote;

    buffer_append(out, BYTES("{\"I\":"));
    /* Two bytes of room, then the quoted id; its quote moves to the front: "P|3". */
    quote = out->length;
    buffer_append(out, BYTES("  "));
    buffer_append_json_string(out, id);
    if (out->status != STATUS_OK) {
        return out->status;
    }
    out->data[quote] = '"';
    out->data[quote + 1] = 'P';
    out->data[quote + 2] = '|';
    buffer_append(out, BYTES(",\"P\":{"));
    append_id(out, id);
    buffer_append(out, BYTES(",\"D\":"));
    json_span_append_line(out, (value.length > 0) ? value : BYTES("null"));
    buffer_append(out, BYTES("}}"));
    return out->status;
}

enum status
hub_message_append_client_call(struct buffer *out, struct bytes hub, struct bytes method,
                               struct bytes arguments, struct bytes state)
{
    buffer_append(out, BYTES("{\"H\":"));
    buffer_append_json_string(out, hub);
    buffer_append(out, BYTES(",\"M\":"));
    buffer_append_json_string(out, method);
    buffer_append(out, BYTES(",\"A\":"));
    json_span_append_line(out, (arguments.length > 0) ? arguments : BYTES("[]"));
    if (state.length > 0) {
        buffer_append(out, BYTES(",\"S\":"));
        json_span_append_line(out, state);
    }
    buffer_append_byte(out, '}');
    return out->status;
}

enum status
hub_message_append_generic_error(struct buffer *out, struct bytes hub, struct bytes method)
{
    buffer_append(out, BYTES("There was an error invoking Hub method '"));
    buffer_append(out, hub);
    buffer_append_byte(out, '.');
    buffer_append(out, method);
    buffer_append(out, BYTES("'."));
    return out->status;
}

enum status
hub_message_append_unknown_method(struct buffer *out, struct bytes method, struct bytes candidates)
{
    buffer_append_byte(out, '\'');
    buffer_append(out, method);
    buffer_append(out, BYTES("' method could not be resolved. "));
    if (candidates.length > 0) {
        buffer_append(out, BYTES("Potential candidates are: \n"));
        buffer_append(out, candidates);
    } else {
        buffer_append(out, BYTES("No method found with that name."));
    }
    return out->status;
}
