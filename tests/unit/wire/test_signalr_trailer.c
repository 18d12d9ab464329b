/* SPDX-License-Identifier: MIT */
/* Goal of this test: our trailer is found where it is, and nothing else is taken for one. */
#include "tests/support/test.h"

#include "common/wire/signalr_message.h"
#include "tests/support/hex.h"

#include <string.h>

static const char publish_hex[] =
    "f5485031 00000020 000102030405060708090a0b0c0d0e0f 0000000000000102";
static const char void_hex[] =
    "f5485031 00000028 00000000000000000000000000000000 00000000000003e8 00000000000f4240";

static bool
decode(const char *hex, struct signalr_trailer *out)
{
    struct buffer input;
    buffer_init(&input, SIZE_MAX);
    bool is_found = signalr_trailer_decode(hex_decode(hex, &input), out);
    buffer_deinit(&input);
    return is_found;
}

static void
check_round_trip(const struct signalr_trailer *trailer, const char *hex, size_t length)
{
    struct buffer out, expected;
    buffer_init(&out, SIZE_MAX);
    buffer_init(&expected, SIZE_MAX);
    assert_status(signalr_trailer_encode(trailer, &out), STATUS_OK);
    assert_int_equal(out.length, length);
    assert_bytes(buffer_bytes(&out), hex_decode(hex, &expected));

    struct signalr_trailer read;
    buffer_append_string(&out, "somebody else's bytes");
    assert_true(signalr_trailer_decode(buffer_bytes(&out), &read));
    assert_memory_equal(read.instance, trailer->instance, sizeof(read.instance));
    assert_true(read.sequence == trailer->sequence);
    assert_true(read.void_from == trailer->void_from);
    assert_true(read.void_to == trailer->void_to);
    for (size_t shorter = 0; shorter < length; shorter++) {
        assert_false(signalr_trailer_decode(bytes_from(expected.data, shorter), &read));
    }
    buffer_deinit(&out);
    buffer_deinit(&expected);
}

static void
test_publish(void **state)
{
    (void)state;
    struct signalr_trailer trailer = {.sequence = 0x102};
    for (uint8_t i = 0; i < sizeof(trailer.instance); i++) {
        trailer.instance[i] = i;
    }
    assert_false(signalr_trailer_is_void(&trailer));
    check_round_trip(&trailer, publish_hex, SIGNALR_TRAILER_BYTES);
}

static void
test_void_mark(void **state)
{
    (void)state;
    struct signalr_trailer trailer = {.void_from = 1000, .void_to = 1000000};
    assert_true(signalr_trailer_is_void(&trailer));
    check_round_trip(&trailer, void_hex, SIGNALR_TRAILER_VOID_BYTES);
}

static void
test_what_is_not_written(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    struct signalr_trailer trailer = {.instance = {1}};
    assert_status(signalr_trailer_encode(&trailer, &out), STATUS_INVALID);
    trailer = (struct signalr_trailer){.void_from = 2, .void_to = 1};
    assert_status(signalr_trailer_encode(&trailer, &out), STATUS_INVALID);
    assert_int_equal(out.length, 0);
    buffer_deinit(&out);
}

static void
test_what_is_not_ours(void **state)
{
    (void)state;
    struct signalr_trailer trailer;
    assert_false(signalr_trailer_decode(BYTES_NONE, &trailer));
    assert_false(decode("01020304", &trailer));
    /* Another magic, too short a length, cut off, sequence 0, a void mark of the publish length or
     * upside down. */
    assert_false(
        decode("f5485032 00000020 01000000000000000000000000000000 0000000000000001", &trailer));
    assert_false(
        decode("f5485031 0000001f 01000000000000000000000000000000 0000000000000001", &trailer));
    assert_false(
        decode("f5485031 00000021 01000000000000000000000000000000 0000000000000001", &trailer));
    assert_false(
        decode("f5485031 00000020 01000000000000000000000000000000 0000000000000000", &trailer));
    assert_false(decode("f5485031 00000020 00000000000000000000000000000000 0000000000000001"
                        "0000000000000002",
                        &trailer));
    assert_false(decode("f5485031 00000028 00000000000000000000000000000000 0000000000000002"
                        "0000000000000001",
                        &trailer));
    /* A longer form of a later version. */
    assert_true(decode("f5485031 00000022 01000000000000000000000000000000 0000000000000001 abcd",
                       &trailer));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_void_mark),
        cmocka_unit_test(test_what_is_not_written),
        cmocka_unit_test(test_what_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
