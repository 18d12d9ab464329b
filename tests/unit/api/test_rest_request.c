/* SPDX-License-Identifier: MIT */
/* Goal of this test: path and query of a request become the topics it is about, the connections it
 * leaves out and the reason that clients are told; what cannot be is refused. */
#include "service/api/rest_request.h"
#include "tests/support/test.h"

#include <string.h>

/* ${route} and ${query}, read. */
static enum status
read_request(const struct rest_route *route, const char *query, struct rest_request *out,
             const struct rest_answer_error **error)
{
    struct http_parameters parameters;

    *error = NULL;
    assert_status(http_parameters_init(&parameters, bytes_from_string(query)), STATUS_OK);
    enum status status = rest_request_read(BYTES("ChatHub"), route, &parameters, out, error);
    http_parameters_deinit(&parameters);
    return status;
}

static void
whom_it_is_about(void **state)
{
    static const struct {
        const char *connection, *group, *user;
        const char *topic, *of_group;
    } cases[] = {
        {NULL, NULL, NULL, "h-ChatHub", ""},
        {"c1", NULL, NULL, "hc-ChatHub.c1", ""},
        {NULL, "a room", NULL, "hg-ChatHub.a room", ""},
        {NULL, NULL, "ann", "hu-ChatHub.ann", ""},
        {"c1", "g", NULL, "hc-ChatHub.c1", "hg-ChatHub.g"},
        {NULL, "g", "ann", "hu-ChatHub.ann", "hg-ChatHub.g"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct rest_route route = {.connection = bytes_from_string(cases[i].connection),
                                         .group = bytes_from_string(cases[i].group),
                                         .user = bytes_from_string(cases[i].user)};
        const struct rest_answer_error *error;
        struct rest_request request;
        assert_status(read_request(&route, "", &request, &error), STATUS_OK);
        assert_bytes(buffer_bytes(&request.topic), bytes_from_string(cases[i].topic));
        assert_bytes(buffer_bytes(&request.group), bytes_from_string(cases[i].of_group));
        assert_bytes(request.route.user, route.user);
        assert_bytes(request.route.group, route.group);
        assert_bytes(request.route.connection, route.connection);
        rest_request_deinit(&request);
    }
}

static void
what_the_query_adds(void **state)
{
    const struct rest_route route = {.user = BYTES("ann")};
    const struct rest_answer_error *error;
    struct rest_request request;

    (void)state;
    assert_status(read_request(&route,
                               "excluded=a&x=1&EXCLUDED=b&excluded=+,c&reason=is%20%C3%A9&ttl=60",
                               &request, &error),
                  STATUS_OK);
    assert_int_equal(request.excluded_count, 3);
    assert_bytes(request.excluded[0], BYTES("a"));
    assert_bytes(request.excluded[1], BYTES("b"));
    assert_bytes(request.excluded[2], BYTES("c"));
    assert_bytes(request.reason, BYTES("is \xc3\xa9"));
    assert_int_equal(request.ttl_seconds, 60);
    rest_request_deinit(&request);

    assert_status(read_request(&route, "", &request, &error), STATUS_OK);
    assert_int_equal(request.excluded_count, 0);
    assert_int_equal(request.ttl_seconds, 0);
    assert_true(request.reason.length > 0);
    rest_request_deinit(&request);
}

static void
expect_refusal(const struct rest_route *route, const char *query, const char *code)
{
    const struct rest_answer_error *error;
    struct rest_request request;

    assert_status(read_request(route, query, &request, &error), STATUS_INVALID);
    assert_int_equal(error->status, 400);
    assert_string_equal(error->code, code);
    rest_request_deinit(&request);
}

static void
what_is_refused(void **state)
{
    static uint8_t name[70000];
    char query[REST_REQUEST_REASON_BYTES_MAX + 20] = "reason=";
    const struct rest_route route = {.user = BYTES("ann")};
    const struct rest_route large = {.user = {name, sizeof(name)}};

    (void)state;
    memset(name, 'x', sizeof(name));
    expect_refusal(&large, "", "Error.Name.Invalid");
    expect_refusal(&route, "excluded=a%7Cb", "Error.Query.Invalid");
    expect_refusal(&route, "excluded=%FF", "Error.Query.Invalid");
    expect_refusal(&route, "reason=%FF", "Error.Query.Invalid");
    expect_refusal(&route, "ttl=", "Error.Query.Invalid");
    expect_refusal(&route, "ttl=0", "Error.Query.Invalid");
    expect_refusal(&route, "ttl=-1", "Error.Query.Invalid");
    expect_refusal(&route, "ttl=4294967296", "Error.Query.Invalid");
    memset(query + 7, 'x', REST_REQUEST_REASON_BYTES_MAX + 1);
    expect_refusal(&route, query, "Error.Query.Invalid");
    char many[2 * HTTP_PARAMETERS_PAIRS_MAX + 20] = "excluded=";
    for (size_t i = 0; i <= HTTP_PARAMETERS_PAIRS_MAX; i++) {
        strcat(many, "a,");
    }
    expect_refusal(&route, many, "Error.Query.Invalid");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whom_it_is_about),
        cmocka_unit_test(what_the_query_adds),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
