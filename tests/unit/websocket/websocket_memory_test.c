/* SPDX-License-Identifier: MIT */
/* Goal of this test: an idle WebSocket holds no buffers, a message in one piece is not copied, and
 * running out of memory only ends it. */
#include "service/websocket/websocket_codec.h"
#include "tests/support/fail_alloc.h"
#include "tests/unit/websocket/websocket_peer.h"

static void
assert_holds_nothing(const struct websocket_decoder *decoder)
{
    assert_null(decoder->message.data);
    assert_null(decoder->control);
}

static void
decode_byte_by_byte(struct websocket_decoder *decoder, struct bytes frames)
{
    for (size_t i = 0; i < frames.length; i++) {
        struct bytes input = bytes_slice(frames, i, 1);
        struct websocket_message message;
        enum status status = websocket_decode(decoder, &input, &message);
        while (status == STATUS_OK) {
            status = websocket_decode(decoder, &input, &message);
        }
        assert_status(status, STATUS_NEED_MORE);
    }
}

static void
an_idle_decoder_holds_nothing(void **state)
{
    (void)state;
    static const char *const scripts[] = {"t:Hello", "t-:Hel p:x c:lo", "p:Hello", "x:1000", "t:"};
    assert_true(sizeof(struct websocket_decoder) <= 104);
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct websocket_decoder decoder;
        struct buffer frames;
        buffer_init(&frames, SIZE_MAX);
        websocket_decoder_init(&decoder, 64);
        websocket_frames_build(scripts[i], &frames);
        decode_byte_by_byte(&decoder, buffer_bytes(&frames));
        assert_holds_nothing(&decoder);
        websocket_decoder_deinit(&decoder);
        buffer_deinit(&frames);
    }
}

static void
a_message_in_one_piece_is_not_copied(void **state)
{
    (void)state;
    struct websocket_decoder decoder;
    struct websocket_message message;
    struct buffer frames;
    buffer_init(&frames, SIZE_MAX);
    websocket_decoder_init(&decoder, 64);
    websocket_frames_build("t:Hello p:ping b:x", &frames);
    struct bytes input = buffer_bytes(&frames);
    fail_alloc_at(0);
    while (input.length > 0) {
        assert_status(websocket_decode(&decoder, &input, &message), STATUS_OK);
        assert_ptr_equal(message.payload.data + message.payload.length, input.data);
        assert_holds_nothing(&decoder);
    }
    assert_false(fail_alloc_off());
    websocket_decoder_deinit(&decoder);
    buffer_deinit(&frames);
}

/* Returns whether an allocation has failed. */
static bool
run_with_failure(struct bytes frames, size_t count)
{
    struct websocket_peer peer;
    websocket_peer_init(&peer);
    assert_non_null(buffer_reserve(&peer.fake.written, 1024)); /* not the fake's own */
    fail_alloc_at(count);
    for (size_t i = 0; i < frames.length; i++) {
        websocket_receive(peer.websocket, bytes_slice(frames, i, 1));
    }
    bool has_failed = fail_alloc_off();
    assert_int_equal(fake_sink_is_open(&peer.fake), !has_failed);
    websocket_peer_close(&peer, "no-memory");
    assert_int_equal(peer.closed_count, 1);
    peer.fake.late_write_count = 0;
    websocket_peer_deinit(&peer);
    return has_failed;
}

static void
running_out_of_memory_ends_the_websocket(void **state)
{
    (void)state;
    size_t count = 0;
    bool has_failed = true;
    while (has_failed) {
        struct buffer frames;
        buffer_init(&frames, SIZE_MAX);
        websocket_frames_build("t-:Hel p:ping c:lo t:more", &frames);
        has_failed = run_with_failure(buffer_bytes(&frames), count++);
        buffer_deinit(&frames);
    }
    assert_true(count >= 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_decoder_holds_nothing),
        cmocka_unit_test(a_message_in_one_piece_is_not_copied),
        cmocka_unit_test(running_out_of_memory_ends_the_websocket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
