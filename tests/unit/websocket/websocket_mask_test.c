/* SPDX-License-Identifier: MIT */
/* Goal of this test: fast masking is the same as masking byte by byte, at every length, offset and
 * alignment. */
#include "service/websocket/websocket_mask.h"

#include <string.h>

#include "tests/support/test.h"

enum { AREA_BYTES = 128, LENGTH_MAX = 100 };

static void
check(size_t start, size_t length, size_t offset)
{
    static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
    uint8_t fast[AREA_BYTES];
    uint8_t slow[AREA_BYTES];
    for (size_t i = 0; i < AREA_BYTES; i++) {
        fast[i] = slow[i] = (uint8_t)(i * 7);
    }
    websocket_mask(fast + start, length, mask, offset);
    for (size_t i = 0; i < length; i++) {
        slow[start + i] ^= mask[(offset + i) % 4];
    }
    assert_memory_equal(fast, slow, AREA_BYTES); /* and nothing around it */
}

static void
it_is_the_same_as_byte_by_byte(void **state)
{
    (void)state;
    for (size_t start = 0; start < 16; start++) {
        for (size_t length = 0; length <= LENGTH_MAX; length++) {
            for (size_t offset = 0; offset < 8; offset++) {
                check(start, length, offset);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_same_as_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
