/* SPDX-License-Identifier: MIT */
/* Goal of this test: frames are byte-identical to .NET's, and read as leniently as .NET reads them.
 */
#include "tests/support/test.h"

#include "common/wire/signalr_message.h"
#include "tests/support/hex.h"
#include "tests/unit/wire/signalr_vectors.h"

#include <stdlib.h>
#include <string.h>

#define ID_A       "11111111-2222-3333-4444-555555555555"
#define ID_B       "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
#define ID_COMMAND "99999999-8888-7777-6666-555555555555"
#define TICKS      INT64_C(638713838456780000)

struct vector {
    const char *hex;
    uint32_t count;
    struct signalr_message messages[2];
};

#define TEN_X   "xxxxxxxxxx"
#define FIFTY_X TEN_X TEN_X TEN_X TEN_X TEN_X

/* BYTES() for a static initialiser. */
/* clang-format off */
#define TEXT(literal) {(const uint8_t *)("" literal), sizeof(literal) - 1}
/* clang-format on */

static const struct vector vectors[] = {
    {SIGNALR_VECTOR_1,
     1,
     {{.source = TEXT(ID_A),
       .topic = TEXT("h-ChatHub"),
       .value = TEXT("{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"hi\"]}")}}},
    {SIGNALR_VECTOR_2,
     1,
     {{.source = TEXT(ID_A),
       .topic = TEXT("hg-ChatHub.room1"),
       .value = TEXT("{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"\xc3\xa9\"]}"),
       .filter = TEXT("c-" ID_A "|c-" ID_B)}}},
    {SIGNALR_VECTOR_3,
     1,
     {{.source = TEXT(ID_B),
       .topic = TEXT("c-" ID_A),
       .value = TEXT("{\"WaitForAck\":true,\"Id\":\"" ID_COMMAND
                     "\",\"CommandType\":1,\"Value\":\"hg-ChatHub.room1\"}"),
       .command_id = TEXT(ID_COMMAND),
       .waits_for_ack = true}}},
    {SIGNALR_VECTOR_4,
     1,
     {{.source = TEXT(ID_A),
       .topic = TEXT(SIGNALR_SERVER_TOPIC),
       .command_id = TEXT(ID_COMMAND),
       .is_ack = true}}},
    {SIGNALR_VECTOR_5,
     1,
     {{.source = TEXT(ID_A),
       .topic = TEXT("hu-ChatHub.alice@example.com"),
       .value = TEXT("{\"H\":\"ChatHub\",\"M\":\"ping\",\"A\":[]}")}}},
    {SIGNALR_VECTOR_6,
     1,
     {{.source = TEXT(ID_A),
       .topic = TEXT("c-" ID_A),
       .value = TEXT("{\"WaitForAck\":false,\"Id\":\"" ID_COMMAND
                     "\",\"CommandType\":0,\"Value\":null}"),
       .command_id = TEXT(ID_COMMAND)}}},
    {SIGNALR_VECTOR_7,
     2,
     {{.source = TEXT("s"), .topic = TEXT(FIFTY_X FIFTY_X FIFTY_X FIFTY_X), .value = TEXT("1")},
      {.source = TEXT("s"), .topic = TEXT("k2"), .value = TEXT("2")}}},
    {SIGNALR_VECTOR_8, 0, {{.source = TEXT("")}}},
};

enum { VECTOR_COUNT = sizeof(vectors) / sizeof(*vectors) };

/* Reads from memory of exact size, so that a sanitizer sees one byte too many. */
static enum status
open_exact(struct bytes frame, struct signalr_message_reader *reader, uint8_t **memory)
{
    *memory = malloc(frame.length == 0 ? 1 : frame.length);
    assert_non_null(*memory);
    if (frame.length > 0) {
        memcpy(*memory, frame.data, frame.length);
    }
    return signalr_message_open(bytes_from(*memory, frame.length), reader);
}

static enum status
try_open(struct bytes frame)
{
    uint8_t *memory;
    struct signalr_message_reader reader;
    enum status status = open_exact(frame, &reader, &memory);
    free(memory);
    return status;
}

static void
assert_message(const struct signalr_message *actual, const struct signalr_message *expected)
{
    assert_bytes(actual->source, expected->source);
    assert_bytes(actual->topic, expected->topic);
    assert_bytes(actual->value, expected->value);
    assert_bytes(actual->command_id, expected->command_id);
    assert_bytes(actual->filter, expected->filter);
    assert_int_equal(actual->waits_for_ack, expected->waits_for_ack);
    assert_int_equal(actual->is_ack, expected->is_ack);
}

static void
test_vectors_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct buffer out, expected;
        buffer_init(&out, SIZE_MAX);
        buffer_init(&expected, SIZE_MAX);
        hex_decode(vectors[i].hex, &expected);
        assert_status(signalr_message_encode(vectors[i].messages, vectors[i].count, TICKS, &out),
                      STATUS_OK);
        assert_int_equal(out.length, expected.length);
        assert_memory_equal(out.data, expected.data, out.length);
        buffer_deinit(&out);
        buffer_deinit(&expected);
    }
}

