/* SPDX-License-Identifier: MIT */
/* Goal of this test: a script's publish is the bytes as given; its reply waits for the farm and
 * keeps its place; every failure is an error the application sees, after which the farm wakes it.
 */
#include <string.h>

#include "tests/unit/redis_endpoint/redis_fixture.h"

#define FRAME_REPLY(id, length)                                             \
    "*3\r\n:" id "\r\n$16\r\n" REDIS_FIXTURE_FRAME "\r\n$" length "\r\n" id \
    " " REDIS_FIXTURE_FRAME "\r\n"

static void
the_reply_waits_for_the_farm(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    f.port->holds_commands = true;
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, "");
    f.port->holds_commands = false;
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("1", "18"));
    assert_int_equal(f.farm.history_count, 1);
    assert_bytes(payload_bytes(f.farm.history[0].frame), BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_deinit(&f);
}

static void
replies_keep_their_order(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    f.port->holds_events = true;
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    assert_false(f.sinks[0].is_paused);
    redis_fixture_command(&f, 0, 1, BYTES("PING"));
    assert_true(f.sinks[0].is_paused); /* what follows would overtake */
    REDIS_FIXTURE_SAYS(&f, 0, "");
    f.port->holds_events = false;
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("1", "18") FRAME_REPLY("2", "18") "+PONG\r\n");
    assert_false(f.sinks[0].is_paused);
    redis_fixture_deinit(&f);
}

/* Everything that follows a command that waits comes in its turn, in any chunking. */
static void
what_waits_is_not_lost(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    f.port->holds_events = true;
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_send(&f, 0,
                       BYTES("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$1\r\na\r\n*2\r\n$4\r\nEC"));
    f.port->holds_events = false;
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("1", "18") "+PONG\r\n$1\r\na\r\n");
    redis_fixture_send(&f, 0, BYTES("HO\r\n$1\r\nb\r\nrubbish"));
    REDIS_FIXTURE_SAYS(
        &f, 0,
        "$1\r\nb\r\n-ERR Protocol error: commands are arrays of bulk strings; inline "
        "commands are not understood\r\n");
    redis_fixture_deinit(&f);
}

static void
rubbish_behind_a_publish_waits_for_its_answer(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    f.port->holds_events = true;
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_send(&f, 0, BYTES("rubbish"));
    REDIS_FIXTURE_SAYS(&f, 0, "");
    f.port->holds_events = false;
    REDIS_FIXTURE_SAYS(&f, 0,
                       FRAME_REPLY("1", "18") "-ERR Protocol error: commands are arrays of bulk "
                                              "strings; inline commands are not understood\r\n");
    assert_string_equal(f.sinks[0].finish_reason, "protocol-error");
    redis_fixture_deinit(&f);
}

static void
scripts_by_text_and_digest(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_command(&f, 0, 3, BYTES("SCRIPT"), BYTES("EXISTS"),
                          BYTES("7abda6371505d860df48852c6bc727c15f62bb4c"));
    REDIS_FIXTURE_SAYS(&f, 0, "*1\r\n:0\r\n");
    redis_fixture_command(&f, 0, 5, BYTES("EVALSHA"),
                          BYTES("7abda6371505d860df48852c6bc727c15f62bb4c"), BYTES("1"),
                          BYTES("ChatApp"), BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, "-NOSCRIPT No matching script. Please use EVAL.\r\n");
    redis_fixture_command(&f, 0, 3, BYTES("SCRIPT"), BYTES("LOAD"),
                          BYTES(REDIS_FIXTURE_PUBLISH_SCRIPT));
    REDIS_FIXTURE_SAYS(&f, 0, "$40\r\n7abda6371505d860df48852c6bc727c15f62bb4c\r\n");
    redis_fixture_command(&f, 0, 5, BYTES("EVALSHA"),
                          BYTES("7abda6371505d860df48852c6bc727c15f62bb4c"), BYTES("1"),
                          BYTES("ChatApp"), BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("1", "18"));
    redis_fixture_command(&f, 0, 5, BYTES("EVAL"), BYTES(REDIS_FIXTURE_PUBLISH_SCRIPT), BYTES("1"),
                          BYTES("ChatApp"), BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("2", "18"));
    /* Up to SignalR 2.1 the reply is how many have heard it. */
    redis_fixture_command(&f, 0, 5, BYTES("EVALSHA"), BYTES(REDIS_FIXTURE_PUBLISH_COUNT),
                          BYTES("1"), BYTES("ChatApp"), BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, ":1\r\n");
    redis_fixture_command(&f, 0, 3, BYTES("EVAL"), BYTES("return 1"), BYTES("0"));
    REDIS_FIXTURE_SAYS(&f, 0,
                       "-ERR hubplane: unknown script; only those of the Redis packages of ASP.NET "
                       "SignalR 2 are served here\r\n");
    redis_fixture_command(&f, 0, 4, BYTES("EVALSHA"), BYTES(REDIS_FIXTURE_PUBLISH), BYTES("1"),
                          BYTES("ChatApp"));
    REDIS_FIXTURE_SAYS(&f, 0, "-ERR hubplane: this script takes one key and one argument\r\n");
    redis_fixture_deinit(&f);
}

