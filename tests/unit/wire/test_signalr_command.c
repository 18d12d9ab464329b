/* SPDX-License-Identifier: MIT */
/* Goal of this test: commands are written as .NET writes them and read however it may write them.
 */
#include "tests/support/test.h"

#include "common/wire/signalr_message.h"

#define ID_TEXT "99999999-8888-7777-6666-555555555555"

static void
check_encode(const struct signalr_command *command, const char *expected)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    assert_status(signalr_command_encode(command, &out), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));

    struct buffer storage;
    buffer_init(&storage, SIZE_MAX);
    struct signalr_command read;
    assert_status(signalr_command_decode(buffer_bytes(&out), &storage, &read), STATUS_OK);
    assert_int_equal(read.type, command->type);
    assert_int_equal(read.waits_for_ack, command->waits_for_ack);
    assert_bytes(read.id, command->id);
    assert_bytes(read.value, command->value);
    assert_true(read.since == command->since);
    buffer_deinit(&storage);
    buffer_deinit(&out);
}

static void
test_encode(void **state)
{
    (void)state;
    check_encode(&(struct signalr_command){.type = SIGNALR_COMMAND_ADD_TO_GROUP,
                                           .waits_for_ack = true,
                                           .id = BYTES(ID_TEXT),
                                           .value = BYTES("hg-ChatHub.room1")},
                 "{\"WaitForAck\":true,\"Id\":\"" ID_TEXT
                 "\",\"CommandType\":1,\"Value\":\"hg-ChatHub.room1\"}");
    check_encode(&(struct signalr_command){.id = BYTES(ID_TEXT)},
                 "{\"WaitForAck\":false,\"Id\":\"" ID_TEXT "\",\"CommandType\":0,\"Value\":null}");
    check_encode(&(struct signalr_command){.type = SIGNALR_COMMAND_REMOVE_FROM_GROUP,
                                           .id = BYTES("x"),
                                           .value = BYTES("g"),
                                           .since = UINT64_MAX},
                 "{\"WaitForAck\":false,\"Id\":\"x\",\"CommandType\":2,\"Value\":\"g\","
                 "\"Since\":18446744073709551615}");
}

static void
test_escapes_are_those_of_dotnet(void **state)
{
    (void)state;
    check_encode(
        &(struct signalr_command){
            .id = BYTES("x"),
            .value = BYTES("\"\\/<>&'\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xc2\x85\xe2\x80\xa8\xe2\x80\xa9"
                           "\xe2\x80\xaa")},
        "{\"WaitForAck\":false,\"Id\":\"x\",\"CommandType\":0,\"Value\":\""
        "\\\"\\\\/<>&'\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\\u0085\\u2028\\u2029"
        "\xe2\x80\xaa\"}");
}

static void
test_encode_refuses(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 40);
    struct signalr_command command = {.id = BYTES("x"), .value = BYTES("\xff")};
    assert_status(signalr_command_encode(&command, &out), STATUS_INVALID);
    command.value = BYTES("a value that does not fit");
    assert_status(signalr_command_encode(&command, &out), STATUS_LIMIT);
    assert_int_equal(out.length, 0);
    buffer_deinit(&out);
}

static enum status
decode(const char *json, struct buffer *storage, struct signalr_command *out)
{
    buffer_clear(storage);
    return signalr_command_decode(bytes_from_string(json), storage, out);
}

static void
test_decode_is_lenient(void **state)
{
    (void)state;
    struct buffer storage;
    buffer_init(&storage, SIZE_MAX);
    struct signalr_command command;

    assert_status(
        decode(" {\"VALUE\" : \"hg-\\u00e9\\n\", \"commandtype\":\"addTOgroup\", \"extra\":"
               "{\"Value\":[1,2]}, \"waitForAck\":true,\"id\":\"g\"} ",
               &storage, &command),
        STATUS_OK);
    assert_int_equal(command.type, SIGNALR_COMMAND_ADD_TO_GROUP);
    assert_true(command.waits_for_ack);
    assert_text(command.value, "hg-\xc3\xa9\n");
    assert_text(command.id, "g");

    assert_status(decode("{}", &storage, &command), STATUS_OK);
    assert_int_equal(command.type, SIGNALR_COMMAND_INITIALIZING);
    assert_false(command.waits_for_ack);
    assert_int_equal(command.value.length, 0);
    assert_int_equal(command.id.length, 0);
    assert_true(command.since == 0);

    assert_status(decode("{\"CommandType\":\"3\",\"Value\":null,\"WaitForAck\":\"True\"}", &storage,
                         &command),
                  STATUS_OK);
    assert_int_equal(command.type, SIGNALR_COMMAND_ABORT);
    assert_true(command.waits_for_ack);

    /* The last of twins wins; a Since that is no number is none. */
    assert_status(decode("{\"Value\":\"a\",\"value\":\"b\",\"Since\":\"x\"}", &storage, &command),
                  STATUS_OK);
    assert_text(command.value, "b");
    assert_true(command.since == 0);
    buffer_deinit(&storage);
}

static void
test_decode_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "1",
        "{",
        "{\"CommandType\":4}",
        "{\"CommandType\":-1}",
        "{\"CommandType\":1.5}",
        "{\"CommandType\":\"Join\"}",
        "{\"CommandType\":null}",
        "{\"Value\":[]}",
        "{\"Id\":{}}",
        "{\"WaitForAck\":[]}",
        "{\"WaitForAck\":\"maybe\"}",
        "{} {}",
    };
    struct buffer storage;
    buffer_init(&storage, SIZE_MAX);
    struct signalr_command command;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_status(decode(bad[i], &storage, &command), STATUS_PROTOCOL);
    }
    assert_status(signalr_command_decode(BYTES_NONE, &storage, &command), STATUS_PROTOCOL);
    buffer_deinit(&storage);

    buffer_init(&storage, 2);
    assert_status(decode("{\"Value\":\"abc\"}", &storage, &command), STATUS_LIMIT);
    buffer_deinit(&storage);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),         cmocka_unit_test(test_escapes_are_those_of_dotnet),
        cmocka_unit_test(test_encode_refuses), cmocka_unit_test(test_decode_is_lenient),
        cmocka_unit_test(test_decode_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
