/* SPDX-License-Identifier: MIT */
/* Goal of this test: only a dotted JavaScript identifier is called back (T12, T35). */
#include "service/signalr/jsonp.h"
#include "tests/support/test.h"

#include <string.h>

static void
identifiers_are_accepted(void **state)
{
    static const char *const names[] = {
        "cb",
        "_",
        "$",
        "jQuery1124_169",
        "a.b.c",
        "$.signalR._.cb",
        "typeofx",
        "\xC3\xBCmlaut",
        "\xE4\xB8\xAD\xE6\x96\x87",
        "a\xC2\xAA",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!jsonp_is_valid_callback(bytes_from_string(names[i]))) {
            fail_msg("%s was refused", names[i]);
        }
    }
}

static void
anything_else_is_refused(void **state)
{
    static const char *const names[] = {
        "",
        "1cb",
        "a..b",
        ".a",
        "a.",
        "a b",
        "a-b",
        "a()",
        "a;b",
        "a[0]",
        "<script>",
        "a/*",
        "if",
        "a.return",
        "null.x",
        "a\n",
        "a\xE2\x80\xA8",
        "a\xC2\xA0",
        "\xFF",
        "\357\273\277a",
        "a\xEF\xBF\xBF",
        "a\xC2\xBB",
        "\\u0061",
        "alert(1)//",
        "await",
        "yield",
    };
    char long_name[JSONP_CALLBACK_BYTES_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (jsonp_is_valid_callback(bytes_from_string(names[i]))) {
            fail_msg("%s was accepted", names[i]);
        }
    }
    memset(long_name, 'a', sizeof(long_name));
    assert_true(jsonp_is_valid_callback(bytes_from(long_name, sizeof(long_name) - 1)));
    assert_false(jsonp_is_valid_callback(bytes_from(long_name, sizeof(long_name))));
    assert_false(jsonp_is_valid_callback(BYTES("a\0b")));
    assert_false(jsonp_is_valid_callback(BYTES_NONE));
}

static void
the_call_is_a_script(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    assert_status(jsonp_append(&out, BYTES("a.cb"), BYTES("{\"x\":\"</\xE2\x80\xA8\"}")),
                  STATUS_OK);
    assert_text(buffer_bytes(&out), "a.cb({\"x\":\"\\u003c/\\u2028\"});");
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_are_accepted),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(the_call_is_a_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