static void
test_vectors_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct buffer frame;
        buffer_init(&frame, SIZE_MAX);
        hex_decode(vectors[i].hex, &frame);
        buffer_append_string(&frame, "trailer");
        uint8_t *memory;
        struct signalr_message_reader reader;
        assert_status(open_exact(buffer_bytes(&frame), &reader, &memory), STATUS_OK);
        assert_true(reader.ticks == TICKS);
        assert_text(reader.trailer, "trailer");
        assert_int_equal(reader.remaining, vectors[i].count);
        struct signalr_message message;
        for (uint32_t n = 0; n < vectors[i].count; n++) {
            assert_true(signalr_message_next(&reader, &message));
            assert_message(&message, &vectors[i].messages[n]);
            assert_int_equal(signalr_message_is_command(&message), message.command_id.length > 0);
        }
        assert_false(signalr_message_next(&reader, &message));
        free(memory);
        buffer_deinit(&frame);
    }
}

static void
test_every_cut_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct buffer frame;
        buffer_init(&frame, SIZE_MAX);
        hex_decode(vectors[i].hex, &frame);
        for (size_t length = 0; length < frame.length; length++) {
            assert_status(try_open(bytes_from(frame.data, length)), STATUS_PROTOCOL);
        }
        /* The same with a body length that fits the cut. */
        for (size_t length = 4; length < frame.length; length++) {
            frame.data[0] = (uint8_t)(length - 4);
            assert_status(try_open(bytes_from(frame.data, length)), STATUS_PROTOCOL);
        }
        buffer_deinit(&frame);
    }
}

/* A channel message as text and hex; OK when both parts are. */
static enum status
receive(const char *prefix, const char *hex, uint64_t *id)
{
    struct buffer input;
    buffer_init(&input, SIZE_MAX);
    buffer_append_string(&input, prefix);
    hex_decode(hex, &input);
    struct bytes frame;
    enum status status = signalr_message_split_channel(buffer_bytes(&input), id, &frame);
    if (status == STATUS_OK) {
        status = try_open(frame);
    }
    buffer_deinit(&input);
    return status;
}

static const char *const vector_hex[] = {
    SIGNALR_VECTOR_1, SIGNALR_VECTOR_2, SIGNALR_VECTOR_3, SIGNALR_VECTOR_4,
    SIGNALR_VECTOR_5, SIGNALR_VECTOR_6, SIGNALR_VECTOR_7, SIGNALR_VECTOR_8,
};

static void
test_negative_vectors(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1e+14 ", " 42 ", "42  ", "18446744073709551616 ", " ", "+ ", "- ", "-1 ", "++1 ", "4_2 ",
        "0x42 ",  "",     "42\t", "99999999999999999999 ",
    };
    uint64_t id;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
            /* V2 without an id holds a space further on: what precedes it is no number either. */
            assert_status(receive(bad[n], vector_hex[i], &id), STATUS_PROTOCOL);
        }
    }
    assert_status(receive("12345", "", &id), STATUS_PROTOCOL);
    assert_status(receive("", "", &id), STATUS_PROTOCOL);
    assert_status(receive("42 ", "", &id), STATUS_PROTOCOL);
    assert_status(receive("42 ", "ffffffff", &id), STATUS_PROTOCOL);
    assert_status(receive("42 ", "ffffff7f", &id), STATUS_PROTOCOL);
    /* Ticks all ff, and one more than .NET's last. */
    assert_status(receive("42 ", "0c000000 00000000 ffffffffffffffff", &id), STATUS_PROTOCOL);
    assert_status(receive("42 ", "0c000000 00000000 004037f47528ca2b", &id), STATUS_PROTOCOL);
}

static void
check_id(const char *prefix, uint64_t expected)
{
    uint64_t id = 12345;
    assert_status(receive(prefix, SIGNALR_VECTOR_1, &id), STATUS_OK);
    assert_true(id == expected);
}

static void
test_lenient_ids(void **state)
{
    (void)state;
    check_id("1 ", 1);
    check_id("00042 ", 42);
    check_id("+42 ", 42);
    check_id("-0 ", 0);
    check_id("-000 ", 0);
    check_id("0 ", 0);
    check_id("18446744073709551615 ", UINT64_MAX);
    check_id("+00018446744073709551615 ", UINT64_MAX);
}

static void
test_lenient_frames(void **state)
{
    (void)state;
    uint64_t id;
    assert_status(receive("42 ", SIGNALR_VECTOR_1 "01020304", &id), STATUS_OK);
    /* Bytes between the ticks and the end of the body; .NET's last tick. */
    assert_status(receive("42 ", "0e000000 00000000 ff3f37f47528ca2b abcd", &id), STATUS_OK);
    /* A negative count is none. */
    assert_status(receive("42 ", "0c000000 ffffffff 0000000000000000", &id), STATUS_OK);
    assert_status(receive("42 ", "0c000000 00000080 0000000000000000", &id), STATUS_OK);
    /* More messages than the frame can hold. */
    assert_status(receive("42 ", "0c000000 01000000 0000000000000000", &id), STATUS_PROTOCOL);
    assert_status(receive("42 ", "0c000000 ffffff7f 0000000000000000", &id), STATUS_PROTOCOL);
}

