/* SPDX-License-Identifier: MIT */
/*
 * Goal of this test: the decoder does what the Autobahn test-suite asks of a server, case by case
 * (the numbers are Autobahn's), fed whole, byte by byte and in other chunks.
 */
#include "tests/unit/websocket/websocket_frames.h"

struct decode_case {
    const char *name;
    const char *script;
    const char *expected;
};

static const struct decode_case cases[] = {
    {"RFC 6455 5.7: masked text", "=818537fa213d7f9f4d5158", "text Hello\n"},
    {"RFC 6455 5.7: fragmented text", "t-:Hel c:lo", "text Hello\n"},
    {"RFC 6455 5.7: ping", "p:Hello", "ping Hello\n"},
    {"1.1.1 empty text", "t:", "text \n"},
    {"1.2.1 empty binary", "b:", "binary \n"},
    {"1.2.2 binary", "b:\\x00\\xFF", "binary \\x00\\xFF\n"},
    {"two messages", "t:one t:two", "text one\ntext two\n"},
    {"2.1 empty ping", "p:", "ping \n"},
    {"2.3 binary ping", "p:\\x00\\xFF\\xFE", "ping \\x00\\xFF\\xFE\n"},
    {"2.7 unsolicited pong", "q: t:a", "pong \ntext a\n"},
    {"2.10 ten pings", "p:0 p:1 p:2", "ping 0\nping 1\nping 2\n"},
    {"2.5 ping of 126", "=89fe007e00000000", "dead 1002\n"},
    {"3.1 RSV", "=c18000000000", "dead 1002\n"},
    {"3.2 RSV after a message", "t:a =a18000000000", "text a\ndead 1002\n"},
    {"3.3 RSV", "=918000000000", "dead 1002\n"},
    {"3.5 RSV with binary", "=f28000000000", "dead 1002\n"},
    {"3.6 RSV with ping", "=d98000000000", "dead 1002\n"},
    {"3.7 RSV with close", "=f88000000000", "dead 1002\n"},
    {"4.1.1 opcode 3", "=838000000000", "dead 1002\n"},
    {"4.1.2 opcode 4", "=848000000000", "dead 1002\n"},
    {"4.1.3 opcode 5", "t:a =858000000000", "text a\ndead 1002\n"},
    {"4.1.4 opcode 6", "=868000000000", "dead 1002\n"},
    {"4.1.5 opcode 7", "=878000000000", "dead 1002\n"},
    {"4.2.1 opcode 11", "=8b8000000000", "dead 1002\n"},
    {"4.2.2 opcode 12", "=8c8000000000", "dead 1002\n"},
    {"4.2.3 opcode 13", "=8d8000000000", "dead 1002\n"},
    {"4.2.4 opcode 14", "=8e8000000000", "dead 1002\n"},
    {"4.2.5 opcode 15", "=8f8000000000", "dead 1002\n"},
    {"5.1 fragmented ping", "p-:a c:b", "dead 1002\n"},
    {"5.2 fragmented pong", "q-:a c:b", "dead 1002\n"},
    {"fragmented close", "x-:1000", "dead 1002\n"},
    {"5.3 fragmented text", "t-:fragment1 c:fragment2", "text fragment1fragment2\n"},
    {"5.6 ping between fragments", "t-:fragment1 p:ping c:fragment2",
     "ping ping\ntext fragment1fragment2\n"},
    {"pongs and pings between", "t-:a q:1 p:2 c-:b p:3 c:c", "pong 1\nping 2\nping 3\ntext abc\n"},
    {"close between fragments", "t-:a x:1000", "close 1000 \n"},
    {"5.9 continuation of nothing", "c:a t:b", "dead 1002\n"},
    {"5.12 unfinished continuation of nothing", "c-:a t:b", "dead 1002\n"},
    {"5.15 continuation after the end", "t-:a c:b c-:c", "text ab\ndead 1002\n"},
    {"5.18 two texts at once", "t-:a t:b", "dead 1002\n"},
    {"binary inside text", "t-:a b:b", "dead 1002\n"},
    {"5.19 with pings", "t-:f1 c-:f2 p:p1 c-:f3 c-:f4 p:p2 c:f5",
     "ping p1\nping p2\ntext f1f2f3f4f5\n"},
    {"fragmented binary", "b-:\\x80 c:\\x81", "binary \\x80\\x81\n"},
    {"6.1.1 empty", "t: t:", "text \ntext \n"},
    {"6.1.2 empty fragments", "t-: c-: c:", "text \n"},
    {"6.1.3 empty around", "t-: c-:middle c:", "text middle\n"},
    {"6.1.3 empty before a whole", "t-: c:whole", "text whole\n"},
    {"6.2.1 valid UTF-8", "t:\\xC3\\xA9\\xE2\\x82\\xAC\\xF0\\x9F\\x98\\x80",
     "text \\xC3\\xA9\\xE2\\x82\\xAC\\xF0\\x9F\\x98\\x80\n"},
    {"6.2.3 a character cut by frames", "t-:\\xF0\\x9F c-:\\x98 c:\\x80",
     "text \\xF0\\x9F\\x98\\x80\n"},
    {"6.3.1 surrogate", "t:\\xCE\\xBA\\xED\\xA0\\x80", "dead 1007\n"},
    {"6.4.1 fail at once", "t-:\\xCE\\xBA\\xF4\\x90\\x80\\x80 c:never", "dead 1007\n"},
    {"6.6.1 cut off", "t:\\xCE", "dead 1007\n"},
    {"6.6.1 cut off by fragments", "t-:a c-:\\xCE c:", "dead 1007\n"},
    {"binary need not be UTF-8", "b-:\\xCE c:\\xCE", "binary \\xCE\\xCE\n"},
    {"text after binary", "b:\\xCE t:a", "binary \\xCE\ntext a\n"},
    {"7.1.1 messages then close", "t:Hello x:1000", "text Hello\nclose 1000 \n"},
    {"7.3.1 close without code", "x:", "close 0 \n"},
    {"7.3.2 close of one byte", "x:a", "dead 1002\n"},
    {"7.3.4 close with reason", "x:1000,Hello", "close 1000 Hello\n"},
    {"7.5.1 close with bad UTF-8", "x:1000,\\xCE\\xBA\\xED\\xA0\\x80", "dead 1007\n"},
    {"7.7.1 code 1000", "x:1000", "close 1000 \n"},
    {"7.7.2 code 1001", "x:1001", "close 1001 \n"},
    {"7.7.3 code 1002", "x:1002", "close 1002 \n"},
    {"7.7.4 code 1003", "x:1003", "close 1003 \n"},
    {"7.7.5 code 1007", "x:1007", "close 1007 \n"},
    {"7.7.9 code 1011", "x:1011", "close 1011 \n"},
    {"7.7.10 code 3000", "x:3000", "close 3000 \n"},
    {"7.7.13 code 4999", "x:4999", "close 4999 \n"},
    {"7.9.1 code 0", "x:0", "dead 1002\n"},
    {"7.9.2 code 999", "x:999", "dead 1002\n"},
    {"7.9.3 code 1004", "x:1004", "dead 1002\n"},
    {"7.9.4 code 1005", "x:1005", "dead 1002\n"},
    {"7.9.5 code 1006", "x:1006", "dead 1002\n"},
    {"7.9.6 code 1016", "x:1016", "dead 1002\n"},
    {"code 1015", "x:1015", "dead 1002\n"},
    {"7.9.7 code 1100", "x:1100", "dead 1002\n"},
    {"7.9.8 code 2000", "x:2000", "dead 1002\n"},
    {"7.9.9 code 2999", "x:2999", "dead 1002\n"},
    {"7.13.1 code 5000", "x:5000", "dead 1002\n"},
    {"7.13.2 code 65535", "x:65535", "dead 1002\n"},
    {"unmasked", "=810548656c6c6f", "dead 1002\n"},
    {"unmasked close", "=8800", "dead 1002\n"},
    {"length not in its shortest form, 16 bit", "=81fe007d00000000", "dead 1002\n"},
    {"length not in its shortest form, 64 bit", "=81ff000000000000ffff00000000", "dead 1002\n"},
    {"highest bit of the length", "=81ff800000000000000000000000", "dead 1002\n"},
    {"longest possible length", "=81ff7fffffffffffffff00000000", "dead 1009\n"},
    {"half a header", "=81", ""},
    {"half a mask", "=81850000", ""},
    {"half a message", "=8185000000006162", ""},
};

