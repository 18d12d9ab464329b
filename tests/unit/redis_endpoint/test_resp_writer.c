/* SPDX-License-Identifier: MIT */
/* Goal of this test: each kind of reply in RESP2 and RESP3, and an error that stays one line. */
#include "service/redis_endpoint/resp_writer.h"
#include "tests/support/test.h"

static void
expect(struct buffer *out, struct bytes expected)
{
    assert_status(out->status, STATUS_OK);
    assert_bytes(buffer_bytes(out), expected);
    buffer_clear(out);
}

static void
replies(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1024);
    resp_write_simple(&out, "OK");
    expect(&out, BYTES("+OK\r\n"));
    resp_write_error(&out, BYTES("ERR a\r\nb"));
    expect(&out, BYTES("-ERR a  b\r\n"));
    resp_write_integer(&out, UINT64_MAX);
    expect(&out, BYTES(":18446744073709551615\r\n"));
    resp_write_bulk(&out, BYTES("a\0\r\n"));
    expect(&out, BYTES("$4\r\na\0\r\n\r\n"));
    resp_write_bulk(&out, BYTES(""));
    expect(&out, BYTES("$0\r\n\r\n"));
    resp_write_bulk_header(&out, 5);
    expect(&out, BYTES("$5\r\n"));
    resp_write_array(&out, 3);
    expect(&out, BYTES("*3\r\n"));
    buffer_deinit(&out);
}

static void
versions_differ(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1024);
    resp_write_null(&out, RESP_VERSION_2);
    resp_write_map(&out, RESP_VERSION_2, 7);
    resp_write_push(&out, RESP_VERSION_2, 3);
    expect(&out, BYTES("$-1\r\n*14\r\n*3\r\n"));
    resp_write_null(&out, RESP_VERSION_3);
    resp_write_map(&out, RESP_VERSION_3, 7);
    resp_write_push(&out, RESP_VERSION_3, 3);
    expect(&out, BYTES("_\r\n%7\r\n>3\r\n"));
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies),
        cmocka_unit_test(versions_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
