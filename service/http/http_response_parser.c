/* SPDX-License-Identifier: MIT */
#include "service/http/http_response_parser.h"

#include <assert.h>
#include <stdlib.h>

#include <llhttp.h>

enum {
    HEAD_BYTES_MAX = 64 * 1024,
    VALUE_BYTES_MAX = 1024, /* of the headers that are looked at; the rest of a value is cut off */
    /* Chunk framing and trailers may cost this many bytes for each byte of body, and a head's worth
     * besides. */
    FRAMING_FACTOR = 8,
    STATUS_SWITCHING = 101,
    STATUS_FINAL = 200,
    KEEP_ALIVE_SECONDS_MAX = 3600,
};

/* The headers that are looked at; all others are skipped. */
enum known_header { HEADER_OTHER, HEADER_CONTENT_TYPE, HEADER_KEEP_ALIVE };

struct http_response_parser {
    llhttp_t llhttp;
    size_t body_max_bytes;
    uint64_t raw_bytes; /* of the present answer, as on the wire */
    struct buffer name;
    struct buffer content_type;
    struct buffer keep_alive;
    struct buffer body;
    enum known_header header;
    enum status failure;
    bool has_head;
    bool is_complete;
    bool keeps_alive;
};

static struct http_response_parser *
parser_of(llhttp_t *llhttp)
{
    return CONTAINER_OF(llhttp, struct http_response_parser, llhttp);
}

static int
fail(struct http_response_parser *parser, enum status failure)
{
    parser->failure = failure;
    return -1;
}

static void
forget_answer(struct http_response_parser *parser)
{
    buffer_clear(&parser->name);
    buffer_clear(&parser->content_type);
    buffer_clear(&parser->keep_alive);
    buffer_clear(&parser->body);
    parser->header = HEADER_OTHER;
    parser->raw_bytes = 0;
    parser->has_head = false;
    parser->is_complete = false;
}

/* Append what fits. */
static int
keep(struct http_response_parser *parser, struct buffer *buffer, const char *at, size_t length)
{
    struct bytes part = bytes_slice(bytes_from(at, length), 0, VALUE_BYTES_MAX - buffer->length);

    return buffer_append(buffer, part) == STATUS_OK ? 0 : fail(parser, STATUS_NO_MEMORY);
}

static int
on_header_field(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_response_parser *parser = parser_of(llhttp);

    return keep(parser, &parser->name, at, length);
}

static int
on_header_field_complete(llhttp_t *llhttp)
{
    struct http_response_parser *parser = parser_of(llhttp);
    struct bytes name = buffer_bytes(&parser->name);

    parser->header = HEADER_OTHER;
    if (!parser->has_head && bytes_equal_ignore_case(name, BYTES("Content-Type"))) {
        parser->header = HEADER_CONTENT_TYPE;
        buffer_clear(&parser->content_type);
    } else if (!parser->has_head && bytes_equal_ignore_case(name, BYTES("Keep-Alive"))) {
        parser->header = HEADER_KEEP_ALIVE;
        buffer_clear(&parser->keep_alive);
    }
    buffer_clear(&parser->name);
    return 0;
}

static int
on_header_value(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_response_parser *parser = parser_of(llhttp);

    switch (parser->header) {
    case HEADER_CONTENT_TYPE:
        return keep(parser, &parser->content_type, at, length);
    case HEADER_KEEP_ALIVE:
        return keep(parser, &parser->keep_alive, at, length);
    case HEADER_OTHER:
        break;
    }
    return 0;
}

static int
on_headers_complete(llhttp_t *llhttp)
{
    struct http_response_parser *parser = parser_of(llhttp);

    parser->has_head = true;
    if (llhttp->http_major != 1 || llhttp->status_code == STATUS_SWITCHING) {
        return fail(parser, STATUS_PROTOCOL);
    }
    if ((llhttp->flags & F_CONTENT_LENGTH) != 0 &&
        llhttp->content_length > parser->body_max_bytes) {
        return fail(parser, STATUS_LIMIT);
    }
    return 0;
}

static int
on_body(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_response_parser *parser = parser_of(llhttp);
    enum status status = buffer_append(&parser->body, bytes_from(at, length));

    return status == STATUS_OK ? 0 : fail(parser, status);
}