/* One message whose source is spelled by ${varint}, then "s", and 7 more empty fields. */
static enum status
try_varint(const char *varint, struct signalr_message *message, struct buffer *storage)
{
    struct buffer body;
    buffer_init(&body, SIZE_MAX);
    hex_decode("01000000", &body);
    hex_decode(varint, &body);
    hex_decode("73 00 00000000 00 02 80 00 0000000000000000", &body);
    buffer_clear(storage);
    buffer_append_byte(storage, (uint8_t)body.length);
    hex_decode("000000", storage);
    buffer_append(storage, buffer_bytes(&body));
    buffer_deinit(&body);
    struct signalr_message_reader reader;
    enum status status = signalr_message_open(buffer_bytes(storage), &reader);
    if (status == STATUS_OK) {
        assert_true(signalr_message_next(&reader, message));
    }
    return status;
}

static void
test_varints(void **state)
{
    (void)state;
    static const char *const good[] = {"01", "8100", "818000", "81808000", "8180808000",
                                       /* Bits past the 32nd are lost. */
                                       "8180808070"};
    static const char *const bad[] = {"818080808000", "8180808080", "8180808008", "ffffffff0f",
                                      "ffffffff07"};
    struct buffer storage;
    buffer_init(&storage, SIZE_MAX);
    struct signalr_message message = {.is_ack = false};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_status(try_varint(good[i], &message, &storage), STATUS_OK);
        assert_text(message.source, "s");
        /* Any byte but 0 is true. */
        assert_true(message.waits_for_ack);
        assert_true(message.is_ack);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_status(try_varint(bad[i], &message, &storage), STATUS_PROTOCOL);
    }
    buffer_deinit(&storage);
}

static void
test_long_texts_round_trip(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 127, 128, 16383, 16384, 2097151, 2097152};
    char *text = malloc(2097152);
    assert_non_null(text);
    memset(text, 't', 2097152);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        struct signalr_message message = {.topic = bytes_from(text, lengths[i])};
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        assert_status(signalr_message_encode(&message, 1, 0, &out), STATUS_OK);
        struct signalr_message_reader reader;
        struct signalr_message read;
        assert_status(signalr_message_open(buffer_bytes(&out), &reader), STATUS_OK);
        assert_true(signalr_message_next(&reader, &read));
        assert_int_equal(read.topic.length, lengths[i]);
        buffer_deinit(&out);
    }
    free(text);
}

static void
test_encode_refuses(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 64);
    buffer_append_string(&out, "before");
    struct signalr_message message = {.value = BYTES("\xff is not looked at")};
    assert_status(signalr_message_encode(&message, 1, 0, &out), STATUS_OK);
    out.length = 6;
    assert_status(signalr_message_encode(&message, 1, -1, &out), STATUS_INVALID);
    assert_status(signalr_message_encode(&message, 1, INT64_C(3155378976000000000), &out),
                  STATUS_INVALID);
    struct bytes *const fields[] = {&message.source, &message.topic, &message.command_id,
                                    &message.filter};
    for (size_t i = 0; i < 4; i++) {
        *fields[i] = BYTES("\xed\xa0\x80");
        assert_status(signalr_message_encode(&message, 1, 0, &out), STATUS_INVALID);
        *fields[i] = BYTES_NONE;
    }
    message.value = BYTES("a value that is too long for what is left of the sixty-four bytes");
    assert_status(signalr_message_encode(&message, 1, 0, &out), STATUS_LIMIT);
    assert_int_equal(out.length, 6);
    buffer_deinit(&out);
}

static bool
is_wanted(void *context, struct bytes entry)
{
    size_t *calls = context;
    (*calls)++;
    return bytes_equal(entry, BYTES("c-2"));
}

static void
test_filter(void **state)
{
    (void)state;
    size_t calls = 0;
    struct signalr_message message = {.filter = BYTES("c-1|c-2|c-3")};
    assert_true(signalr_message_filter_any(&message, is_wanted, &calls));
    assert_int_equal(calls, 2);
    message.filter = BYTES("c-1||c-22|");
    assert_false(signalr_message_filter_any(&message, is_wanted, &calls));
    assert_int_equal(calls, 4);
    message.filter = BYTES("");
    assert_false(signalr_message_filter_any(&message, is_wanted, &calls));
    message.filter = BYTES_NONE;
    assert_false(signalr_message_filter_any(&message, is_wanted, &calls));
    assert_int_equal(calls, 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_are_written),
        cmocka_unit_test(test_vectors_are_read),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_negative_vectors),
        cmocka_unit_test(test_lenient_ids),
        cmocka_unit_test(test_lenient_frames),
        cmocka_unit_test(test_varints),
        cmocka_unit_test(test_long_texts_round_trip),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