static void
check_case(const struct decode_case *test, size_t chunk_bytes)
{
    struct buffer frames;
    struct buffer seen;
    buffer_init(&frames, SIZE_MAX);
    buffer_init(&seen, SIZE_MAX);
    websocket_frames_build(test->script, &frames);
    websocket_frames_decode(buffer_bytes(&frames), 1024, chunk_bytes, &seen);
    if (!bytes_equal(buffer_bytes(&seen), bytes_from_string(test->expected))) {
        fail_msg("%s, in chunks of %zu: \"%.*s\", not \"%s\"", test->name, chunk_bytes,
                 BYTES_PRINTF(buffer_bytes(&seen)), test->expected);
    }
    buffer_deinit(&frames);
    buffer_deinit(&seen);
}

static void
each_case_in_any_chunking(void **state)
{
    (void)state;
    static const size_t chunks[] = {SIZE_MAX, 1, 2, 3, 5, 7, 11};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
            check_case(&cases[i], chunks[c]);
        }
    }
}

static void
fill(struct buffer *payload, size_t length)
{
    buffer_clear(payload);
    for (size_t i = 0; i < length; i++) {
        buffer_append_byte(payload, (uint8_t)('a' + i % 26));
    }
    assert_status(payload->status, STATUS_OK);
}

