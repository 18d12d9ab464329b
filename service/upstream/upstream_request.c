/* SPDX-License-Identifier: MIT */
#include "service/upstream/upstream_request.h"

#include "common/base/crypto.h"
#include "service/http/http_url.h"

enum { METHOD_BYTES_MAX = 256, SIGNATURE_BYTES = 32, BODY_BYTES_MAX = 64 * 1024 * 1024 };

/* What of a call the URL and the headers name. */
struct event_name {
    struct bytes category;
    struct bytes event;
};

static struct event_name
name_of(const struct hub_call_info *info)
{
    switch (info->event) {
    case HUB_CONNECTED:
        return (struct event_name){BYTES("connections"), BYTES("connected")};
    case HUB_DISCONNECTED:
        return (struct event_name){BYTES("connections"), BYTES("disconnected")};
    case HUB_INVOCATION:
    case HUB_RECONNECTED:
    case HUB_RAW_DATA:
    case HUB_OWN:
        break;
    }
    return (struct event_name){BYTES("messages"), info->method};
}

bool
upstream_request_allows_method(struct bytes method)
{
    bool has_other_than_dots = false;

    for (size_t i = 0; i < method.length; i++) {
        has_other_than_dots |= method.data[i] != '.';
    }
    return has_other_than_dots && method.length <= METHOD_BYTES_MAX &&
           !bytes_equal_ignore_case(method, BYTES("connected")) &&
           !bytes_equal_ignore_case(method, BYTES("disconnected"));
}

/*
 * The URL.
 */

/* The value of the "{hub}" at the front of ${rest}, which is advanced; BYTES_NONE when it is none.
 */
static struct bytes
take_hole(struct bytes *rest, struct bytes hub, const struct event_name *name)
{
    static const struct {
        const char *text;
        int which;
    } holes[] = {{"{hub}", 0}, {"{category}", 1}, {"{event}", 2}};
    const struct bytes values[] = {hub, name->category, name->event};

    for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++) {
        struct bytes text = bytes_from_string(holes[i].text);
        if (bytes_starts_with_ignore_case(*rest, text)) {
            *rest = bytes_after(*rest, text.length);
            return values[holes[i].which];
        }
    }
    return BYTES_NONE;
}

/* False when a brace is not part of a hole. */
static bool
fill_template(struct bytes rest, struct bytes hub, const struct event_name *name,
              struct buffer *out)
{
    while (rest.length > 0) {
        if (rest.data[0] == '{' || rest.data[0] == '}') {
            struct bytes value = take_hole(&rest, hub, name);
            if (value.data == NULL) {
                return false;
            }
            buffer_append_url_encoded(out, value);
        } else {
            buffer_append_byte(out, rest.data[0]);
            rest = bytes_after(rest, 1);
        }
    }
    return true;
}

bool
upstream_settings_url_is_valid(struct bytes text)
{
    static const struct event_name name = {{(const uint8_t *)"messages", 8},
                                           {(const uint8_t *)"Send", 4}};
    struct http_url url;
    struct buffer target;

    if (text.length > UPSTREAM_URL_BYTES_MAX || http_url_parse(text, &url) != STATUS_OK ||
        bytes_find(url.authority, '{') != SIZE_MAX || bytes_find(url.authority, '}') != SIZE_MAX) {
        return false;
    }
    buffer_init(&target, 2 * UPSTREAM_URL_BYTES_MAX);
    bool is_valid = fill_template(url.target, BYTES("Hub"), &name, &target);
    buffer_deinit(&target);
    return is_valid;
}

/*
 * The headers.
 */

/* Control characters would end the line, or be refused by the application's server. */
static void
append_header_text(struct buffer *out, struct bytes text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] >= ' ' && text.data[i] != 0x7F) {
            continue;
        }
        buffer_append(out, bytes_slice(text, from, i - from));
        buffer_append_format(out, "%%%02X", text.data[i]);
        from = i + 1;
    }
    buffer_append(out, bytes_after(text, from));
}

static void
append_header(struct buffer *out, const char *name, struct bytes value)
{
    buffer_append_format(out, "%s: ", name);
    append_header_text(out, value);
    buffer_append_string(out, "\r\n");
}