static int
on_message_complete(llhttp_t *llhttp)
{
    struct http_response_parser *parser = parser_of(llhttp);

    if (llhttp->status_code < STATUS_FINAL) {
        forget_answer(parser); /* "100 Continue": the answer is still to come */
        return 0;
    }
    parser->is_complete = true;
    parser->keeps_alive = llhttp_should_keep_alive(llhttp) != 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

struct http_response_parser *
http_response_parser_new(size_t body_max_bytes)
{
    struct http_response_parser *parser = calloc(1, sizeof(*parser));

    if (parser == NULL) {
        return NULL;
    }
    parser->body_max_bytes = body_max_bytes;
    llhttp_init(&parser->llhttp, HTTP_RESPONSE, &settings);
    buffer_init(&parser->name, VALUE_BYTES_MAX);
    buffer_init(&parser->content_type, VALUE_BYTES_MAX);
    buffer_init(&parser->keep_alive, VALUE_BYTES_MAX);
    buffer_init(&parser->body, body_max_bytes);
    return parser;
}

void
http_response_parser_free(struct http_response_parser *parser)
{
    if (parser == NULL) {
        return;
    }
    buffer_deinit(&parser->name);
    buffer_deinit(&parser->content_type);
    buffer_deinit(&parser->keep_alive);
    buffer_deinit(&parser->body);
    free(parser);
}

/* Neither endless heads nor endless chunk extensions: nobody else would stop them. */
static bool
is_too_long(const struct http_response_parser *parser)
{
    return parser->raw_bytes >
           HEAD_BYTES_MAX + (FRAMING_FACTOR + 1) * (uint64_t)parser->body.length;
}

void
http_response_parser_next(struct http_response_parser *parser)
{
    if (parser->is_complete) {
        forget_answer(parser);
        llhttp_resume(&parser->llhttp);
    }
}

enum status
http_response_parser_feed(struct http_response_parser *parser, struct bytes *input)
{
    assert(!parser->is_complete);
    if (input->length == 0) {
        return STATUS_NEED_MORE;
    }
    const char *start = (const char *)input->data;
    llhttp_errno_t error = llhttp_execute(&parser->llhttp, start, input->length);
    size_t used = error == HPE_PAUSED ? (size_t)(llhttp_get_error_pos(&parser->llhttp) - start)
                                      : input->length;
    parser->raw_bytes += used;
    *input = bytes_after(*input, used);
    if (error != HPE_OK && error != HPE_PAUSED) {
        return parser->failure != STATUS_OK ? parser->failure : STATUS_PROTOCOL;
    }
    if (error == HPE_PAUSED) {
        return STATUS_OK;
    }
    return is_too_long(parser) ? STATUS_LIMIT : STATUS_NEED_MORE;
}

enum status
http_response_parser_end(struct http_response_parser *parser)
{
    if (!parser->is_complete && parser->has_head) {
        llhttp_errno_t error = llhttp_finish(&parser->llhttp);
        if (error == HPE_OK || error == HPE_PAUSED) {
            parser->keeps_alive = false;
        }
    }
    return parser->is_complete ? STATUS_OK : STATUS_PROTOCOL;
}

/* The 5 of "timeout=5, max=1000". */
static uint32_t
announced_idle_ms(struct bytes list)
{
    struct bytes part, name;
    uint64_t seconds;

    while (list.data != NULL && bytes_split(&list, ',', &part)) {
        part = bytes_trim(part);
        if (bytes_split(&part, '=', &name) && bytes_equal_ignore_case(name, BYTES("timeout")) &&
            bytes_parse_uint64(part, &seconds) == STATUS_OK && seconds <= KEEP_ALIVE_SECONDS_MAX) {
            return (uint32_t)(seconds * 1000);
        }
    }
    return 0;
}

struct http_answer
http_response_parser_answer(const struct http_response_parser *parser)
{
    struct bytes type = buffer_bytes(&parser->content_type);

    return (struct http_answer){
        .status = parser->llhttp.status_code,
        .content_type = bytes_trim(bytes_slice(type, 0, bytes_find(type, ';'))),
        .body = buffer_bytes(&parser->body),
        .keeps_alive = parser->keeps_alive,
        .keep_alive_max_ms = announced_idle_ms(buffer_bytes(&parser->keep_alive)),
    };
}

void
http_response_parser_take_body(struct http_response_parser *parser, struct buffer *out)
{
    buffer_deinit(out);
    *out = parser->body;
    buffer_init(&parser->body, parser->body_max_bytes);
}
