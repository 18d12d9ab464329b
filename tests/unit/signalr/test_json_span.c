/* SPDX-License-Identifier: MIT */
/* Goal of this test: parts of JSON text come out exactly as they stand in it. */
#include "service/signalr/json_span.h"
#include "tests/support/test.h"

static void
elements_are_untouched(void **state)
{
    const char *const expected[] = {"12345678901234567890",
                                    "1.0",
                                    "-0e+5",
                                    "\"a\\/,\\\"]\"",
                                    "{ \"x\" : [ 1 , 2 ] }",
                                    "[ ]",
                                    "true",
                                    "null",
                                    "\"\""};
    struct bytes text =
        BYTES(" [ 12345678901234567890,1.0 ,\t-0e+5 , \"a\\/,\\\"]\",{ \"x\" : [ 1 , 2 ] },"
              "[ ],true,null\r\n,\"\" ] ");
    struct json_span_reader reader = json_span_open(text);
    struct bytes value;
    size_t count = 0;

    (void)state;
    assert_status(json_span_check(text), STATUS_OK);
    while (json_span_next(&reader, &value)) {
        assert_in_range(count, 0, 8);
        assert_bytes(value, bytes_from_string(expected[count]));
        count++;
    }
    assert_int_equal(count, 9);
}

/* A quote ends a string unless an odd number of backslashes stands before it. */
static void
strings_end_where_they_should(void **state)
{
    const char *const expected[] = {"\"\\\\\"", "\"\\\\\\\"\"", "\"a\\\"\\\\\"", "\"\\\"\\\"]\"",
                                    "7"};
    struct bytes text = BYTES("[\"\\\\\",\"\\\\\\\"\",\"a\\\"\\\\\",\"\\\"\\\"]\",7]");
    struct json_span_reader reader = json_span_open(text);
    struct bytes value;

    (void)state;
    assert_status(json_span_check(text), STATUS_OK);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_true(json_span_next(&reader, &value));
        assert_bytes(value, bytes_from_string(expected[i]));
    }
    assert_false(json_span_next(&reader, &value));
}

static void
members_are_untouched(void **state)
{
    struct json_span_reader reader = json_span_open(BYTES("{\"a\\u0062\" : {\"}\":1}, \"\":20.0}"));
    struct bytes name, value;

    (void)state;
    assert_true(json_span_next_member(&reader, &name, &value));
    assert_text(name, "\"a\\u0062\"");
    assert_text(value, "{\"}\":1}");
    assert_true(json_span_next_member(&reader, &name, &value));
    assert_text(name, "\"\"");
    assert_text(value, "20.0");
    assert_false(json_span_next_member(&reader, &name, &value));
}

static void
scalars_have_no_parts(void **state)
{
    static const char *const texts[] = {"", " ", "1", "\"[1]\"", "[]", "{}", "[ ]", "{\n}", "null"};
    struct bytes value;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_span_reader reader = json_span_open(bytes_from_string(texts[i]));
        assert_false(json_span_next(&reader, &value));
    }
}

/* Every prefix of something valid: the walk ends, and reads nothing outside (sanitizers would
 * tell). */
static void
invalid_text_ends_the_walk(void **state)
{
    struct bytes text = BYTES("[{\"a\":[1,\"\\\\\",{}],\"b\":\"\\\"\"},,:]}x\\");
    struct bytes name, value;

    (void)state;
    for (size_t length = 0; length <= text.length; length++) {
        struct json_span_reader reader = json_span_open(bytes_slice(text, 0, length));
        while (json_span_next_member(&reader, &name, &value)) {}
        reader = json_span_open(bytes_slice(text, 0, length));
        while (json_span_next(&reader, &value)) {}
        (void)json_span_depth(bytes_slice(text, 0, length));
    }
}

static void
depth_counts_brackets_outside_strings(void **state)
{
    (void)state;
    assert_int_equal(json_span_depth(BYTES("1")), 0);
    assert_int_equal(json_span_depth(BYTES("\"[[[\"")), 0);
    assert_int_equal(json_span_depth(BYTES("[]")), 1);
    assert_int_equal(json_span_depth(BYTES("[[1],[[2]],3]")), 3);
    assert_int_equal(json_span_depth(BYTES("{\"a\":[{}]}")), 3);
}

static void
length_counts_as_dotnet_does(void **state)
{
    (void)state;
    assert_int_equal(json_span_utf16_length(BYTES("")), 0);
    assert_int_equal(json_span_utf16_length(BYTES("abc")), 3);
    assert_int_equal(json_span_utf16_length(BYTES("\xC3\xBC\xE2\x82\xAC")), 2);
    assert_int_equal(json_span_utf16_length(BYTES("\xF0\x9F\x98\x80")), 2);
}

static void
strings_are_decoded(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 100);
    assert_status(json_span_append_text(&out, BYTES("\"\\u00fc\\n\\/\\ud83d\\ude00\\u0000\"")),
                  STATUS_OK);
    assert_text(buffer_bytes(&out), "\xC3\xBC\n/\xF0\x9F\x98\x80\0");
    assert_status(json_span_append_text(&out, BYTES("\"\\ud83d\"")), STATUS_INVALID);
    assert_status(json_span_append_text(&out, BYTES("1")), STATUS_INVALID);
    assert_status(json_span_append_text(&out, BYTES("")), STATUS_INVALID);
    buffer_deinit(&out);
}

static void
json_fits_on_a_line(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 100);
    json_span_append_line(&out, BYTES("{\r\n\t\"a\":\n1}\n"));
    assert_text(buffer_bytes(&out), "{  \t\"a\": 1} ");
    buffer_deinit(&out);
}

static void
the_check_is_strict(void **state)
{
    static const char *const invalid[] = {"",      " ",        "[1,]",         "{a:1}",
                                          "'a'",   "01",       "1.",           "NaN",
                                          "[1] 2", "\"\x01\"", "\"\xC0\x80\"", "// x\n1"};

    (void)state;
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        assert_status(json_span_check(bytes_from_string(invalid[i])), STATUS_INVALID);
    }
    assert_status(json_span_check(BYTES_NONE), STATUS_INVALID);
    assert_status(json_span_check(BYTES(" 1e999 ")), STATUS_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_untouched),
        cmocka_unit_test(strings_end_where_they_should),
        cmocka_unit_test(members_are_untouched),
        cmocka_unit_test(scalars_have_no_parts),
        cmocka_unit_test(invalid_text_ends_the_walk),
        cmocka_unit_test(depth_counts_brackets_outside_strings),
        cmocka_unit_test(length_counts_as_dotnet_does),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(json_fits_on_a_line),
        cmocka_unit_test(the_check_is_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
