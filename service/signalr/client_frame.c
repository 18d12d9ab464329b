/* SPDX-License-Identifier: MIT */
#include "service/signalr/client_frame.h"

#include "service/signalr/cursor.h"
#include "service/signalr/json_span.h"

/* What goes around one JSON text. */
static const struct {
    const char *before;
    const char *after;
} wrappings[CLIENT_FRAME_KINDS] = {
    [CLIENT_FRAME_WEBSOCKET] = {"", ""},
    [CLIENT_FRAME_EVENT_STREAM] = {"data: ", "\n\n"},
    [CLIENT_FRAME_FOREVER_FRAME] = {"<script>r(c, ", ");</script>\r\n"},
    [CLIENT_FRAME_LONG_POLL] = {"", ""},
};

/* The document around a forever frame's scripts, up to the frame id and behind it. It tolerates a
 * parent without jQuery or SignalR. */
static const char frame_before_id[] = "<!DOCTYPE html><html><head><title>stream</title><script>\r\n"
                                      "var j = window.parent.jQuery, t = j && j.signalR ? "
                                      "j.signalR.transports.foreverFrame : null,\r\n"
                                      "    c = t ? t.getConnection(\"";
static const char frame_after_id[] = "\") : null, r = t ? t.receive : function () {};\r\n"
                                     "if (t) { t.started(c); }\r\n"
                                     "</script></head><body>\r\n";

/* The escape of what starts at ${text}, or NULL; ${length} bytes stand for it. */
static const char *
find_escape(struct bytes text, size_t *length)
{
    *length = 1;
    switch (text.data[0]) {
    case '<':
        return "\\u003c";
    case '>':
        return "\\u003e";
    case '\r':
    case '\n':
        return " ";
    case 0xE2:
        /* E2 80 A8 and E2 80 A9: line ends for scripts before ECMAScript 2019. */
        if (text.length >= 3 && text.data[1] == 0x80 && (text.data[2] & 0xFE) == 0xA8) {
            *length = 3;
            return (text.data[2] == 0xA8) ? "\\u2028" : "\\u2029";
        }
        return NULL;
    default:
        return NULL;
    }
}

enum status
client_frame_append_escaped(struct buffer *out, struct bytes json)
{
    size_t from = 0;
    size_t i = 0;

    while (i < json.length) {
        size_t length;
        const char *escape = find_escape(bytes_after(json, i), &length);
        if (escape != NULL) {
            buffer_append(out, bytes_slice(json, from, i - from));
            buffer_append_string(out, escape);
            from = i + length;
        }
        i += length;
    }
    buffer_append(out, bytes_after(json, from));
    return out->status;
}

static void
append_text(struct buffer *out, enum client_frame_kind kind, struct bytes json)
{
    if (kind == CLIENT_FRAME_FOREVER_FRAME) {
        client_frame_append_escaped(out, json);
    } else {
        json_span_append_line(out, json);
    }
}

static void
append_head(struct buffer *out, const struct client_frame *frame)
{
    char cursor[CURSOR_TEXT_BYTES];
    size_t length = cursor_format(frame->cursor, cursor);

    buffer_append(out, BYTES("{\"C\":\""));
    buffer_append(out, bytes_from(cursor, length));
    buffer_append_byte(out, '"');
    if (frame->is_init) {
        buffer_append(out, BYTES(",\"S\":1"));
    }
    if (frame->is_reconnect) {
        buffer_append(out, BYTES(",\"T\":1"));
    }
    if (frame->groups_token.length > 0) {
        buffer_append(out, BYTES(",\"G\":"));
        buffer_append_json_string(out, frame->groups_token);
    }
    if (frame->long_poll_delay_ms > 0) {
        buffer_append(out, BYTES(",\"L\":"));
        buffer_append_uint64(out, frame->long_poll_delay_ms);
    }
}

enum status
client_frame_append(struct buffer *out, enum client_frame_kind kind,
                    const struct client_frame *frame)
{
    buffer_append_string(out, wrappings[kind].before);
    append_head(out, frame);
    buffer_append(out, BYTES(",\"M\":["));
    for (size_t i = 0; i < frame->value_count; i++) {
        if (i > 0) {
            buffer_append_byte(out, ',');
        }
        append_text(out, kind, frame->values[i]);
    }
    buffer_append(out, BYTES("]}"));
    buffer_append_string(out, wrappings[kind].after);
    return out->status;
}

enum status
client_frame_append_json(struct buffer *out, enum client_frame_kind kind, struct bytes json)
{
    buffer_append_string(out, wrappings[kind].before);
    append_text(out, kind, json);
    buffer_append_string(out, wrappings[kind].after);
    return out->status;
}

enum status
client_frame_append_error(struct buffer *out, enum client_frame_kind kind, struct bytes text)
{
    buffer_append_string(out, wrappings[kind].before);
    buffer_append(out, BYTES("{\"E\":"));
    buffer_append_json_string(out, text);
    buffer_append_byte(out, '}');
    buffer_append_string(out, wrappings[kind].after);
    return out->status;
}

enum status
client_frame_append_keep_alive(struct buffer *out, enum client_frame_kind kind)
{
    static const char *const keep_alives[CLIENT_FRAME_KINDS] = {
        [CLIENT_FRAME_WEBSOCKET] = "{}",
        [CLIENT_FRAME_EVENT_STREAM] = "data: {}\n\n",
        [CLIENT_FRAME_FOREVER_FRAME] = "<script>r(c, {});</script>\n\n",
        [CLIENT_FRAME_LONG_POLL] = " ",
    };

    buffer_append_string(out, keep_alives[kind]);
    return out->status;
}

enum status
client_frame_append_opening(struct buffer *out, enum client_frame_kind kind, uint32_t frame_id)
{
    if (kind == CLIENT_FRAME_EVENT_STREAM) {
        buffer_append(out, BYTES("data: initialized\n\n"));
    } else if (kind == CLIENT_FRAME_FOREVER_FRAME) {
        buffer_append_string(out, frame_before_id);
        buffer_append_uint64(out, frame_id);
        buffer_append_string(out, frame_after_id);
    }
    return out->status;
}

enum status
client_frame_parse_id(struct bytes text, uint32_t *frame_id)
{
    uint64_t value;

    if (bytes_parse_uint64(text, &value) != STATUS_OK || value > UINT32_MAX) {
        return STATUS_INVALID;
    }
    *frame_id = (uint32_t)value;
    return STATUS_OK;
}
