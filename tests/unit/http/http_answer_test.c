/* SPDX-License-Identifier: MIT */
/* Goal of this test: an answer is one write of exactly the right bytes, whatever the handler puts
 * in. */
#include "tests/unit/http/http_harness.h"

#define REQUEST(method) method " / HTTP/1.1\r\nHost: h\r\n\r\n"

static struct bytes
answer(struct http_harness *harness, const char *request, const struct http_response *response)
{
    harness_send_text(harness, request);
    size_t writes = harness->fake.write_count;
    http_exchange_respond(harness->exchange, response);
    assert_int_equal(harness->fake.write_count, writes + 1);
    return harness_take(harness);
}

static void
check_everything(struct http_harness *harness)
{
    const struct http_header headers[] = {{BYTES("X-One"), BYTES("1")},
                                          {BYTES("X-Empty"), BYTES("")}};
    const struct http_response response = {.status = 202,
                                           .content_type = "application/json; charset=UTF-8",
                                           .headers = headers,
                                           .header_count = 2,
                                           .body = BYTES("{}")};
    assert_text(answer(harness, REQUEST("GET"), &response),
                "HTTP/1.1 202 Accepted\r\n"
                "Content-Type: application/json; charset=UTF-8\r\n"
                "X-One: 1\r\n"
                "X-Empty: \r\n"
                "Content-Length: 2\r\n"
                "\r\n"
                "{}");
}

static void
check_reason(struct http_harness *harness)
{
    const struct http_response response = {.status = 403,
                                           .reason = "Forbidden: JSONP is disabled."};
    assert_text(answer(harness, REQUEST("GET"), &response),
                "HTTP/1.1 403 Forbidden: JSONP is disabled.\r\nContent-Length: 0\r\n\r\n");
}

static void
check_unlisted(struct http_harness *harness)
{
    const struct http_response response = {.status = 299};
    assert_text(answer(harness, REQUEST("GET"), &response),
                "HTTP/1.1 299 Unknown\r\nContent-Length: 0\r\n\r\n");
}

static void
an_answer_is_one_write(void **state)
{
    (void)state;
    harness_each_chunking(check_everything);
    harness_each_chunking(check_reason);
    harness_each_chunking(check_unlisted);
}

static void
check_bodiless(struct http_harness *harness)
{
    const struct http_response ok = {.status = 200, .body = BYTES("hello")};
    const struct http_response empty = {.status = 204, .body = BYTES("hello")};
    const struct http_response same = {.status = 304, .body = BYTES("hello")};
    assert_text(answer(harness, REQUEST("HEAD"), &ok),
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    assert_text(answer(harness, REQUEST("GET"), &empty), "HTTP/1.1 204 No Content\r\n\r\n");
    assert_text(answer(harness, REQUEST("GET"), &same), "HTTP/1.1 304 Not Modified\r\n\r\n");
    assert_text(answer(harness, REQUEST("GET"), &ok),
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static void
some_answers_have_no_body(void **state)
{
    (void)state;
    harness_each_chunking(check_bodiless);
}

static void
check_injection(struct http_harness *harness)
{
    const struct http_header header = {BYTES("X-A\r\nX-B"), BYTES("1\r\n\r\n<script>\0\x7F\t.")};
    const struct http_response response = {.status = 200,
                                           .reason = "Fine\r\nX-C: 1",
                                           .content_type = "text/plain\nX-D: 1",
                                           .headers = &header,
                                           .header_count = 1};
    assert_text(answer(harness, REQUEST("GET"), &response), "HTTP/1.1 200 FineX-C: 1\r\n"
                                                            "Content-Type: text/plainX-D: 1\r\n"
                                                            "X-AX-B: 1<script>\t.\r\n"
                                                            "Content-Length: 0\r\n"
                                                            "\r\n");
}

static void
nobody_can_inject_a_header(void **state)
{
    (void)state;
    harness_each_chunking(check_injection);
}

/* CORS echoes a header of the request, which is freed by the same call. */
static void
echo_origin(struct http_harness *harness, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    const struct http_header header = {BYTES("Access-Control-Allow-Origin"),
                                       http_request_header(request, BYTES("Origin"))};
    (void)harness;
    http_exchange_respond(exchange, &(struct http_response){.status = 200,
                                                            .headers = &header,
                                                            .header_count = 1,
                                                            .body = request->query});
}

static void
check_echo(struct http_harness *harness)
{
    harness->on_request = echo_origin;
    harness_send_text(harness, "GET /?q=1 HTTP/1.1\r\nHost: h\r\nOrigin: http://a.b\r\n\r\n");
    assert_text(harness_take(harness), "HTTP/1.1 200 OK\r\n"
                                       "Access-Control-Allow-Origin: http://a.b\r\n"
                                       "Content-Length: 3\r\n"
                                       "\r\n"
                                       "q=1");
}

static void
an_answer_may_view_its_request(void **state)
{
    (void)state;
    harness_each_chunking(check_echo);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_one_write),
        cmocka_unit_test(some_answers_have_no_body),
        cmocka_unit_test(nobody_can_inject_a_header),
        cmocka_unit_test(an_answer_may_view_its_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
