/* SPDX-License-Identifier: MIT */
/* Goal of this test: every path of the REST interface in both families is the operation it should
 * be, with its names decoded; everything else is refused for the right reason. */
#include "service/api/rest_route.h"
#include "tests/support/test.h"

#include <stdio.h>

static const struct {
    enum http_method method;
    const char *path;
    enum rest_operation operation;
    const char *connection, *group, *user;
} rows[] = {
    {HTTP_METHOD_POST, "/:send", REST_SEND, NULL, NULL, NULL},
    {HTTP_METHOD_POST, "", REST_SEND, NULL, NULL, NULL},
    {HTTP_METHOD_POST, "/%3Asend", REST_SEND, NULL, NULL, NULL},
    {HTTP_METHOD_POST, "/:closeConnections", REST_CLOSE_MANY, NULL, NULL, NULL},
    {HTTP_METHOD_POST, "/connections/c1/:send", REST_SEND, "c1", NULL, NULL},
    {HTTP_METHOD_POST, "/connections/c1", REST_SEND, "c1", NULL, NULL},
    {HTTP_METHOD_HEAD, "/connections/c1", REST_EXISTS, "c1", NULL, NULL},
    {HTTP_METHOD_GET, "/connections/c1", REST_EXISTS, "c1", NULL, NULL},
    {HTTP_METHOD_DELETE, "/connections/c1", REST_CLOSE_ONE, "c1", NULL, NULL},
    {HTTP_METHOD_DELETE, "/connections/c1/groups", REST_LEAVE_ALL, "c1", NULL, NULL},
    {HTTP_METHOD_POST, "/groups/a%20b/:send", REST_SEND, NULL, "a b", NULL},
    {HTTP_METHOD_HEAD, "/groups/g", REST_EXISTS, NULL, "g", NULL},
    {HTTP_METHOD_POST, "/groups/g/:closeConnections", REST_CLOSE_MANY, NULL, "g", NULL},
    {HTTP_METHOD_PUT, "/groups/g/connections/c1", REST_JOIN, "c1", "g", NULL},
    {HTTP_METHOD_DELETE, "/groups/g/connections/c1", REST_LEAVE, "c1", "g", NULL},
    {HTTP_METHOD_PUT, "/connections/c1/groups/g", REST_JOIN, "c1", "g", NULL},
    {HTTP_METHOD_DELETE, "/connections/c1/groups/g", REST_LEAVE, "c1", "g", NULL},
    {HTTP_METHOD_POST, "/users/a%2Fb/:send", REST_SEND, NULL, NULL, "a/b"},
    {HTTP_METHOD_POST, "/users/:send", REST_SEND, NULL, NULL, ":send"},
    {HTTP_METHOD_HEAD, "/users/a+b", REST_EXISTS, NULL, NULL, "a+b"},
    {HTTP_METHOD_POST, "/users/u/:closeConnections", REST_CLOSE_MANY, NULL, NULL, "u"},
    {HTTP_METHOD_HEAD, "/users/u/groups/g", REST_IS_MEMBER, NULL, "g", "u"},
    {HTTP_METHOD_GET, "/groups/g/users/u", REST_IS_MEMBER, NULL, "g", "u"},
    {HTTP_METHOD_PUT, "/users/u/groups/g", REST_USER_JOIN, NULL, "g", "u"},
    {HTTP_METHOD_PUT, "/groups/g/users/u", REST_USER_JOIN, NULL, "g", "u"},
    {HTTP_METHOD_DELETE, "/users/u/groups/g", REST_USER_LEAVE, NULL, "g", "u"},
    {HTTP_METHOD_DELETE, "/groups/g/users/u", REST_USER_LEAVE, NULL, "g", "u"},
    {HTTP_METHOD_DELETE, "/users/u/groups", REST_USER_LEAVE_ALL, NULL, NULL, "u"},
};

static enum status
find(enum http_method method, const char *path, struct buffer *storage, struct rest_route *route)
{
    const char *problem = NULL;

    buffer_init(storage, 64 * 1024);
    enum status status = rest_route_find(method, bytes_from_string(path), storage, route, &problem);
    if (status == STATUS_INVALID) {
        assert_non_null(problem);
    }
    return status;
}

static void
expect_name(struct bytes name, const char *expected)
{
    assert_bytes(name, bytes_from_string(expected));
}

