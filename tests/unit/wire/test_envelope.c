/* SPDX-License-Identifier: MIT */
/* Goal of this test: envelopes survive any chunking, and what is not an envelope kills the decoder.
 */
#include "tests/support/test.h"

#include "common/wire/envelope.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/hex.h"

#include <stdlib.h>
#include <string.h>

/* A decoder fed through memory of exact size, and the last envelope with a copy of its payload. */
struct feeder {
    struct envelope_decoder decoder;
    struct envelope last;
    struct buffer payload;
    size_t count;
};

static void
feeder_init(struct feeder *feeder, size_t payload_max_bytes)
{
    *feeder = (struct feeder){.count = 0};
    envelope_decoder_init(&feeder->decoder, payload_max_bytes);
    buffer_init(&feeder->payload, SIZE_MAX);
}

static void
feeder_deinit(struct feeder *feeder)
{
    envelope_decoder_deinit(&feeder->decoder);
    buffer_deinit(&feeder->payload);
}

static enum status
feed(struct feeder *feeder, struct bytes input)
{
    uint8_t *exact = malloc(input.length + 1);
    assert_non_null(exact);
    memcpy(exact, input.data, input.length);
    struct bytes rest = bytes_from(exact, input.length);
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = envelope_decode(&feeder->decoder, &rest, &feeder->last);
        if (status == STATUS_OK) {
            buffer_clear(&feeder->payload);
            buffer_append(&feeder->payload, feeder->last.payload);
            feeder->count++;
        }
    }
    if (status == STATUS_NEED_MORE) {
        assert_int_equal(rest.length, 0);
    }
    free(exact);
    return status;
}

static enum status
feed_in_chunks(struct feeder *feeder, struct bytes input, size_t chunk)
{
    enum status status = STATUS_NEED_MORE;
    for (size_t at = 0; at < input.length && status == STATUS_NEED_MORE; at += chunk) {
        status = feed(feeder, bytes_slice(input, at, chunk));
    }
    return status;
}

static const struct envelope sample = {
    .kind = ENVELOPE_DELIVER,
    .flags = ENVELOPE_FLAG_REPLAY,
    .app = 0x0102,
    .request = 0x03040506,
    .number = UINT64_C(0x0708090a0b0c0d0e),
    .payload = {(const uint8_t *)"payload", 7},
};

static void
test_header_is_as_the_protocol_says(void **state)
{
    (void)state;
    struct buffer out, expected;
    buffer_init(&out, SIZE_MAX);
    buffer_init(&expected, SIZE_MAX);
    assert_status(envelope_encode(&sample, &out), STATUS_OK);
    hex_decode("00000007 09 02 0102 03040506 0708090a0b0c0d0e 7061796c6f6164", &expected);
    assert_bytes(buffer_bytes(&out), buffer_bytes(&expected));

    buffer_clear(&out);
    assert_status(envelope_encode_header(&sample, 7, &out), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_slice(buffer_bytes(&expected), 0, 20));
    buffer_deinit(&out);
    buffer_deinit(&expected);
}

static void
assert_is_sample(const struct feeder *feeder)
{
    assert_int_equal(feeder->last.kind, sample.kind);
    assert_int_equal(feeder->last.flags, sample.flags);
    assert_int_equal(feeder->last.app, sample.app);
    assert_int_equal(feeder->last.request, sample.request);
    assert_true(feeder->last.number == sample.number);
    assert_bytes(buffer_bytes(&feeder->payload), sample.payload);
}

static void
test_any_chunking(void **state)
{
    (void)state;
    struct buffer stream;
    buffer_init(&stream, SIZE_MAX);
    struct envelope empty = {.kind = ENVELOPE_PING};
    for (int i = 0; i < 3; i++) {
        assert_status(envelope_encode(&empty, &stream), STATUS_OK);
        assert_status(envelope_encode(&sample, &stream), STATUS_OK);
    }
    for (size_t chunk = 1; chunk <= stream.length; chunk++) {
        struct feeder feeder;
        feeder_init(&feeder, 7);
        assert_status(feed_in_chunks(&feeder, buffer_bytes(&stream), chunk), STATUS_NEED_MORE);
        assert_int_equal(feeder.count, 6);
        assert_is_sample(&feeder);
        feeder_deinit(&feeder);
    }
    buffer_deinit(&stream);
}

static void
test_whole_envelope_is_not_copied(void **state)
{
    (void)state;
    struct buffer stream;
    buffer_init(&stream, SIZE_MAX);
    assert_status(envelope_encode(&sample, &stream), STATUS_OK);
    struct envelope_decoder decoder;
    envelope_decoder_init(&decoder, 100);
    struct envelope out;
    struct bytes input = buffer_bytes(&stream);
    assert_status(envelope_decode(&decoder, &input, &out), STATUS_OK);
    assert_ptr_equal(out.payload.data, stream.data + ENVELOPE_HEADER_BYTES);
    assert_int_equal(input.length, 0);
    assert_int_equal(decoder.pending.capacity, 0);
    envelope_decoder_deinit(&decoder);
    buffer_deinit(&stream);
}

