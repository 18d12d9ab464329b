/* SPDX-License-Identifier: MIT */
/* Goal of this test: every command that client libraries send, byte by byte as whole; an unknown
 * one costs an error and not the connection; passwords; what is not RESP closes. */
#include "tests/unit/redis_endpoint/redis_fixture.h"

#define ANSWERS(fixture, reply, count, ...)                    \
    do {                                                       \
        redis_fixture_command(fixture, 0, count, __VA_ARGS__); \
        REDIS_FIXTURE_SAYS(fixture, 0, reply);                 \
    } while (0)

static void
the_handshakes_of_stackexchange_redis(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    ANSWERS(&f, "+OK\r\n", 3, BYTES("CLIENT"), BYTES("SETNAME"), BYTES("machine"));
    ANSWERS(&f, "+OK\r\n", 4, BYTES("CLIENT"), BYTES("SETINFO"), BYTES("lib-name"), BYTES("x"));
    ANSWERS(&f, ":1\r\n", 2, BYTES("client"), BYTES("id"));
    ANSWERS(&f, "*0\r\n", 3, BYTES("CONFIG"), BYTES("GET"), BYTES("timeout"));
    ANSWERS(&f, "-ERR unknown command 'SENTINEL'\r\n", 2, BYTES("SENTINEL"), BYTES("MASTERS"));
    ANSWERS(&f, "-ERR unknown command 'CLUSTER'\r\n", 2, BYTES("CLUSTER"), BYTES("NODES"));
    ANSWERS(&f,
            "$82\r\n# Server\r\nredis_version:3.2.0\r\nredis_mode:standalone\r\n"
            "# Replication\r\nrole:master\r\n\r\n",
            2, BYTES("INFO"), BYTES("replication"));
    ANSWERS(&f, "$4\r\n\r\n\0x\r\n", 2, BYTES("ECHO"), BYTES("\r\n\0x"));
    ANSWERS(&f, "$-1\r\n", 2, BYTES("GET"), BYTES("__Booksleeve_TieBreak"));
    ANSWERS(&f, "+PONG\r\n", 1, BYTES("PING"));
    ANSWERS(&f, "+OK\r\n", 2, BYTES("SELECT"), BYTES("3"));
    ANSWERS(&f, ":0\r\n", 2, BYTES("EXISTS"), BYTES("x"));
    redis_fixture_deinit(&f);
}

static void
resp3_is_chosen_by_hello(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    ANSWERS(&f, "-NOPROTO unsupported protocol version\r\n", 2, BYTES("HELLO"), BYTES("4"));
    ANSWERS(
        &f,
        "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n3.2.0\r\n$5\r\nproto\r\n:3\r\n"
        "$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
        "$7\r\nmodules\r\n*0\r\n",
        4, BYTES("HELLO"), BYTES("3"), BYTES("SETNAME"), BYTES("x"));
    ANSWERS(&f, "_\r\n", 2, BYTES("GET"), BYTES("nothing"));
    ANSWERS(&f, "%0\r\n", 3, BYTES("CONFIG"), BYTES("GET"), BYTES("databases"));
    ANSWERS(&f, "-ERR syntax error in HELLO\r\n", 3, BYTES("HELLO"), BYTES("2"), BYTES("NONSENSE"));
    redis_fixture_deinit(&f);
}

static void
an_unknown_command_leaves_the_connection(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    ANSWERS(&f, "-ERR unknown command 'FLUSH\\x0AALL'\r\n", 1, BYTES("FLUSH\nALL"));
    ANSWERS(&f, "-ERR wrong number of arguments for 'ECHO' command\r\n", 1, BYTES("ECHO"));
    ANSWERS(&f, "-ERR wrong number of arguments for 'GET' command\r\n", 3, BYTES("GET"), BYTES("a"),
            BYTES("b"));
    ANSWERS(&f, "$1\r\nx\r\n", 2, BYTES("PING"), BYTES("x"));
    assert_true(fake_sink_is_open(&f.sinks[0]));
    redis_fixture_deinit(&f);
}

