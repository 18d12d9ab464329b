/* SPDX-License-Identifier: MIT */
/* Goal of this test: a subscriber sees every frame as Redis would show it, from its confirmation
 * on; keep-alives by UNSUBSCRIBE; a bridge that does not answer is an error and not a silence. */
#include "tests/unit/redis_endpoint/redis_fixture.h"

#define CONFIRMED "*3\r\n$9\r\nsubscribe\r\n$7\r\nChatApp\r\n:1\r\n"

static void
publish_text(struct redis_fixture *f, const char *topic)
{
    const struct signalr_message message = {.source = BYTES("s"),
                                            .topic = bytes_from_string(topic),
                                            .value = BYTES("{}")};

    fake_backplane_publish(&f->farm, &message, 1);
}

static void
subscribe(struct redis_fixture *f, size_t client)
{
    redis_fixture_command(f, client, 2, BYTES("SUBSCRIBE"), BYTES("ChatApp"));
    REDIS_FIXTURE_SAYS(f, client, CONFIRMED);
}

/* What the channel says of the newest message. */
static void
assert_message(struct redis_fixture *f, size_t client, const char *mark)
{
    const struct fake_message *newest = &f->farm.history[f->farm.history_count - 1];
    struct buffer expected;

    buffer_init(&expected, 4096);
    buffer_append_format(&expected, "%s3\r\n$7\r\nmessage\r\n$7\r\nChatApp\r\n$%zu\r\n%llu ", mark,
                         newest->frame->length + 2, (unsigned long long)newest->id);
    buffer_append(&expected, payload_bytes(newest->frame));
    buffer_append_string(&expected, "\r\n");
    redis_fixture_expect(f, client, buffer_bytes(&expected));
    buffer_deinit(&expected);
}

static void
every_frame_once(void **state)
{
    const struct signalr_message two[] = {
        {.source = BYTES("s"), .topic = BYTES("h-A"), .value = BYTES("1")},
        {.source = BYTES("s"), .topic = BYTES("h-B"), .value = BYTES("2")}};
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    publish_text(&f, "before");
    subscribe(&f, 0);
    publish_text(&f, "h-ChatHub");
    assert_message(&f, 0, "*");
    fake_backplane_publish(&f.farm, two, 2);
    assert_message(&f, 0, "*");
    fake_backplane_publish(&f.farm, NULL, 0);
    assert_message(&f, 0, "*");
    redis_fixture_deinit(&f);
}

static void
many_listen(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    for (size_t i = 0; i < REDIS_FIXTURE_CLIENTS; i++) {
        redis_fixture_connect(&f, i, false);
    }
    redis_fixture_command(&f, 2, 2, BYTES("HELLO"), BYTES("3"));
    subscribe(&f, 0);
    subscribe(&f, 1);
    fake_sink_clear(&f.sinks[2]);
    redis_fixture_command(&f, 2, 2, BYTES("SUBSCRIBE"), BYTES("ChatApp"));
    REDIS_FIXTURE_SAYS(&f, 2, ">3\r\n$9\r\nsubscribe\r\n$7\r\nChatApp\r\n:1\r\n");
    publish_text(&f, "h-ChatHub");
    redis_fixture_run(&f);
    assert_ptr_equal(f.sinks[0].latest, f.sinks[1].latest); /* encoded once */
    assert_message(&f, 0, "*");
    assert_message(&f, 1, "*");
    assert_message(&f, 2, ">");
    assert_int_equal(fake_port_uses(f.port, BYTES("*")), 1);
    redis_fixture_disconnect(&f, 0);
    redis_fixture_disconnect(&f, 1);
    redis_fixture_run(&f);
    assert_int_equal(fake_port_uses(f.port, BYTES("*")), 1);
    redis_fixture_command(&f, 2, 2, BYTES("UNSUBSCRIBE"), BYTES("ChatApp"));
    REDIS_FIXTURE_SAYS(&f, 2, ">3\r\n$11\r\nunsubscribe\r\n$7\r\nChatApp\r\n:0\r\n");
    assert_int_equal(fake_port_uses(f.port, BYTES("*")), 0);
    publish_text(&f, "h-ChatHub");
    REDIS_FIXTURE_SAYS(&f, 2, "");
    redis_fixture_deinit(&f);
}

static void
its_own_messages_too(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_connect(&f, 1, false);
    subscribe(&f, 1);
    redis_fixture_publish(&f, 0, BYTES(REDIS_FIXTURE_FRAME));
    redis_fixture_run(&f);
    assert_message(&f, 1, "*");
    redis_fixture_deinit(&f);
}

