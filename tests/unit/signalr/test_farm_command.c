/* SPDX-License-Identifier: MIT */
/* Goal of this test: what one node says about connections of the farm is what another reads; what
 * is none of it is refused. */
#include "service/signalr/farm_command.h"
#include "tests/support/test.h"

static void
comes_back_as_it_was(void **state)
{
    const struct farm_command commands[] = {
        {FARM_COMMAND_JOIN, BYTES("hu-Hub.ann"), BYTES("hg-Hub.a \"b\""), BYTES(""), 0},
        {FARM_COMMAND_JOIN, BYTES("hu-Hub.ann"), BYTES("hg-Hub.x"), BYTES(""), UINT32_MAX},
        {FARM_COMMAND_LEAVE, BYTES("hu-Hub.\xc3\xa9"), BYTES("hg-Hub.x"), BYTES(""), 0},
        {FARM_COMMAND_LEAVE_ALL, BYTES("c-1"), BYTES("Hub"), BYTES(""), 0},
        {FARM_COMMAND_CLOSE, BYTES("h-Hub"), BYTES(""), BYTES("line\nbreak"), 0},
        {FARM_COMMAND_FIND, BYTES("hu-Hub.ann"), BYTES("hg-Hub.x"), BYTES(""), 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct buffer text, storage;
        struct farm_command command;
        buffer_init(&text, FARM_COMMAND_BYTES_MAX);
        buffer_init(&storage, FARM_COMMAND_BYTES_MAX);
        assert_status(farm_command_encode(&commands[i], &text), STATUS_OK);
        assert_status(farm_command_decode(buffer_bytes(&text), &storage, &command), STATUS_OK);
        assert_int_equal(command.kind, commands[i].kind);
        assert_bytes(command.of, commands[i].of);
        assert_bytes(command.group, commands[i].group);
        assert_bytes(command.why, commands[i].why);
        assert_int_equal(command.seconds, commands[i].seconds);
        buffer_deinit(&storage);
        buffer_deinit(&text);
    }
}

static void
what_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"moved\":\"1\",\"by\":\"x\",\"at\":1}",
        "{\"command\":\"join\"}",
        "{\"command\":\"dance\",\"of\":\"h-Hub\"}",
        "{\"command\":1,\"of\":\"h-Hub\"}",
        "{\"command\":\"join\",\"of\":{}}",
        "{\"command\":\"join\",\"of\":\"h-Hub\",\"for\":\"1\"}",
        "{\"command\":\"join\",\"of\":\"h-Hub\",\"for\":4294967296}",
    };
    const struct farm_command broken = {FARM_COMMAND_CLOSE, BYTES("h-Hub"), BYTES(""),
                                        BYTES("\xff"), 0};
    struct buffer storage;
    struct farm_command command;

    (void)state;
    buffer_init(&storage, FARM_COMMAND_BYTES_MAX);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        buffer_clear(&storage);
        if (farm_command_decode(bytes_from_string(texts[i]), &storage, &command) !=
            STATUS_INVALID) {
            fail_msg("accepted: %s", texts[i]);
        }
    }
    assert_status(farm_command_encode(&broken, &storage), STATUS_INVALID);
    buffer_deinit(&storage);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