static void
passwords(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, true);
    ANSWERS(&f, "-NOAUTH Authentication required.\r\n", 1, BYTES("PING"));
    ANSWERS(&f, "-NOAUTH Authentication required.\r\n", 1, BYTES("FLUSHALL"));
    ANSWERS(&f, "-WRONGPASS invalid username-password pair\r\n", 2, BYTES("AUTH"), BYTES("wrong"));
    ANSWERS(&f, "-WRONGPASS invalid username-password pair\r\n", 2, BYTES("AUTH"), BYTES(""));
    ANSWERS(&f, "-WRONGPASS invalid username-password pair\r\n", 3, BYTES("AUTH"), BYTES("other"),
            BYTES("secret"));
    ANSWERS(&f,
            "-NOAUTH HELLO must be called with the client already authenticated, or with AUTH "
            "<user> <password>\r\n",
            2, BYTES("HELLO"), BYTES("3"));
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    REDIS_FIXTURE_SAYS(&f, 0, "-NOAUTH Authentication required.\r\n");
    ANSWERS(&f, "+OK\r\n", 2, BYTES("AUTH"), BYTES("secret"));
    ANSWERS(&f, "+PONG\r\n", 1, BYTES("PING"));
    /* A session of its own, by HELLO. */
    redis_fixture_connect(&f, 1, true);
    redis_fixture_command(&f, 1, 5, BYTES("HELLO"), BYTES("2"), BYTES("AUTH"), BYTES("default"),
                          BYTES("secret"));
    redis_fixture_run(&f);
    assert_true(bytes_starts_with(fake_sink_written(&f.sinks[1]), BYTES("*14\r\n")));
    /* The door without a password says so. */
    redis_fixture_connect(&f, 2, false);
    redis_fixture_command(&f, 2, 2, BYTES("AUTH"), BYTES("secret"));
    assert_true(bytes_starts_with(fake_sink_written(&f.sinks[2]),
                                  BYTES("-ERR AUTH <password> called without any password")));
    redis_fixture_deinit(&f);
}

static void
a_stranger_may_not_make_us_keep_much(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, true);
    redis_fixture_send(&f, 0, BYTES("*2\r\n$4\r\nAUTH\r\n$16381\r\n"));
    REDIS_FIXTURE_SAYS(&f, 0, "-ERR Protocol error: the command is too large\r\n");
    assert_string_equal(f.sinks[0].finish_reason, "protocol-error");
    redis_fixture_deinit(&f);
}

static void
what_is_not_resp_closes(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_send(&f, 0, BYTES("*1\r\n$4\r\nPING\r\nPING\r\n"));
    REDIS_FIXTURE_SAYS(&f, 0,
                       "+PONG\r\n-ERR Protocol error: commands are arrays of bulk strings; inline "
                       "commands are not understood\r\n");
    assert_string_equal(f.sinks[0].finish_reason, "protocol-error");
    /* Nothing more is listened to. */
    redis_fixture_command(&f, 0, 1, BYTES("PING"));
    REDIS_FIXTURE_SAYS(&f, 0, "");
    redis_fixture_deinit(&f);
}

static void
quit_says_goodbye(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    ANSWERS(&f, "+OK\r\n", 1, BYTES("QUIT"));
    assert_string_equal(f.sinks[0].finish_reason, "done");
    redis_fixture_deinit(&f);
}

static void
byte_by_byte(void **state)
{
    static const char input[] = "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n*1\r\n$4\r\nPING\r\n";
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    for (size_t i = 0; i < sizeof(input) - 1; i++) {
        redis_fixture_send(&f, 0, bytes_from(input + i, 1));
    }
    REDIS_FIXTURE_SAYS(&f, 0, "$2\r\nhi\r\n+PONG\r\n");
    redis_fixture_deinit(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_handshakes_of_stackexchange_redis),
        cmocka_unit_test(resp3_is_chosen_by_hello),
        cmocka_unit_test(an_unknown_command_leaves_the_connection),
        cmocka_unit_test(passwords),
        cmocka_unit_test(a_stranger_may_not_make_us_keep_much),
        cmocka_unit_test(what_is_not_resp_closes),
        cmocka_unit_test(quit_says_goodbye),
        cmocka_unit_test(byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