/* Autobahn 1.1.2 to 1.1.8 and 9.1: at and around every change of the length's form. */
static void
every_form_of_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 300000};
    static const size_t chunks[] = {SIZE_MAX, 65536, 997, 1};
    struct buffer payload;
    struct buffer frames;
    struct buffer seen;
    buffer_init(&payload, SIZE_MAX);
    buffer_init(&frames, SIZE_MAX);
    buffer_init(&seen, SIZE_MAX);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
            fill(&payload, lengths[i]);
            buffer_clear(&frames);
            buffer_clear(&seen);
            websocket_frames_append(&frames, 0x81, buffer_bytes(&payload));
            websocket_frames_decode(buffer_bytes(&frames), lengths[i], chunks[c], &seen);
            struct bytes line = buffer_bytes(&seen);
            assert_text(bytes_slice(line, 0, 5), "text ");
            assert_bytes(bytes_slice(line, 5, lengths[i]), buffer_bytes(&payload));
            assert_int_equal(line.length, 5 + lengths[i] + 1);

            buffer_clear(&seen);
            websocket_frames_decode(buffer_bytes(&frames), lengths[i] - 1, chunks[c], &seen);
            assert_text(buffer_bytes(&seen), "dead 1009\n");
        }
    }
    buffer_deinit(&payload);
    buffer_deinit(&frames);
    buffer_deinit(&seen);
}

static const struct decode_case limits[] = {
    {"fills it", "t:0123456789", "text 0123456789\n"},
    {"one too many", "t:0123456789a", "dead 1009\n"},
    {"fragments fill it", "t-:01234 c-:5678 c:9", "text 0123456789\n"},
    {"fragments pass it", "t-:01234 c-:5678 c:9a", "dead 1009\n"},
    {"binary", "b:0123456789a", "dead 1009\n"},
    {"control frames do not count", "t-:01234 p:0123456789abcdef c:56789",
     "ping 0123456789abcdef\ntext 0123456789\n"},
    {"each message anew", "t:0123456789 t:0123456789", "text 0123456789\ntext 0123456789\n"},
    {"announced, not sent", "=81fe03e800000000", "dead 1009\n"},
};

static void
messages_have_a_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct buffer frames;
        buffer_init(&frames, SIZE_MAX);
        websocket_frames_build(limits[i].script, &frames);
        for (size_t chunk = 1; chunk <= frames.length; chunk++) {
            struct buffer seen;
            buffer_init(&seen, SIZE_MAX);
            websocket_frames_decode(buffer_bytes(&frames), 10, chunk, &seen);
            assert_bytes(buffer_bytes(&seen), bytes_from_string(limits[i].expected));
            buffer_deinit(&seen);
        }
        buffer_deinit(&frames);
    }
}

/* Bad text is refused as soon as it is seen, though most of its frame is still to come. */
static void
bad_text_is_refused_early(void **state)
{
    (void)state;
    struct websocket_decoder decoder;
    struct websocket_message message;
    uint8_t start[] = {0x81, 0xFE, 0x03, 0xE8, 0, 0, 0, 0, 'a', 0xFF};
    struct bytes input = bytes_from(start, sizeof(start));
    websocket_decoder_init(&decoder, 1000);
    assert_status(websocket_decode(&decoder, &input, &message), STATUS_PROTOCOL);
    assert_int_equal(decoder.failure_code, 1007);
    websocket_decoder_deinit(&decoder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_in_any_chunking),
        cmocka_unit_test(every_form_of_length),
        cmocka_unit_test(messages_have_a_limit),
        cmocka_unit_test(bad_text_is_refused_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
