/* SPDX-License-Identifier: MIT */
#include "service/http/http_request_parser.h"

#include <stdlib.h>

#include <llhttp.h>

#include "service/http/http_head_scan.h"

/* Chunk headers may cost this many bytes for each byte of body: enough for one-byte chunks, not for
 * endless extensions. */
enum { CHUNK_OVERHEAD_FACTOR = 8 };

struct http_request_parser {
    llhttp_t llhttp;
    const struct http_limits *limits;
    struct http_head_scan head;
    /* Target, then name and value of each header, one behind the other: their lengths are enough to
     * find them again. */
    struct buffer text;
    size_t target_length;
    uint32_t name_lengths[HTTP_HEADERS_MAX];
    uint32_t value_lengths[HTTP_HEADERS_MAX];
    size_t header_count;
    struct buffer body;
    uint64_t raw_body_bytes; /* as on the wire, with chunk headers */
    struct http_request request;
    uint16_t failure;
    bool has_head;
    bool expects_continue;
    bool keeps_alive;
};

/* ---- llhttp's callbacks: 0 goes on, -1 stops with failure set ------------------------ */

static struct http_request_parser *
parser_of(llhttp_t *llhttp)
{
    return CONTAINER_OF(llhttp, struct http_request_parser, llhttp);
}

static int
fail(struct http_request_parser *parser, uint16_t failure)
{
    parser->failure = failure;
    return -1;
}

static int
store(struct http_request_parser *parser, const char *at, size_t length)
{
    return (buffer_append(&parser->text, bytes_from(at, length)) == STATUS_OK) ? 0
                                                                               : fail(parser, 503);
}

static int
on_url(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_request_parser *parser = parser_of(llhttp);
    parser->target_length += length;
    return store(parser, at, length);
}

static int
on_header_field(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_request_parser *parser = parser_of(llhttp);
    if (parser->has_head) {
        return 0; /* a trailer: legal, and of no interest */
    }
    if (parser->header_count == HTTP_HEADERS_MAX) {
        return fail(parser, 431);
    }
    parser->name_lengths[parser->header_count] += (uint32_t)length;
    return store(parser, at, length);
}

static int
on_header_field_complete(llhttp_t *llhttp)
{
    struct http_request_parser *parser = parser_of(llhttp);
    parser->header_count += parser->has_head ? 0 : 1;
    return 0;
}

static int
on_header_value(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_request_parser *parser = parser_of(llhttp);
    if (parser->has_head) {
        return 0;
    }
    parser->value_lengths[parser->header_count - 1] += (uint32_t)length;
    return store(parser, at, length);
}

static int on_headers_complete(llhttp_t *llhttp);

static int
on_body(llhttp_t *llhttp, const char *at, size_t length)
{
    struct http_request_parser *parser = parser_of(llhttp);
    enum status status = buffer_append(&parser->body, bytes_from(at, length));
    if (status != STATUS_OK) {
        return fail(parser, (status == STATUS_LIMIT) ? 413 : 503);
    }
    return 0;
}