static void
test_large_envelope_takes_memory_as_it_arrives(void **state)
{
    (void)state;
    struct feeder feeder;
    feeder_init(&feeder, ENVELOPE_PAYLOAD_MAX_BYTES);
    struct buffer header;
    buffer_init(&header, SIZE_MAX);
    assert_status(envelope_encode_header(&sample, ENVELOPE_PAYLOAD_MAX_BYTES, &header), STATUS_OK);
    assert_status(feed(&feeder, buffer_bytes(&header)), STATUS_NEED_MORE);
    assert_true(feeder.decoder.pending.capacity < 4096);

    uint8_t *zeroes = calloc(1, ENVELOPE_PAYLOAD_MAX_BYTES);
    assert_non_null(zeroes);
    assert_status(feed_in_chunks(&feeder, bytes_from(zeroes, ENVELOPE_PAYLOAD_MAX_BYTES), 1000003),
                  STATUS_NEED_MORE);
    assert_int_equal(feeder.count, 1);
    assert_int_equal(feeder.payload.length, ENVELOPE_PAYLOAD_MAX_BYTES);
    /* And gives it back with the next envelope. */
    assert_status(feed(&feeder, bytes_slice(buffer_bytes(&header), 0, 1)), STATUS_NEED_MORE);
    assert_true(feeder.decoder.pending.capacity < 4096);
    free(zeroes);
    buffer_deinit(&header);
    feeder_deinit(&feeder);
}

static void
check_death(const char *hex, enum status expected, uint8_t kind)
{
    struct buffer input;
    buffer_init(&input, SIZE_MAX);
    hex_decode(hex, &input);
    for (size_t chunk = 1; chunk <= input.length; chunk++) {
        struct feeder feeder;
        feeder_init(&feeder, 16);
        assert_status(feed_in_chunks(&feeder, buffer_bytes(&input), chunk), expected);
        assert_int_equal(feeder.decoder.failed_kind, kind);
        /* It stays dead. */
        assert_status(feed(&feeder, buffer_bytes(&input)), expected);
        assert_int_equal(feeder.count, 0);
        feeder_deinit(&feeder);
    }
    buffer_deinit(&input);
}

static void
test_what_kills_the_decoder(void **state)
{
    (void)state;
    check_death("00000000 00 00 0000 00000000 0000000000000000", STATUS_PROTOCOL, 0);
    check_death("00000000 16 00 0000 00000000 0000000000000000", STATUS_PROTOCOL, 0x16);
    check_death("00000000 ff 7f 0000 00000000 0000000000000000", STATUS_PROTOCOL, 0xff);
    check_death("00000011 09 00 0000 00000000 0000000000000000", STATUS_LIMIT, 9);
    check_death("ffffffff 09 80 0000 00000000 0000000000000000", STATUS_LIMIT, 9);
    check_death("00000011 f0 80 0000 00000000 0000000000000000", STATUS_LIMIT, 0xf0);
}

static void
test_unknown_optional_kind_passes(void **state)
{
    (void)state;
    struct buffer input;
    buffer_init(&input, SIZE_MAX);
    hex_decode("00000002 c8 80 0000 00000000 0000000000000000 abcd", &input);
    struct feeder feeder;
    feeder_init(&feeder, 16);
    assert_status(feed_in_chunks(&feeder, buffer_bytes(&input), 3), STATUS_NEED_MORE);
    assert_int_equal(feeder.count, 1);
    assert_false(envelope_kind_is_known(feeder.last.kind));
    assert_string_equal(envelope_kind_name(feeder.last.kind), "UNKNOWN");
    assert_string_equal(envelope_kind_name(ENVELOPE_SECRETS), "SECRETS");
    feeder_deinit(&feeder);
    buffer_deinit(&input);
}

static void
test_encode_refuses_what_is_too_long(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 30);
    struct envelope envelope = {.kind = ENVELOPE_PUBLISH, .payload = BYTES("12345678901")};
    assert_status(envelope_encode(&envelope, &out), STATUS_LIMIT);
    assert_int_equal(out.length, 0);
    buffer_clear(&out);
    envelope.payload.length = (size_t)ENVELOPE_PAYLOAD_MAX_BYTES + 1;
    assert_status(envelope_encode(&envelope, &out), STATUS_LIMIT);
    assert_status(envelope_encode_header(&envelope, envelope.payload.length, &out), STATUS_LIMIT);
    buffer_deinit(&out);
}

static void
test_no_memory_kills_the_decoder(void **state)
{
    (void)state;
    struct envelope_decoder decoder;
    envelope_decoder_init(&decoder, 100);
    struct bytes input = BYTES("abc");
    struct envelope out;
    fail_alloc_at(0);
    assert_status(envelope_decode(&decoder, &input, &out), STATUS_NO_MEMORY);
    assert_true(fail_alloc_off());
    assert_status(envelope_decode(&decoder, &input, &out), STATUS_NO_MEMORY);
    envelope_decoder_deinit(&decoder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_as_the_protocol_says),
        cmocka_unit_test(test_any_chunking),
        cmocka_unit_test(test_whole_envelope_is_not_copied),
        cmocka_unit_test(test_large_envelope_takes_memory_as_it_arrives),
        cmocka_unit_test(test_what_kills_the_decoder),
        cmocka_unit_test(test_unknown_optional_kind_passes),
        cmocka_unit_test(test_encode_refuses_what_is_too_long),
        cmocka_unit_test(test_no_memory_kills_the_decoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
