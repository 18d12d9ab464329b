/* SPDX-License-Identifier: MIT */
/* Goal of this test: fields read back as written; once a view was short, it stays so. */
#include "tests/support/hex.h"
#include "tests/support/test.h"

static void
fields_are_big_endian(void **state)
{
    struct buffer buffer, expected;
    struct bytes_reader reader;

    (void)state;
    buffer_init(&buffer, 100);
    buffer_init(&expected, 100);
    buffer_append_byte(&buffer, 0x81);
    buffer_append_u16(&buffer, 0x8283);
    buffer_append_u32(&buffer, 0x84858687);
    buffer_append_u64(&buffer, UINT64_C(0x88898A8B8C8D8E8F));
    buffer_append_text16(&buffer, BYTES("room"));
    assert_bytes(buffer_bytes(&buffer),
                 hex_decode("81 8283 84858687 88898a8b8c8d8e8f 0004 726f6f6d", &expected));
    reader = bytes_reader_from(buffer_bytes(&buffer));
    assert_int_equal(bytes_read_u8(&reader), 0x81);
    assert_int_equal(bytes_read_u16(&reader), 0x8283);
    assert_true(bytes_read_u32(&reader) == 0x84858687);
    assert_true(bytes_read_u64(&reader) == UINT64_C(0x88898A8B8C8D8E8F));
    assert_text(bytes_read_text16(&reader), "room");
    assert_false(reader.is_short);
    assert_int_equal(reader.rest.length, 0);
    buffer_deinit(&buffer);
    buffer_deinit(&expected);
}

static void
short_is_remembered(void **state)
{
    struct bytes_reader reader = bytes_reader_from(BYTES("\x01\x02\x03"));

    (void)state;
    assert_int_equal(bytes_read_u32(&reader), 0);
    assert_true(reader.is_short);
    assert_int_equal(bytes_read_u8(&reader), 0);
    assert_null(bytes_read(&reader, 0).data);
    assert_true(reader.is_short);
}

static void
a_text_may_not_reach_past_the_end(void **state)
{
    struct bytes_reader reader = bytes_reader_from(BYTES("\x00\x05room"));

    (void)state;
    assert_int_equal(bytes_read_text16(&reader).length, 0);
    assert_true(reader.is_short);
    reader = bytes_reader_from(BYTES("\x00\x00"));
    assert_non_null(bytes_read_text16(&reader).data);
    assert_false(reader.is_short);
    reader = bytes_reader_from(BYTES_NONE);
    assert_int_equal(bytes_read_u64(&reader), 0);
    assert_true(reader.is_short);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_big_endian),
        cmocka_unit_test(short_is_remembered),
        cmocka_unit_test(a_text_may_not_reach_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