static int
on_message_complete(llhttp_t *llhttp)
{
    struct http_request_parser *parser = parser_of(llhttp);
    parser->request.body = buffer_bytes(&parser->body);
    parser->keeps_alive = llhttp_should_keep_alive(llhttp) != 0;
    return HPE_PAUSED; /* what follows is the next request, or another protocol */
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- the head as a whole ------------------------------------------------------------- */

static enum http_method
method_from(uint8_t method)
{
    switch (method) {
    case HTTP_GET:
        return HTTP_METHOD_GET;
    case HTTP_HEAD:
        return HTTP_METHOD_HEAD;
    case HTTP_POST:
        return HTTP_METHOD_POST;
    case HTTP_PUT:
        return HTTP_METHOD_PUT;
    case HTTP_DELETE:
        return HTTP_METHOD_DELETE;
    case HTTP_OPTIONS:
        return HTTP_METHOD_OPTIONS;
    default:
        return HTTP_METHOD_OTHER;
    }
}

/* "/path?query", or "http://host/path?query" from a client that takes us for a proxy (RFC 9112
 * section 3.2). */
static void
split_target(struct http_request *request)
{
    struct bytes rest = request->target;
    rest = bytes_slice(rest, 0, bytes_find(rest, '#'));
    size_t colon = bytes_find(rest, ':');
    if (!bytes_starts_with(rest, BYTES("/")) && colon != SIZE_MAX &&
        bytes_starts_with(bytes_after(rest, colon), BYTES("://"))) {
        rest = bytes_after(rest, colon + 3);
        size_t authority = 0;
        while (authority < rest.length && rest.data[authority] != '/' &&
               rest.data[authority] != '?') {
            authority++;
        }
        rest = bytes_after(rest, authority);
    }
    size_t question = bytes_find(rest, '?');
    request->path = bytes_slice(rest, 0, question);
    request->query = (question == SIZE_MAX) ? BYTES("") : bytes_after(rest, question + 1);
    if (request->path.length == 0) {
        request->path = BYTES("/");
    }
}

static void
build_request(struct http_request_parser *parser)
{
    struct http_request *request = &parser->request;
    struct bytes rest = buffer_bytes(&parser->text);
    request->method = method_from(parser->llhttp.method);
    request->version_minor = parser->llhttp.http_minor;
    request->target = bytes_slice(rest, 0, parser->target_length);
    rest = bytes_after(rest, parser->target_length);
    split_target(request);
    for (size_t i = 0; i < parser->header_count; i++) {
        request->headers[i].name = bytes_slice(rest, 0, parser->name_lengths[i]);
        rest = bytes_after(rest, parser->name_lengths[i]);
        request->headers[i].value = bytes_trim(bytes_slice(rest, 0, parser->value_lengths[i]));
        rest = bytes_after(rest, parser->value_lengths[i]);
    }
    request->header_count = parser->header_count;
}

static bool
is_token_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
           bytes_find(BYTES("!#$%&'*+-.^_`|~"), byte) != SIZE_MAX;
}

static bool
is_token(struct bytes text)
{
    for (size_t at = 0; at < text.length; at++) {
        if (!is_token_byte(text.data[at])) {
            return false;
        }
    }
    return text.length > 0;
}

/* What llhttp lets pass, and what it cannot know. */
static bool
is_well_formed(const struct http_request *request)
{
    for (size_t i = 0; i < request->target.length; i++) {
        if (request->target.data[i] <= ' ' || request->target.data[i] >= 0x7F) {
            return false;
        }
    }
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_token(request->headers[i].name)) {
            return false;
        }
    }
    size_t host_count = http_request_header_count(request, BYTES("Host"));
    return host_count == 1 || (host_count == 0 && request->version_minor == 0);
}

/* 0, or the status to refuse the body with: what cannot be measured exactly is not read at all. */
static uint16_t
check_body(const struct http_request_parser *parser)
{
    const struct http_request *request = &parser->request;
    size_t codings = http_request_header_count(request, BYTES("Transfer-Encoding"));
    if (codings > 0) {
        if (request->version_minor == 0) {
            return 400;
        }
        struct bytes coding = http_request_header(request, BYTES("Transfer-Encoding"));
        return (codings == 1 && bytes_equal_ignore_case(coding, BYTES("chunked"))) ? 0 : 501;
    }
    if ((parser->llhttp.flags & F_CONTENT_LENGTH) != 0 &&
        parser->llhttp.content_length > parser->limits->body_max_bytes) {
        return 413;
    }
    return 0;
}

/* 0, or 417. */
static uint16_t
check_expectation(struct http_request_parser *parser)
{
    struct bytes expectation = http_request_header(&parser->request, BYTES("Expect"));
    if (expectation.data == NULL || parser->request.version_minor == 0) {
        return 0; /* RFC 9110 section 10.1.1: HTTP/1.0 does not know it */
    }
    parser->expects_continue = bytes_equal_ignore_case(expectation, BYTES("100-continue"));
    return parser->expects_continue ? 0 : 417;
}

static uint16_t
check_head(struct http_request_parser *parser)
{
    if (parser->llhttp.http_major != 1 || parser->llhttp.http_minor > 1) {
        return 505;
    }
    if (!is_well_formed(&parser->request)) {
        return 400;
    }
    if (parser->llhttp.method == HTTP_CONNECT) {
        return 501;
    }
    uint16_t failure = check_body(parser);
    return (failure != 0) ? failure : check_expectation(parser);
}

