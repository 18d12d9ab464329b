/* SPDX-License-Identifier: MIT */
/* Goal of this test: numbers parse exactly, up to the largest, and nothing else does. */
#include "tests/support/test.h"

static void
decimal_numbers(void **state)
{
    uint64_t value = 1;

    (void)state;
    assert_status(bytes_parse_uint64(BYTES("0"), &value), STATUS_OK);
    assert_true(value == 0);
    assert_status(bytes_parse_uint64(BYTES("0012"), &value), STATUS_OK);
    assert_true(value == 12);
    assert_status(bytes_parse_uint64(BYTES("18446744073709551615"), &value), STATUS_OK);
    assert_true(value == UINT64_MAX);
}

static void
not_decimal_numbers(void **state)
{
    static const char *const texts[] = {
        "",
        " 1",
        "1 ",
        "+1",
        "-1",
        "1.0",
        "0x1",
        "a",
        "18446744073709551616",
        "28446744073709551615",
        "100000000000000000000",
        "1/",
        "1:",
    };
    uint64_t value = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_status(bytes_parse_uint64(bytes_from_string(texts[i]), &value), STATUS_INVALID);
        assert_true(value == 7);
    }
    assert_status(bytes_parse_uint64(BYTES_NONE, &value), STATUS_INVALID);
    assert_status(bytes_parse_uint64(BYTES("1\0"), &value), STATUS_INVALID);
}

static void
hex_numbers(void **state)
{
    uint64_t value = 1;

    (void)state;
    assert_status(bytes_parse_hex(BYTES("0"), &value), STATUS_OK);
    assert_true(value == 0);
    assert_status(bytes_parse_hex(BYTES("1aF"), &value), STATUS_OK);
    assert_true(value == 0x1AF);
    assert_status(bytes_parse_hex(BYTES("FFFFFFFFFFFFFFFF"), &value), STATUS_OK);
    assert_true(value == UINT64_MAX);
    assert_status(bytes_parse_hex(BYTES("0000123456789ABCDEF0"), &value), STATUS_OK);
    assert_true(value == UINT64_C(0x123456789ABCDEF0));
}

static void
not_hex_numbers(void **state)
{
    static const char *const texts[] = {"",  "G", "0x1", " 1", "1 ", "-1",
                                        "/", ":", "@",   "`",  "g",  "10000000000000000"};
    uint64_t value = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_status(bytes_parse_hex(bytes_from_string(texts[i]), &value), STATUS_INVALID);
        assert_true(value == 7);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(not_decimal_numbers),
        cmocka_unit_test(hex_numbers),
        cmocka_unit_test(not_hex_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