static void
a_key_without_app_names_the_fix(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_command(&f, 0, 5, BYTES("EVALSHA"), BYTES(REDIS_FIXTURE_PUBLISH), BYTES("1"),
                          BYTES("Other\r\n"), BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(
        &f, 0,
        "-ERR hubplane: no app has the key 'Other\\x0D\\x0A' at 127.0.0.1:6379; write \"key = "
        "Other\\x0D\\x0A\" and \"redis = 127.0.0.1:6379\" in an [app NAME] section of "
        "hubplane-service's configuration, or correct the application's eventKey\r\n");
    assert_int_equal(f.farm.publish_count, 0);
    redis_fixture_deinit(&f);
}

static void
the_counter_is_never_lowered_nor_raised(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("1", "18"));
    fake_port_send_position(f.port);
    redis_fixture_run(&f);
    redis_fixture_command(&f, 0, 2, BYTES("GET"), BYTES("ChatApp"));
    redis_fixture_command(&f, 0, 3, BYTES("EXISTS"), BYTES("ChatApp"), BYTES("Other"));
    REDIS_FIXTURE_SAYS(&f, 0, "$1\r\n1\r\n:1\r\n");
    redis_fixture_command(&f, 0, 5, BYTES("EVALSHA"), BYTES(REDIS_FIXTURE_RESTORE), BYTES("1"),
                          BYTES("ChatApp"), BYTES("77"));
    REDIS_FIXTURE_SAYS(&f, 0, "$-1\r\n");
    buffer_append_byte(&f.lines, 0);
    assert_non_null(strstr((const char *)f.lines.data, "seen=77 farm=1"));
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("2", "18"));
    redis_fixture_deinit(&f);
}

static void
failures_are_errors_and_the_farm_wakes_the_application(void **state)
{
    static const struct {
        enum status status;
        const char *text;
    } cases[] = {
        {STATUS_QUEUE_FULL, "-ERR hubplane: not published, the queue of this node is full"},
        {STATUS_TIMED_OUT, "-ERR hubplane: not published, no bridge has taken the message in time"},
        {STATUS_OUTCOME_UNKNOWN, "-ERR hubplane: outcome unknown"},
        {STATUS_BACKPLANE_DOWN, "-ERR hubplane: not published, the bridge refuses this app"},
        {STATUS_INVALID, "-ERR hubplane: not published, the argument is not a message"},
        {STATUS_DENIED, "-ERR hubplane: not published, the bridge refused the message"},
    };
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_connect(&f, 1, false);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        f.farm.publish_status = cases[i].status;
        redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
        redis_fixture_run(&f);
        assert_true(
            bytes_starts_with(fake_sink_written(&f.sinks[0]), bytes_from_string(cases[i].text)));
        fake_sink_clear(&f.sinks[0]);
    }
    /* Trying is not enough while nothing is accepted, and it goes on. */
    redis_fixture_advance(&f, 1000);
    redis_fixture_advance(&f, 1000);
    f.farm.publish_status = STATUS_OK;
    redis_fixture_command(&f, 1, 2, BYTES("SUBSCRIBE"), BYTES("ChatApp"));
    redis_fixture_run(&f);
    fake_sink_clear(&f.sinks[1]);
    redis_fixture_advance(&f, 1000);
    /* An empty frame, with an id of its own. */
    struct bytes message = fake_sink_written(&f.sinks[1]);
    assert_true(bytes_starts_with(message, BYTES("*3\r\n$7\r\nmessage\r\n$7\r\nChatApp\r\n$18\r\n1 "
                                                 "\x0c\0\0\0\0\0\0\0")));
    fake_sink_clear(&f.sinks[1]);
    redis_fixture_advance(&f, 5000);
    REDIS_FIXTURE_SAYS(&f, 1, "");
    redis_fixture_deinit(&f);
}

static void
a_client_that_leaves_does_not_take_its_publishes_along(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_connect(&f, 1, false);
    f.port->holds_commands = true;
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_publish(&f, 1, BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_disconnect(&f, 0);
    f.port->holds_commands = false;
    REDIS_FIXTURE_SAYS(&f, 1, FRAME_REPLY("2", "18"));
    assert_int_equal(f.farm.publish_count, 2);
    /* Freed with publishes still under way: nothing leaks. */
    f.port->holds_commands = true;
    redis_fixture_publish(&f, 1, BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_deinit(&f);
}

static void
draining_answers_what_has_been_read(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    f.port->holds_commands = true;
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    redis_endpoint_drain(f.endpoint);
    assert_true(f.sinks[0].is_paused);
    f.port->holds_commands = false;
    REDIS_FIXTURE_SAYS(&f, 0, FRAME_REPLY("1", "18"));
    assert_true(f.sinks[0].is_paused);
    redis_fixture_deinit(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reply_waits_for_the_farm),
        cmocka_unit_test(replies_keep_their_order),
        cmocka_unit_test(what_waits_is_not_lost),
        cmocka_unit_test(rubbish_behind_a_publish_waits_for_its_answer),
        cmocka_unit_test(scripts_by_text_and_digest),
        cmocka_unit_test(a_key_without_app_names_the_fix),
        cmocka_unit_test(the_counter_is_never_lowered_nor_raised),
        cmocka_unit_test(failures_are_errors_and_the_farm_wakes_the_application),
        cmocka_unit_test(a_client_that_leaves_does_not_take_its_publishes_along),
        cmocka_unit_test(draining_answers_what_has_been_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