static void
append_lower_hex(struct buffer *out, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        buffer_append_byte(out, (uint8_t)digits[bytes[i] >> 4]);
        buffer_append_byte(out, (uint8_t)digits[bytes[i] & 15]);
    }
}

static void
append_signature(const struct upstream_settings *settings, struct bytes connection_id,
                 struct buffer *out)
{
    uint8_t digest[SIGNATURE_BYTES];

    for (size_t i = 0; i < UPSTREAM_KEYS_MAX && settings->keys[i] != NULL; i++) {
        crypto_hmac_sha256(bytes_from_string(settings->keys[i]), connection_id, digest);
        buffer_append_string(out, i == 0 ? "X-ASRS-Signature: sha256=" : ",sha256=");
        append_lower_hex(out, digest, sizeof(digest));
    }
    if (settings->keys[0] != NULL) {
        buffer_append_string(out, "\r\n");
    }
}

static void
append_client(const struct hub_call_info *info, struct buffer *out)
{
    if (info->user.length > 0) {
        append_header(out, "X-ASRS-User-Id", info->user);
    }
    if (info->claims.length > 0) {
        append_header(out, "X-ASRS-User-Claims", info->claims);
    }
    if (info->query.length > 0) {
        buffer_append_string(out, "X-ASRS-Client-Query: ?");
        append_header_text(out, info->query);
        buffer_append_string(out, "\r\n");
    }
    if (info->token.length > 0) {
        append_header(out, "X-Hubplane-Connection-Token", info->token);
    }
    /* Whole lines, picked and checked where the client's request was read. */
    buffer_append(out, info->headers);
}

static void
append_headers(const struct upstream_settings *settings, const struct hub_call_info *info,
               const struct event_name *name, struct buffer *out)
{
    append_header(out, "X-ASRS-Connection-Id", info->connection_id);
    append_header(out, "X-ASRS-Hub", info->hub);
    append_header(out, "X-ASRS-Category", name->category);
    append_header(out, "X-ASRS-Event", name->event);
    append_signature(settings, info->connection_id, out);
    append_client(info, out);
}

/*
 * The body.
 */

static void
append_invocation(const struct hub_call_info *info, struct buffer *out)
{
    buffer_append_string(out, "{\"type\":1,");
    if (info->id.data != NULL) {
        buffer_append_string(out, "\"invocationId\":");
        buffer_append_json_string(out, info->id);
        buffer_append_byte(out, ',');
    }
    buffer_append_string(out, "\"target\":");
    buffer_append_json_string(out, info->method);
    buffer_append_string(out, ",\"arguments\":");
    buffer_append(out, info->arguments);
    if (info->state.length > 0) {
        buffer_append_string(out, ",\"state\":");
        buffer_append(out, info->state);
    }
    buffer_append_byte(out, '}');
}

static void
append_body(const struct hub_call_info *info, struct buffer *out)
{
    if (info->event == HUB_CONNECTED) {
        buffer_append_string(out, "{\"type\":10}");
    } else if (info->event == HUB_DISCONNECTED) {
        buffer_append_string(out, info->stop_called
                                      ? "{\"type\":11,\"error\":null}"
                                      : "{\"type\":11,\"error\":\"The client was lost.\"}");
    } else {
        append_invocation(info, out);
    }
}

enum status
upstream_request_append(const struct upstream_settings *settings, const struct hub_call_info *info,
                        struct buffer *out)
{
    struct event_name name = name_of(info);
    struct http_url url;
    struct buffer body;

    if (http_url_parse(bytes_from_string(settings->url), &url) != STATUS_OK) {
        return STATUS_INVALID;
    }
    buffer_init(&body, BODY_BYTES_MAX);
    append_body(info, &body);
    buffer_append_string(out, "POST ");
    if (url.target.length == 0 || url.target.data[0] != '/') {
        buffer_append_byte(out, '/');
    }
    (void)fill_template(url.target, info->hub, &name, out);
    buffer_append_string(out, " HTTP/1.1\r\n");
    append_header(out, "Host", url.authority);
    buffer_append_format(out,
                         "Accept-Encoding: identity\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n",
                         body.length);
    append_headers(settings, info, &name, out);
    buffer_append_string(out, "\r\n");
    buffer_append(out, buffer_bytes(&body));
    enum status status = body.status != STATUS_OK ? body.status : out->status;
    buffer_deinit(&body);
    return status;
}
