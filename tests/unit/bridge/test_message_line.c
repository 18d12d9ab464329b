/* SPDX-License-Identifier: MIT */
/* What "tail" shows of a message. */
#include <string.h>

#include "bridge/admin/message_line.h"
#include "common/wire/signalr_message.h"
#include "tests/support/test.h"

static void
append(struct buffer *frame, const struct signalr_message *messages, size_t count)
{
    buffer_clear(frame);
    assert_status(signalr_message_encode(messages, count, 0, frame), STATUS_OK);
}

static void
shows_a_message(void **state)
{
    const struct signalr_message message = {.source = BYTES("s1"),
                                            .topic = BYTES("h-Chat"),
                                            .value = BYTES("{\"A\":1}\x1b[2J"),
                                            .command_id = BYTES("c1"),
                                            .waits_for_ack = true,
                                            .filter = BYTES("c-x|c-y")};
    const struct signalr_trailer trailer = {.instance = {0xab, 0xcd, 0xef, 0x01, 0x02},
                                            .sequence = 17};
    struct buffer frame, out;

    (void)state;
    buffer_init(&frame, 4096);
    buffer_init(&out, 4096);
    append(&frame, &message, 1);
    assert_status(message_line_append(42, buffer_bytes(&frame), &out), STATUS_OK);
    assert_text(buffer_bytes(&out), "id=42 from=dotnet topic=h-Chat source=s1 command=c1 "
                                    "waits_for_ack except=c-x|c-y value={\"A\":1}\\x1B[2J\n");
    buffer_clear(&out);
    assert_status(signalr_trailer_encode(&trailer, &frame), STATUS_OK);
    assert_status(message_line_append(43, buffer_bytes(&frame), &out), STATUS_OK);
    assert_true(bytes_starts_with(buffer_bytes(&out), BYTES("id=43 from=node:abcdef01#17 ")));
    buffer_deinit(&frame);
    buffer_deinit(&out);
}

static void
shows_what_has_no_message(void **state)
{
    const struct signalr_trailer mark = {.void_from = 5, .void_to = 9};
    struct buffer frame, out;

    (void)state;
    buffer_init(&frame, 4096);
    buffer_init(&out, 4096);
    append(&frame, NULL, 0);
    assert_status(signalr_trailer_encode(&mark, &frame), STATUS_OK);
    assert_status(message_line_append(10, buffer_bytes(&frame), &out), STATUS_OK);
    assert_status(message_line_append(11, BYTES("\xff\xff\xff\xff"), &out), STATUS_OK);
    assert_text(buffer_bytes(&out), "id=10 from=bridge void=5-9 empty\n"
                                    "id=11 malformed (4 bytes)\n");
    buffer_deinit(&frame);
    buffer_deinit(&out);
}

static void
shortens_long_texts(void **state)
{
    static uint8_t text[1000];
    struct signalr_message message = {.topic = BYTES("t"), .value = {text, sizeof(text)}};
    struct buffer frame, out;

    (void)state;
    memset(text, 'x', sizeof(text));
    buffer_init(&frame, 4096);
    buffer_init(&out, 4096);
    append(&frame, &message, 1);
    assert_status(message_line_append(1, buffer_bytes(&frame), &out), STATUS_OK);
    assert_true(out.length < 400);
    assert_true(bytes_ends_with_ignore_case(buffer_bytes(&out), BYTES("x... (1000 bytes)\n")));
    buffer_deinit(&frame);
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_message),
        cmocka_unit_test(shows_what_has_no_message),
        cmocka_unit_test(shortens_long_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