static void
every_operation_in_both_families(void **state)
{
    static const char *const families[] = {"/api/hubs", "/api/v1/hubs", "/API/V1/Hubs"};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t family = 0; family < 3; family++) {
            struct rest_route route;
            struct buffer storage;
            char path[128];
            snprintf(path, sizeof(path), "%s/Chat_1%s%s", families[family], rows[i].path,
                     family == 1 ? "/" : "");
            if (find(rows[i].method, path, &storage, &route) != STATUS_OK ||
                route.operation != rows[i].operation) {
                fail_msg("%s is another operation", path);
            }
            assert_int_equal(route.is_version_1, family > 0);
            expect_name(route.hub, "Chat_1");
            expect_name(route.connection, rows[i].connection);
            expect_name(route.group, rows[i].group);
            expect_name(route.user, rows[i].user);
            buffer_deinit(&storage);
        }
    }
}

static void
what_is_no_operation(void **state)
{
    static const struct {
        enum http_method method;
        const char *path;
    } none[] = {
        {HTTP_METHOD_GET, "/api/hubs/h/:send"},
        {HTTP_METHOD_GET, "/api/hubs/h"},
        {HTTP_METHOD_POST, "/api/hubs"},
        {HTTP_METHOD_POST, "/api"},
        {HTTP_METHOD_POST, "/other"},
        {HTTP_METHOD_POST, "/api/v2/hubs/h"},
        {HTTP_METHOD_POST, "/api/hubs/h/users"},
        {HTTP_METHOD_POST, "/api/hubs/h/:execute"},
        {HTTP_METHOD_PUT, "/api/hubs/h/users/u"},
        {HTTP_METHOD_OTHER, "/api/hubs/h/users/u"},
        {HTTP_METHOD_POST, "/api/hubs/h/users/u/groups/g/:send/x/y"},
        {HTTP_METHOD_POST, "/api/health"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct rest_route route;
        struct buffer storage;
        if (find(none[i].method, none[i].path, &storage, &route) != STATUS_NOT_FOUND) {
            fail_msg("%s is an operation", none[i].path);
        }
        buffer_deinit(&storage);
    }
}

static void
names_that_cannot_be(void **state)
{
    static const char *const paths[] = {
        "/api/hubs/1h/:send",
        "/api/hubs/a-b/:send",
        "/api/hubs//:send",
        "/api/hubs/%ff/:send",
        "/api/hubs/h/groups//:send",
        "/api/hubs/h/groups/%20/:send",
        "/api/hubs/h/users/%zz/:send",
        "/api/hubs/h/users/%00/:send",
        "/api/hubs/h/users/%c3/:send",
        "/api/hubs/h/connections/%09/:send",
    };
    char longest[1200];
    struct rest_route route;
    struct buffer storage;

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (find(HTTP_METHOD_POST, paths[i], &storage, &route) != STATUS_INVALID) {
            fail_msg("%s is valid", paths[i]);
        }
        buffer_deinit(&storage);
    }
    for (int length = 1024; length <= 1025; length++) {
        snprintf(longest, sizeof(longest), "/api/hubs/h/groups/%0*d/:send", length, 0);
        assert_status(find(HTTP_METHOD_POST, longest, &storage, &route),
                      length == 1024 ? STATUS_OK : STATUS_INVALID);
        buffer_deinit(&storage);
    }
    for (int length = 127; length <= 128; length++) {
        snprintf(longest, sizeof(longest), "/api/hubs/h%0*d/:send", length, 0);
        assert_status(find(HTTP_METHOD_POST, longest, &storage, &route),
                      length == 127 ? STATUS_OK : STATUS_INVALID);
        buffer_deinit(&storage);
    }
}

static void
what_needs_no_hub(void **state)
{
    struct rest_route route;
    struct buffer storage;

    (void)state;
    assert_status(find(HTTP_METHOD_HEAD, "/api/health", &storage, &route), STATUS_OK);
    assert_int_equal(route.operation, REST_HEALTH);
    buffer_deinit(&storage);
    assert_status(find(HTTP_METHOD_GET, "/api/openapi.json", &storage, &route), STATUS_OK);
    assert_int_equal(route.operation, REST_DOCUMENT);
    buffer_deinit(&storage);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_in_both_families),
        cmocka_unit_test(what_is_no_operation),
        cmocka_unit_test(names_that_cannot_be),
        cmocka_unit_test(what_needs_no_hub),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