static int
on_headers_complete(llhttp_t *llhttp)
{
    struct http_request_parser *parser = parser_of(llhttp);
    parser->has_head = true;
    build_request(parser);
    uint16_t failure = check_head(parser);
    return (failure != 0) ? fail(parser, failure) : 0;
}

/* ---- feeding ------------------------------------------------------------------------- */

static uint16_t
failure_from(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE:
        return 505;
    case HPE_INVALID_TRANSFER_ENCODING:
        return 501;
    default:
        return 400;
    }
}

/* Give llhttp the first ${length} bytes of ${input}. */
static enum status
execute(struct http_request_parser *parser, struct bytes *input, size_t length)
{
    const char *start = (const char *)input->data;
    llhttp_errno_t error = llhttp_execute(&parser->llhttp, start, length);
    if (error == HPE_OK) {
        *input = bytes_after(*input, length);
        return STATUS_NEED_MORE;
    }
    if (error == HPE_PAUSED) {
        *input = bytes_after(*input, (size_t)(llhttp_get_error_pos(&parser->llhttp) - start));
        return STATUS_OK;
    }
    if (parser->failure == 0) {
        parser->failure = failure_from(error);
    }
    return STATUS_PROTOCOL;
}

static enum status
feed_head(struct http_request_parser *parser, struct bytes *input)
{
    size_t length;
    switch (http_head_scan(&parser->head, *input, parser->limits->line_max_bytes,
                           parser->limits->headers_max_bytes, &length)) {
    case HTTP_HEAD_MORE:
    case HTTP_HEAD_END:
        return execute(parser, input, length);
    case HTTP_HEAD_LINE_TOO_LONG:
        parser->failure = 414;
        break;
    case HTTP_HEAD_TOO_LARGE:
        parser->failure = 431;
        break;
    case HTTP_HEAD_MALFORMED:
        parser->failure = 400;
        break;
    }
    return STATUS_PROTOCOL;
}

/* Neither endless chunk extensions nor endless trailers: nobody else would stop them. */
static bool
has_too_much_framing(const struct http_request_parser *parser)
{
    const struct http_limits *limits = parser->limits;
    return parser->raw_body_bytes - parser->body.length >
           limits->headers_max_bytes + CHUNK_OVERHEAD_FACTOR * (uint64_t)limits->body_max_bytes;
}

static enum status
feed_body(struct http_request_parser *parser, struct bytes *input)
{
    size_t available = input->length;
    enum status status = execute(parser, input, available);
    parser->raw_body_bytes += available - input->length;
    if (status != STATUS_PROTOCOL && has_too_much_framing(parser)) {
        parser->failure = 413;
        return STATUS_PROTOCOL;
    }
    return status;
}

enum status
http_request_parser_feed(struct http_request_parser *parser, struct bytes *input)
{
    enum status status = STATUS_NEED_MORE;
    while (input->length > 0 && status == STATUS_NEED_MORE) {
        status = parser->has_head ? feed_body(parser, input) : feed_head(parser, input);
    }
    return status;
}

/* ---- life ---------------------------------------------------------------------------- */

struct http_request_parser *
http_request_parser_new(const struct http_limits *limits)
{
    struct http_request_parser *parser = calloc(1, sizeof(*parser));
    if (parser == NULL) {
        return NULL;
    }
    parser->limits = limits;
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
    buffer_init(&parser->text, limits->line_max_bytes + limits->headers_max_bytes);
    buffer_init(&parser->body, limits->body_max_bytes);
    return parser;
}

void
http_request_parser_free(struct http_request_parser *parser)
{
    if (parser == NULL) {
        return;
    }
    buffer_deinit(&parser->text);
    buffer_deinit(&parser->body);
    free(parser);
}

struct http_request *
http_request_parser_request(struct http_request_parser *parser)
{
    return &parser->request;
}

bool
http_request_parser_keeps_alive(const struct http_request_parser *parser)
{
    return parser->keeps_alive;
}

uint16_t
http_request_parser_failure(const struct http_request_parser *parser)
{
    return parser->failure;
}

bool
http_request_parser_take_continue(struct http_request_parser *parser)
{
    bool is_due = parser->expects_continue && parser->raw_body_bytes == 0;
    parser->expects_continue = false;
    return is_due;
}
