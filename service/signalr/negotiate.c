/* SPDX-License-Identifier: MIT */
#include "service/signalr/negotiate.h"

/* A whole double as Json.NET prints it: 20.0, 0.5. */
static void
append_seconds(struct buffer *out, const char *name, uint64_t ms)
{
    unsigned fraction = (unsigned)(ms % 1000);
    int digits = 3;

    while (digits > 1 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    buffer_append_format(out, ",\"%s\":", name);
    buffer_append_uint64(out, ms / 1000);
    buffer_append_format(out, ".%0*u", digits, fraction);
}

static void
append_text(struct buffer *out, const char *name, struct bytes text)
{
    buffer_append_format(out, ",\"%s\":", name);
    buffer_append_json_string(out, text);
}

enum status
negotiate_append(struct buffer *out, const struct negotiate *negotiate)
{
    buffer_append(out, BYTES("{\"Url\":"));
    buffer_append_json_string(out, negotiate->url);
    append_text(out, "ConnectionToken", negotiate->connection_token);
    append_text(out, "ConnectionId", negotiate->connection_id);
    if (negotiate->keepalive_ms > 0) {
        append_seconds(out, "KeepAliveTimeout", 2 * negotiate->keepalive_ms);
    } else {
        buffer_append(out, BYTES(",\"KeepAliveTimeout\":null"));
    }
    append_seconds(out, "DisconnectTimeout", negotiate->disconnect_ms);
    append_seconds(out, "ConnectionTimeout", negotiate->connection_timeout_ms);
    buffer_append_format(out, ",\"TryWebSockets\":%s",
                         negotiate->try_websockets ? "true" : "false");
    append_text(out, "ProtocolVersion", bytes_from_string(negotiate->version->text));
    append_seconds(out, "TransportConnectTimeout", negotiate->transport_connect_timeout_ms);
    append_seconds(out, "LongPollDelay", negotiate->long_poll_delay_ms);
    buffer_append_byte(out, '}');
    return out->status;
}

enum status
negotiate_append_url(struct buffer *out, struct bytes path)
{
    struct bytes suffix = BYTES("/negotiate");

    while (path.length > 0) {
        if (bytes_starts_with(path, suffix)) {
            path = bytes_after(path, suffix.length);
        } else {
            buffer_append_byte(out, path.data[0]);
            path = bytes_after(path, 1);
        }
    }
    return out->status;
}

enum status
negotiate_append_redirect(struct buffer *out, struct bytes url, struct bytes access_token)
{
    buffer_append(out, BYTES("{\"ProtocolVersion\":\"2.0\""));
    append_text(out, "RedirectUrl", url);
    if (access_token.length > 0) {
        append_text(out, "AccessToken", access_token);
    }
    buffer_append_byte(out, '}');
    return out->status;
}

enum status
negotiate_append_error(struct buffer *out, struct bytes text)
{
    buffer_append(out, BYTES("{\"ProtocolVersion\":\"2.0\""));
    append_text(out, "Error", text);
    buffer_append_byte(out, '}');
    return out->status;
}
