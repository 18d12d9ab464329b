/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_relay_render.h"

#include "service/signalr/json_span.h"

static void
append_argument(const struct hub_call_info *info, size_t number, struct buffer *out)
{
    struct json_span_reader reader = json_span_open(info->arguments);
    struct bytes value;

    for (size_t i = 1; json_span_next(&reader, &value); i++) {
        if (i == number) {
            buffer_append(out, value);
            return;
        }
    }
    buffer_append(out, BYTES("null"));
}

static void
append_all(const struct hub_call_info *info, struct buffer *out)
{
    struct bytes inside = json_span_open(info->arguments).rest;

    if (inside.length > 0 && out->length > 0 && out->data[out->length - 1] != '[') {
        buffer_append_byte(out, ',');
    }
    buffer_append(out, json_span_trim(inside));
}

static void
append_text_or_null(struct bytes text, struct buffer *out)
{
    if (text.length == 0) {
        buffer_append(out, BYTES("null"));
    } else {
        buffer_append_json_string(out, text);
    }
}

/* State names compare without case, as .NET clients keep them. */
static void
append_state(const struct hub_call_info *info, struct bytes member, struct buffer *out)
{
    struct json_span_reader reader = json_span_open(info->state);
    struct bytes name, value;

    while (json_span_next_member(&reader, &name, &value)) {
        if (name.length >= 2 &&
            bytes_equal_ignore_case(bytes_slice(name, 1, name.length - 2), member)) {
            buffer_append(out, value);
            return;
        }
    }
    buffer_append(out, BYTES("null"));
}

static void
append_data(const struct hub_call_info *info, bool as_json, struct buffer *out)
{
    struct bytes text = json_span_trim(info->arguments);

    if (as_json && json_span_check(text) == STATUS_OK) {
        buffer_append(out, text);
    } else if (bytes_is_utf8(info->arguments)) {
        buffer_append_json_string(out, info->arguments);
    } else {
        buffer_append(out, BYTES("null"));
    }
}

enum status
hub_relay_render(const struct hub_relay_template *template, const struct hub_call_info *info,
                 struct buffer *out)
{
    for (size_t i = 0; i < template->count; i++) {
        const struct hub_relay_piece *piece = &template->pieces[i];
        struct bytes text = bytes_slice(buffer_bytes(&template->texts), piece->from, piece->length);

        switch (piece->kind) {
        case HUB_RELAY_PIECE_TEXT:
            buffer_append(out, text);
            break;
        case HUB_RELAY_PIECE_ARGUMENT:
            append_argument(info, piece->number, out);
            break;
        case HUB_RELAY_PIECE_ALL:
            append_all(info, out);
            break;
        case HUB_RELAY_PIECE_USER:
            append_text_or_null(info->user, out);
            break;
        case HUB_RELAY_PIECE_CONNECTION:
            append_text_or_null(info->connection_id, out);
            break;
        case HUB_RELAY_PIECE_STATE:
            append_state(info, text, out);
            break;
        case HUB_RELAY_PIECE_DATA:
            append_data(info, false, out);
            break;
        case HUB_RELAY_PIECE_JSON:
            append_data(info, true, out);
            break;
        }
    }
    return out->status;
}

enum status
hub_relay_render_text(const struct hub_relay_template *template, const struct hub_call_info *info,
                      struct buffer *out)
{
    struct buffer json;
    struct bytes value;
    enum status status;

    buffer_clear(out);
    buffer_init(&json, out->limit_bytes);
    status = hub_relay_render(template, info, &json);
    value = json_span_trim(buffer_bytes(&json));
    if (status == STATUS_OK && !bytes_equal(value, BYTES("null"))) {
        uint8_t first = (value.length > 0) ? value.data[0] : 0;
        if (first == '"') {
            status = json_span_append_text(out, value);
        } else if (first == '-' || (first >= '0' && first <= '9')) {
            status = buffer_append(out, value);
        } else {
            status = STATUS_INVALID;
        }
    }
    buffer_deinit(&json);
    return status;
}
