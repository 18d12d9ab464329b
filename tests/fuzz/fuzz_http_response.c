/* SPDX-License-Identifier: MIT */
/* Any bytes from a web application: read alike whole and one by one. */
#include "service/http/http_response_parser.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_BYTES_MAX = 4096 };

static enum status
feed(struct http_response_parser *parser, struct bytes input, size_t step, size_t *used)
{
    enum status status = STATUS_NEED_MORE;

    *used = 0;
    while (status == STATUS_NEED_MORE && *used < input.length) {
        struct bytes piece = bytes_slice(input, *used, step);
        size_t before = piece.length;
        status = http_response_parser_feed(parser, &piece);
        *used += before - piece.length;
    }
    return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response_parser *whole = http_response_parser_new(BODY_BYTES_MAX);
    struct http_response_parser *bytewise = http_response_parser_new(BODY_BYTES_MAX);
    size_t used, used_bytewise;

    assert(whole != NULL && bytewise != NULL);
    enum status status = feed(whole, bytes_from(data, size), SIZE_MAX, &used);
    enum status status_bytewise = feed(bytewise, bytes_from(data, size), 1, &used_bytewise);
    assert((status == STATUS_OK) == (status_bytewise == STATUS_OK));
    if (status == STATUS_NEED_MORE) {
        status = http_response_parser_end(whole);
        status_bytewise = http_response_parser_end(bytewise);
        assert(status == status_bytewise);
    }
    if (status == STATUS_OK) {
        struct http_answer left = http_response_parser_answer(whole);
        struct http_answer right = http_response_parser_answer(bytewise);
        assert(used == used_bytewise && left.status == right.status);
        assert(bytes_equal(left.body, right.body) && left.body.length <= BODY_BYTES_MAX);
        assert(bytes_equal(left.content_type, right.content_type));
        assert(left.keep_alive_max_ms == right.keep_alive_max_ms);
    }
    http_response_parser_free(whole);
    http_response_parser_free(bytewise);
    return 0;
}
