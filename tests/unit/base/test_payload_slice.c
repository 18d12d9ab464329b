/* SPDX-License-Identifier: MIT */
/* Goal of this test: a payload is a copy, and a slice of it stays inside. */
#include "common/base/payload.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"

static void
a_payload_is_a_copy(void **state)
{
    char text[] = "hello";
    struct payload *payload = payload_from(bytes_from(text, 5));

    (void)state;
    text[0] = 'J';
    assert_text(payload_bytes(payload), "hello");
    assert_ptr_equal(payload_ref(payload), payload);
    payload_unref(payload);
    assert_text(payload_slice_bytes(payload_whole(payload)), "hello");
    payload_unref(payload);
    payload_unref(NULL);
}

static void
slices(void **state)
{
    struct payload *payload = payload_from(BYTES("hello"));

    (void)state;
    assert_text(payload_slice_bytes((struct payload_slice){payload, 1, 3}), "ell");
    assert_text(payload_slice_bytes((struct payload_slice){payload, 3, 9}), "lo");
    assert_text(payload_slice_bytes((struct payload_slice){payload, 9, 9}), "");
    payload_unref(payload);
}

static void
empty_payloads(void **state)
{
    struct payload *payload = payload_from(BYTES_NONE);

    (void)state;
    assert_int_equal(payload_bytes(payload).length, 0);
    assert_non_null(payload_bytes(payload).data);
    payload_unref(payload);
}

static void
no_memory(void **state)
{
    (void)state;
    fail_alloc_at(0);
    assert_null(payload_from(BYTES("hello")));
    assert_true(fail_alloc_off());
    assert_null(payload_new(SIZE_MAX));
    assert_null(payload_new(SIZE_MAX - 8));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_is_a_copy),
        cmocka_unit_test(slices),
        cmocka_unit_test(empty_payloads),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
