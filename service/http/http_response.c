/* SPDX-License-Identifier: MIT */
#include "service/http/http_response.h"

#include <assert.h>
#include <string.h>

#include "service/http/http_status.h"

/* Runs twice: without memory to measure, then into a payload of just that size. */
struct writer {
    uint8_t *out; /* NULL: measuring */
    size_t length;
};

static void
put(struct writer *writer, struct bytes bytes)
{
    if (writer->out != NULL && bytes.length > 0) {
        memcpy(writer->out + writer->length, bytes.data, bytes.length);
    }
    writer->length += bytes.length;
}

static bool
is_control(uint8_t byte)
{
    return (byte < ' ' && byte != '\t') || byte == 0x7F;
}

/* Text from outside this file: whatever could end a line is left out. */
static void
put_text(struct writer *writer, struct bytes text)
{
    size_t start = 0;
    for (size_t at = 0; at < text.length; at++) {
        if (is_control(text.data[at])) {
            put(writer, bytes_slice(text, start, at - start));
            start = at + 1;
        }
    }
    put(writer, bytes_after(text, start));
}

static void
put_number(struct writer *writer, uint64_t number)
{
    uint8_t digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(writer, bytes_from(digits + at, sizeof(digits) - at));
}

static void
put_header(struct writer *writer, struct bytes name, struct bytes value)
{
    put_text(writer, name);
    put(writer, BYTES(": "));
    put_text(writer, value);
    put(writer, BYTES("\r\n"));
}

static void
put_status_line(struct writer *writer, const struct http_response *response)
{
    const char *reason = response->reason;
    if (reason == NULL) {
        reason = http_status_phrase(response->status);
    }
    put(writer, BYTES("HTTP/1.1 "));
    put_number(writer, response->status);
    put(writer, BYTES(" "));
    put_text(writer, bytes_from_string(reason));
    put(writer, BYTES("\r\n"));
}

static void
put_framing(struct writer *writer, const struct http_response *response,
            const struct http_response_form *form)
{
    if (!form->keeps_alive) {
        put(writer, BYTES("Connection: close\r\n"));
    } else if (form->version_minor == 0) {
        put(writer, BYTES("Connection: keep-alive\r\n"));
    }
    if (http_response_is_bodiless(response->status)) {
        return;
    }
    if (form->framing == HTTP_FRAMING_CHUNKED) {
        put(writer, BYTES("Transfer-Encoding: chunked\r\n"));
    } else if (form->framing == HTTP_FRAMING_LENGTH) {
        put(writer, BYTES("Content-Length: "));
        put_number(writer, response->body.length);
        put(writer, BYTES("\r\n"));
    }
}

static void
put_response(struct writer *writer, const struct http_response *response,
             const struct http_response_form *form)
{
    put_status_line(writer, response);
    if (response->content_type != NULL) {
        put_header(writer, BYTES("Content-Type"), bytes_from_string(response->content_type));
    }
    for (size_t i = 0; i < response->header_count; i++) {
        put_header(writer, response->headers[i].name, response->headers[i].value);
    }
    put_framing(writer, response, form);
    put(writer, BYTES("\r\n"));
    if (form->framing == HTTP_FRAMING_LENGTH && !form->is_head &&
        !http_response_is_bodiless(response->status)) {
        put(writer, response->body);
    }
}

bool
http_response_is_bodiless(uint16_t status)
{
    return status == 204 || status == 304;
}

struct payload *
http_response_encode(const struct http_response *response, const struct http_response_form *form)
{
    assert(response->status >= 200 && response->status <= 599);
    struct writer writer = {NULL, 0};
    put_response(&writer, response, form);
    struct payload *payload = payload_new(writer.length);
    if (payload == NULL) {
        return NULL;
    }
    writer = (struct writer){payload->data, 0};
    put_response(&writer, response, form);
    assert(writer.length == payload->length);
    return payload;
}
