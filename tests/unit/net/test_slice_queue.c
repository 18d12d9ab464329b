/* SPDX-License-Identifier: MIT */
/* Goal of this test: the ring keeps order and count while it grows, wraps and empties, and holds
 * one reference a slice. */
#include "common/net/slice_queue.h"
#include "tests/support/test.h"

#include <stdatomic.h>

static struct payload *
numbers(size_t length)
{
    struct payload *payload = payload_new(length);
    assert_non_null(payload);
    for (size_t i = 0; i < length; i++) {
        payload->data[i] = (uint8_t)i;
    }
    return payload;
}

static void
keeps_order(void **state)
{
    struct slice_queue queue;
    struct payload *payload = numbers(256);
    size_t in = 0;
    size_t out = 0;
    (void)state;
    slice_queue_init(&queue);
    /* Three in, two bytes out, so that it grows and wraps at every size. */
    for (int round = 0; round < 80; round++) {
        for (int i = 0; i < 3; i++) {
            struct payload_slice slice = {payload, in % 128, 1 + in % 2};
            assert_status(slice_queue_push(&queue, slice), STATUS_OK);
            in++;
        }
        struct bytes front = slice_queue_peek(&queue, 0);
        assert_int_equal(front.data[0], out % 128);
        slice_queue_consume(&queue, front.length);
        out++;
        assert_int_equal(queue.count, in - out);
    }
    for (; out < in; out++) {
        struct bytes front = slice_queue_peek(&queue, 0);
        assert_int_equal(front.data[0], out % 128);
        assert_int_equal(front.length, 1 + out % 2);
        slice_queue_consume(&queue, front.length);
    }
    assert_int_equal(queue.total_bytes, 0);
    assert_int_equal(queue.capacity, SLICE_QUEUE_INLINE);
    assert_int_equal(atomic_load(&payload->references), 1);
    payload_unref(payload);
    slice_queue_deinit(&queue);
}

static void
consumes_across_slices(void **state)
{
    struct slice_queue queue;
    struct payload *payload = numbers(100);
    (void)state;
    slice_queue_init(&queue);
    for (int i = 0; i < 10; i++) {
        assert_status(slice_queue_push(&queue, (struct payload_slice){payload, 10, 20}), STATUS_OK);
    }
    assert_status(slice_queue_push(&queue, (struct payload_slice){payload, 10, 0}), STATUS_OK);
    assert_int_equal(queue.count, 10);
    slice_queue_consume(&queue, 0);
    slice_queue_consume(&queue, 45);
    assert_int_equal(queue.count, 8);
    assert_int_equal(queue.total_bytes, 155);
    assert_int_equal(slice_queue_peek(&queue, 0).data[0], 15);
    assert_int_equal(slice_queue_peek(&queue, 0).length, 15);
    assert_int_equal(atomic_load(&payload->references), 9);
    slice_queue_deinit(&queue);
    assert_int_equal(atomic_load(&payload->references), 1);
    payload_unref(payload);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order),
        cmocka_unit_test(consumes_across_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