static void
keep_alives(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_command(&f, 0, 2, BYTES("SUBSCRIBE"), BYTES("__Booksleeve_MasterChanged"));
    REDIS_FIXTURE_SAYS(&f, 0,
                       "*3\r\n$9\r\nsubscribe\r\n$26\r\n__Booksleeve_MasterChanged\r\n:1\r\n");
    redis_fixture_command(&f, 0, 2, BYTES("UNSUBSCRIBE"), BYTES("\0\1\r\n6789abcdef\xff\0"));
    REDIS_FIXTURE_SAYS(&f, 0,
                       "*3\r\n$11\r\nunsubscribe\r\n$16\r\n\0\1\r\n6789abcdef\xff\0\r\n:1\r\n");
    redis_fixture_command(&f, 0, 1, BYTES("PING"));
    REDIS_FIXTURE_SAYS(&f, 0, "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    redis_fixture_command(&f, 0, 1, BYTES("UNSUBSCRIBE"));
    redis_fixture_command(&f, 0, 1, BYTES("UNSUBSCRIBE"));
    redis_fixture_command(&f, 0, 1, BYTES("PING"));
    REDIS_FIXTURE_SAYS(&f, 0,
                       "*3\r\n$11\r\nunsubscribe\r\n$26\r\n__Booksleeve_MasterChanged\r\n:0\r\n"
                       "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n+PONG\r\n");
    redis_fixture_deinit(&f);
}

static void
several_channels_and_twice(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    redis_fixture_command(&f, 0, 4, BYTES("SUBSCRIBE"), BYTES("__Booksleeve_MasterChanged"),
                          BYTES("ChatApp"), BYTES("__Booksleeve_MasterChanged"));
    REDIS_FIXTURE_SAYS(&f, 0,
                       "*3\r\n$9\r\nsubscribe\r\n$26\r\n__Booksleeve_MasterChanged\r\n:1\r\n"
                       "*3\r\n$9\r\nsubscribe\r\n$26\r\n__Booksleeve_MasterChanged\r\n:1\r\n"
                       "*3\r\n$9\r\nsubscribe\r\n$7\r\nChatApp\r\n:2\r\n");
    redis_fixture_command(&f, 0, 2, BYTES("SUBSCRIBE"), BYTES("chatapp"));
    redis_fixture_run(&f);
    assert_true(bytes_starts_with(fake_sink_written(&f.sinks[0]),
                                  BYTES("-ERR hubplane: no app has the key 'chatapp' at "
                                        "127.0.0.1:6379; write \"key = chatapp\"")));
    redis_fixture_deinit(&f);
}

static void
a_bridge_that_does_not_answer_is_an_error(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    f.port->holds_commands = true;
    redis_fixture_command(&f, 0, 2, BYTES("SUBSCRIBE"), BYTES("ChatApp"));
    redis_fixture_command(&f, 0, 1, BYTES("PING"));
    REDIS_FIXTURE_SAYS(&f, 0, "");
    redis_fixture_advance(&f, 3999);
    REDIS_FIXTURE_SAYS(&f, 0, "");
    redis_fixture_advance(&f, 1);
    REDIS_FIXTURE_SAYS(&f, 0,
                       "-ERR hubplane: not subscribed, no bridge has answered; try again\r\n"
                       "+PONG\r\n");
    /* The next attempt waits for the same answer. */
    redis_fixture_command(&f, 0, 2, BYTES("SUBSCRIBE"), BYTES("ChatApp"));
    f.port->holds_commands = false;
    REDIS_FIXTURE_SAYS(&f, 0, CONFIRMED);
    assert_int_equal(f.port->subscribe_count, 1);
    redis_fixture_deinit(&f);
}

static void
who_leaves_before_the_answer_is_forgotten(void **state)
{
    struct redis_fixture f;

    (void)state;
    redis_fixture_init(&f);
    redis_fixture_connect(&f, 0, false);
    f.port->holds_commands = true;
    redis_fixture_command(&f, 0, 2, BYTES("SUBSCRIBE"), BYTES("ChatApp"));
    redis_fixture_disconnect(&f, 0);
    f.port->holds_commands = false;
    redis_fixture_run(&f);
    assert_int_equal(fake_port_uses(f.port, BYTES("*")), 0);
    redis_fixture_deinit(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_once),
        cmocka_unit_test(many_listen),
        cmocka_unit_test(its_own_messages_too),
        cmocka_unit_test(keep_alives),
        cmocka_unit_test(several_channels_and_twice),
        cmocka_unit_test(a_bridge_that_does_not_answer_is_an_error),
        cmocka_unit_test(who_leaves_before_the_answer_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
