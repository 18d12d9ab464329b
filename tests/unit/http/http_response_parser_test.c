/* SPDX-License-Identifier: MIT */
/* Goal of this test: answers of web applications are read alike in any chunking; what is not HTTP,
 * or too much, is refused. */
#include "service/http/http_response_parser.h"
#include "tests/support/test.h"

enum { BODY_BYTES_MAX = 64 };

/* Feed ${text} in pieces of ${step} bytes until something comes of it. */
static enum status
feed(struct http_response_parser *parser, const char *text, size_t step, struct bytes *rest)
{
    enum status status = STATUS_NEED_MORE;

    *rest = bytes_from_string(text);
    while (status == STATUS_NEED_MORE && rest->length > 0) {
        struct bytes piece = bytes_slice(*rest, 0, step);
        size_t before = piece.length;
        status = http_response_parser_feed(parser, &piece);
        *rest = bytes_after(*rest, before - piece.length);
    }
    return status;
}

static void
assert_read(const char *text, enum status expected, const char *summary)
{
    for (size_t step = 1; step <= 1024; step *= 32) {
        struct http_response_parser *parser = http_response_parser_new(BODY_BYTES_MAX);
        struct bytes rest;
        assert_non_null(parser);
        assert_status(feed(parser, text, step, &rest), expected);
        if (expected == STATUS_OK) {
            struct http_answer answer = http_response_parser_answer(parser);
            struct buffer out;
            buffer_init(&out, 1024);
            buffer_append_format(&out, "%u %.*s %.*s %d %u", answer.status,
                                 BYTES_PRINTF(answer.content_type), BYTES_PRINTF(answer.body),
                                 answer.keeps_alive, answer.keep_alive_max_ms);
            assert_bytes(buffer_bytes(&out), bytes_from_string(summary));
            buffer_deinit(&out);
        }
        http_response_parser_free(parser);
    }
}

static void
answers(void **state)
{
    (void)state;
    assert_read("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
                "Content-Length: 2\r\nKeep-Alive: timeout=5, max=9\r\n\r\n[]",
                STATUS_OK, "200 application/json [] 1 5000");
    assert_read(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n",
        STATUS_OK, "200  [1] 1 0");
    assert_read("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", STATUS_OK, "204   0 0");
    assert_read("HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", STATUS_OK, "404   0 0");
    assert_read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nx",
                STATUS_OK, "500  x 1 0");
}

static void
refused(void **state)
{
    (void)state;
    assert_read("hello\r\n\r\n", STATUS_PROTOCOL, NULL);
    assert_read("HTTP/2.0 200 OK\r\n\r\n", STATUS_PROTOCOL, NULL);
    assert_read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                STATUS_PROTOCOL, NULL);
    assert_read("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", STATUS_LIMIT, NULL);
    assert_read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n"
                "0123456789012345678901234567890123456789012345678901234567890123456789",
                STATUS_LIMIT, NULL);
    assert_read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                STATUS_PROTOCOL, NULL);
}

static void
endless_heads_are_given_up(void **state)
{
    struct http_response_parser *parser = http_response_parser_new(BODY_BYTES_MAX);
    struct bytes rest;
    enum status status = feed(parser, "HTTP/1.1 200 OK\r\n", 1024, &rest);

    (void)state;
    for (int i = 0; i < 100000 && status == STATUS_NEED_MORE; i++) {
        status = feed(parser, "X-Filler: 0123456789\r\n", 1024, &rest);
    }
    assert_status(status, STATUS_LIMIT);
    http_response_parser_free(parser);
}

static void
one_after_the_other(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
    struct http_response_parser *parser = http_response_parser_new(BODY_BYTES_MAX);
    struct buffer body;
    struct bytes rest;

    (void)state;
    buffer_init(&body, BODY_BYTES_MAX);
    assert_status(feed(parser, text, 1024, &rest), STATUS_OK);
    http_response_parser_take_body(parser, &body);
    assert_text(buffer_bytes(&body), "a");
    http_response_parser_next(parser);
    /* The answer before does not answer this one. */
    assert_status(http_response_parser_end(parser), STATUS_PROTOCOL);
    assert_status(feed(parser, text, 1, &rest), STATUS_OK);
    assert_text(http_response_parser_answer(parser).body, "a");
    buffer_deinit(&body);
    http_response_parser_free(parser);
}

static void
ended_by_the_connection(void **state)
{
    struct http_response_parser *parser = http_response_parser_new(BODY_BYTES_MAX);
    struct bytes rest;

    (void)state;
    assert_status(feed(parser, "HTTP/1.1 200 OK\r\n\r\nall", 1024, &rest), STATUS_NEED_MORE);
    assert_status(http_response_parser_end(parser), STATUS_OK);
    assert_text(http_response_parser_answer(parser).body, "all");
    assert_false(http_response_parser_answer(parser).keeps_alive);
    http_response_parser_free(parser);
    parser = http_response_parser_new(BODY_BYTES_MAX);
    assert_status(feed(parser, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 1024, &rest),
                  STATUS_NEED_MORE);
    assert_status(http_response_parser_end(parser), STATUS_PROTOCOL);
    http_response_parser_free(parser);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(refused),
        cmocka_unit_test(endless_heads_are_given_up),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(ended_by_the_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
