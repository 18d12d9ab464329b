/* SPDX-License-Identifier: MIT */
#include "service/http/http_handshake.h"

#include "common/base/crypto.h"

/* RFC 6455 section 1.3; and a key is 16 bytes in base64: 22 digits and two '='. */
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
enum { KEY_DIGITS = 22, KEY_TEXT_BYTES = 24, HASH_BYTES = 20 };

static bool
is_base64_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
           byte == '+' || byte == '/';
}

/* Only its form is looked at: nothing needs the bytes. */
static bool
is_key(struct bytes key)
{
    for (size_t i = 0; i < KEY_DIGITS && i < key.length; i++) {
        if (!is_base64_digit(key.data[i])) {
            return false;
        }
    }
    return key.length == KEY_TEXT_BYTES && bytes_equal(bytes_after(key, KEY_DIGITS), BYTES("=="));
}

enum http_handshake
http_handshake_of(const struct http_request *request)
{
    if (request->method != HTTP_METHOD_GET || request->version_minor < 1 ||
        request->body.length > 0 ||
        !http_request_header_has(request, BYTES("Upgrade"), BYTES("websocket")) ||
        !http_request_header_has(request, BYTES("Connection"), BYTES("upgrade"))) {
        return HTTP_HANDSHAKE_NONE;
    }
    struct bytes version = http_request_header(request, BYTES("Sec-WebSocket-Version"));
    if (version.data == NULL) {
        return HTTP_HANDSHAKE_NONE;
    }
    if (!bytes_equal(version, BYTES("13"))) {
        return HTTP_HANDSHAKE_OTHER_VERSION;
    }
    return is_key(http_request_header(request, BYTES("Sec-WebSocket-Key"))) ? HTTP_HANDSHAKE_VALID
                                                                            : HTTP_HANDSHAKE_NONE;
}

/* base64(SHA-1(key + GUID)), appended to ${out}. */
static enum status
append_accept(struct bytes key, struct buffer *out)
{
    struct buffer input;
    uint8_t hash[HASH_BYTES];
    buffer_init(&input, KEY_TEXT_BYTES + sizeof(ACCEPT_GUID));
    buffer_append(&input, key);
    buffer_append(&input, BYTES(ACCEPT_GUID));
    enum status status = input.status;
    if (status == STATUS_OK) {
        crypto_sha1(buffer_bytes(&input), hash);
        status = crypto_base64_encode(bytes_from(hash, sizeof(hash)), out);
    }
    buffer_deinit(&input);
    return status;
}

struct payload *
http_handshake_accept(const struct http_request *request)
{
    struct payload *payload = NULL;
    struct buffer answer;
    buffer_init(&answer, 256);
    buffer_append(&answer, BYTES("HTTP/1.1 101 Switching Protocols\r\n"
                                 "Upgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: "));
    enum status status =
        append_accept(http_request_header(request, BYTES("Sec-WebSocket-Key")), &answer);
    buffer_append(&answer, BYTES("\r\n\r\n"));
    if (status == STATUS_OK && answer.status == STATUS_OK) {
        payload = payload_from(buffer_bytes(&answer));
    }
    buffer_deinit(&answer);
    return payload;
}
