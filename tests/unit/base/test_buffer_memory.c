/* SPDX-License-Identifier: MIT */
/* Goal of this test: without memory an append changes nothing, and is remembered. */
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"

static void
appends(struct buffer *buffer)
{
    buffer_append_string(buffer, "0123456789");
    buffer_append_format(buffer, "%300d", 7);
    buffer_append_json_string(buffer, BYTES("<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"));
    for (unsigned i = 0; i < 100; i++) {
        buffer_append_u64(buffer, i);
    }
}

static void
first_failure_is_kept(void **state)
{
    struct buffer whole, buffer;
    size_t n;

    (void)state;
    buffer_init(&whole, 5000);
    appends(&whole);
    for (n = 0;; n++) {
        buffer_init(&buffer, 5000);
        fail_alloc_at(n);
        appends(&buffer);
        if (!fail_alloc_off()) {
            break;
        }
        assert_status(buffer.status, STATUS_NO_MEMORY);
        assert_true(buffer.length < whole.length);
        buffer_deinit(&buffer);
    }
    assert_true(n >= 3);
    assert_status(buffer.status, STATUS_OK);
    assert_bytes(buffer_bytes(&buffer), buffer_bytes(&whole));
    buffer_deinit(&buffer);
    buffer_deinit(&whole);
}

static void
contents_survive(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 5000);
    buffer_append_string(&buffer, "kept");
    fail_alloc_at(0);
    assert_null(buffer_reserve(&buffer, 1000));
    assert_true(fail_alloc_off());
    assert_text(buffer_bytes(&buffer), "kept");
    assert_non_null(buffer_reserve(&buffer, 1000));
    assert_status(buffer.status, STATUS_NO_MEMORY);
    buffer_deinit(&buffer);
}

static void
a_duplicate_may_fail(void **state)
{
    (void)state;
    fail_alloc_at(0);
    assert_null(bytes_duplicate(BYTES("text")));
    assert_true(fail_alloc_off());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_failure_is_kept),
        cmocka_unit_test(contents_survive),
        cmocka_unit_test(a_duplicate_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
