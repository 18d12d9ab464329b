/* SPDX-License-Identifier: MIT */
/* Goal of this test: threads that drop their references in any order free a payload once. For the
 * thread sanitizer. */
#include "common/base/payload.h"
#include "tests/support/test.h"

#include <pthread.h>

enum { THREAD_COUNT = 4, ROUND_COUNT = 2000 };

struct reader {
    pthread_t thread;
    struct payload *payloads[ROUND_COUNT];
    uint64_t sum;
};

static void *
read_and_drop(void *argument)
{
    struct reader *reader = argument;

    for (size_t i = 0; i < ROUND_COUNT; i++) {
        struct payload *payload = payload_ref(reader->payloads[i]);

        reader->sum += payload_bytes(payload).data[0];
        payload_unref(payload);
        payload_unref(reader->payloads[i]);
    }
    return NULL;
}

static void
the_last_one_frees(void **state)
{
    static struct reader readers[THREAD_COUNT];
    uint64_t expected = 0;

    (void)state;
    for (size_t i = 0; i < ROUND_COUNT; i++) {
        struct payload *payload = payload_new(1);

        payload->data[0] = (uint8_t)i;
        expected += (uint8_t)i;
        readers[0].payloads[i] = payload;
        for (size_t j = 1; j < THREAD_COUNT; j++) {
            readers[j].payloads[i] = payload_ref(payload);
        }
    }
    for (size_t j = 0; j < THREAD_COUNT; j++) {
        assert_int_equal(pthread_create(&readers[j].thread, NULL, read_and_drop, &readers[j]), 0);
    }
    for (size_t j = 0; j < THREAD_COUNT; j++) {
        assert_int_equal(pthread_join(readers[j].thread, NULL), 0);
        assert_int_equal(readers[j].sum, expected);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_one_frees)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
