/* SPDX-License-Identifier: MIT */
#include "bridge/admin/message_line.h"

#include <inttypes.h>

#include "common/wire/signalr_message.h"

enum { INSTANCE_SHOWN_BYTES = 4 };

static void
append_text(struct buffer *out, const char *name, struct bytes text)
{
    char printable[MESSAGE_LINE_TEXT_BYTES + 1];
    size_t length = text.length;
    size_t written = bytes_printable(&text, printable, sizeof(printable));

    (void)buffer_append_format(out, " %s=%.*s", name, (int)written, printable);
    if (text.length > 0) {
        (void)buffer_append_format(out, "... (%zu bytes)", length);
    }
}

/* Who published it: our trailer says so; .NET servers have none. */
static void
append_origin(struct buffer *out, struct bytes bytes)
{
    struct signalr_trailer trailer;

    if (!signalr_trailer_decode(bytes, &trailer)) {
        (void)buffer_append_string(out, " from=dotnet");
        return;
    }
    if (trailer.sequence == 0) {
        (void)buffer_append_format(out, " from=bridge void=%" PRIu64 "-%" PRIu64, trailer.void_from,
                                   trailer.void_to);
        return;
    }
    (void)buffer_append_string(out, " from=node:");
    for (size_t i = 0; i < INSTANCE_SHOWN_BYTES; i++) {
        (void)buffer_append_format(out, "%02x", trailer.instance[i]);
    }
    (void)buffer_append_format(out, "#%" PRIu64, trailer.sequence);
}

static void
append_message(struct buffer *out, const struct signalr_message *message)
{
    append_text(out, "topic", message->topic);
    append_text(out, "source", message->source);
    if (message->command_id.length > 0) {
        append_text(out, message->is_ack ? "ack" : "command", message->command_id);
    }
    if (message->waits_for_ack) {
        (void)buffer_append_string(out, " waits_for_ack");
    }
    if (message->filter.length > 0) {
        append_text(out, "except", message->filter);
    }
    append_text(out, "value", message->value);
}

enum status
message_line_append(uint64_t id, struct bytes frame, struct buffer *out)
{
    struct signalr_message_reader reader;
    struct signalr_message message;
    bool is_empty = true;

    if (signalr_message_open(frame, &reader) != STATUS_OK) {
        return buffer_append_format(out, "id=%" PRIu64 " malformed (%zu bytes)\n", id,
                                    frame.length);
    }
    while (signalr_message_next(&reader, &message)) {
        (void)buffer_append_format(out, "id=%" PRIu64, id);
        append_origin(out, reader.trailer);
        append_message(out, &message);
        (void)buffer_append_byte(out, '\n');
        is_empty = false;
    }
    if (is_empty) {
        (void)buffer_append_format(out, "id=%" PRIu64, id);
        append_origin(out, reader.trailer);
        (void)buffer_append_string(out, " empty\n");
    }
    return out->status;
}
