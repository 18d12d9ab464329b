/* SPDX-License-Identifier: MIT */
/* Goal of this test: query strings and form bodies are taken apart as every SignalR client writes
 * them. */
#include "service/http/http_parameters.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"

static void
check(const char *text, const char *name, const char *expected)
{
    struct http_parameters parameters;
    assert_status(http_parameters_init(&parameters, bytes_from_string(text)), STATUS_OK);
    struct bytes value = http_parameters_get(&parameters, bytes_from_string(name));
    if (expected == NULL) {
        assert_null(value.data);
    } else {
        assert_non_null(value.data);
        assert_bytes(value, bytes_from_string(expected));
    }
    http_parameters_deinit(&parameters);
}

static void
values_are_found_and_decoded(void **state)
{
    (void)state;
    const char *query = "transport=webSockets&clientProtocol=2.1&connectionToken=TkN%2B1%2F2%3D%3D"
                        "&connectionData=%5B%7B%22name%22%3A%22chathub%22%7D%5D&tid=7";
    check(query, "transport", "webSockets");
    check(query, "TRANSPORT", "webSockets");
    check(query, "connectionToken", "TkN+1/2==");
    check(query, "connectionData", "[{\"name\":\"chathub\"}]");
    check(query, "tid", "7");
    check(query, "messageId", NULL);
    check("connectionData=[{\"name\":\"chat\"}]&x=1", "connectionData", "[{\"name\":\"chat\"}]");
    check("data=a+b%2Bc", "data", "a b+c");
    check("data=%c3%BC", "data", "\xC3\xBC");
    check("group+name=1", "group name", "1");
    check("d%61ta=1", "data", "1");
    check("a=b=c", "a", "b=c");
}

static void
empty_is_not_absent(void **state)
{
    (void)state;
    check("messageId=", "messageId", "");
    check("messageId", "messageId", "");
    check("a=1&messageId=&b=2", "messageId", "");
    check("", "messageId", NULL);
    check("&&", "", NULL);
    check("=", "", "");
    check("=x", "", "x");
    check("&a=1&&b=2&", "b", "2");
}

static void
repeated_values_are_joined(void **state)
{
    (void)state;
    check("a=1&a=2", "a", "1,2");
    check("a=1&b=x&A=2&%61=3", "a", "1,2,3");
    check("a=1&b=x&a=2&b=y", "b", "x,y");
    check("a=&a=", "a", ",");
    check("a&a", "a", ",");
}

static void
bad_escapes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a=%",   "a=%4",   "a=%4x",  "a=%x4",
                                      "%zz=1", "a=%%41", "a=1&b=%"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_parameters parameters;
        assert_status(http_parameters_init(&parameters, bytes_from_string(bad[i])), STATUS_INVALID);
        http_parameters_deinit(&parameters);
    }
}

static enum status
status_of(size_t count, const char *pair)
{
    struct http_parameters parameters;
    struct buffer text;
    buffer_init(&text, 64 * 1024);
    for (size_t i = 0; i < count; i++) {
        assert_status(buffer_append_string(&text, pair), STATUS_OK);
    }
    enum status status = http_parameters_init(&parameters, buffer_bytes(&text));
    http_parameters_deinit(&parameters);
    buffer_deinit(&text);
    return status;
}

static enum status
status_of_names(size_t count)
{
    struct http_parameters parameters;
    struct buffer text;
    buffer_init(&text, 64 * 1024);
    for (size_t i = 0; i < count; i++) {
        assert_status(buffer_append_format(&text, "n%zu=1&", i), STATUS_OK);
    }
    enum status status = http_parameters_init(&parameters, buffer_bytes(&text));
    http_parameters_deinit(&parameters);
    buffer_deinit(&text);
    return status;
}

static void
there_is_a_most(void **state)
{
    (void)state;
    assert_status(status_of(HTTP_PARAMETERS_PAIRS_MAX, "a=1&"), STATUS_OK);
    assert_status(status_of(HTTP_PARAMETERS_PAIRS_MAX + 1, "a=1&"), STATUS_LIMIT);
    assert_status(status_of_names(HTTP_PARAMETERS_MAX), STATUS_OK);
    assert_status(status_of_names(HTTP_PARAMETERS_MAX + 1), STATUS_LIMIT);
    assert_status(status_of(10000, "&"), STATUS_OK);
}

static void
percent_decoding_stands_alone(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 8);
    assert_status(http_percent_decode(BYTES("a+b%20c"), false, &out), STATUS_OK);
    assert_text(buffer_bytes(&out), "a+b c");
    assert_status(http_percent_decode(BYTES("+d"), true, &out), STATUS_OK);
    assert_text(buffer_bytes(&out), "a+b c d");
    assert_status(http_percent_decode(BYTES("%00%00"), true, &out), STATUS_LIMIT);
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_and_decoded),
        cmocka_unit_test(empty_is_not_absent),
        cmocka_unit_test(repeated_values_are_joined),
        cmocka_unit_test(bad_escapes_are_refused),
        cmocka_unit_test(there_is_a_most),
        cmocka_unit_test(percent_decoding_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
