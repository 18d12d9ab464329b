/* SPDX-License-Identifier: MIT */
/* Goal of this test: whichever allocation fails, a link ends in one on_failed or works as ever, and
 * leaks nothing. */
#include "tests/support/test.h"

#include "tests/support/fail_alloc.h"
#include "tests/unit/wire/link_fixture.h"

#include <string.h>

/* A little of everything that allocates, from HELLO on. The pipe and the texts of the fixture have
 * their memory already. */
static void
use_the_link(struct link_fixture *fixture, struct payload *frame)
{
    const struct bytes topics[] = {BYTES("h-ChatHub"), BYTES("c-1")};
    const struct link_topic since[] = {{BYTES("h-ChatHub"), 5}};
    link_server_receive(fixture->server, buffer_bytes(&fixture->pipe.node.outgoing));
    buffer_clear(&fixture->pipe.node.outgoing);
    link_client_open_app(fixture->client, 1, BYTES("ChatApp"), 0, 0);
    link_client_open_app(fixture->client, 2, BYTES("Other"), 0, 0);
    link_client_interest(fixture->client, 1, 7, topics, 2, NULL, 0);
    link_client_replay(fixture->client, 1, 8, since, 1);
    link_client_publish(fixture->client, 1, 1, frame);
    link_server_deliver(fixture->server, 1, 0, 1, payload_whole(frame), false);
    link_server_goaway(fixture->server, BYTES("drain"), BYTES("b2:7443"));
}

/* Where the pipe would need memory of its own, so that only the links' allocations fail. */
static void
reserve_elsewhere(struct link_fixture *fixture)
{
    struct buffer *buffers[] = {&fixture->pipe.node.outgoing, &fixture->pipe.bridge.outgoing,
                                &fixture->told, &fixture->logged};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(buffer_reserve(buffers[i], 1024 * 1024));
    }
}

static void
test_every_allocation_fails_once(void **state)
{
    (void)state;
    struct payload *frame = payload_new(2000);
    assert_non_null(frame);
    memset(frame->data, 'x', frame->length);
    size_t count = 0;
    for (bool has_failed = true; has_failed; count++) {
        struct link_fixture fixture;
        link_fixture_init(&fixture);
        reserve_elsewhere(&fixture);
        fail_alloc_at(count);
        use_the_link(&fixture, frame);
        has_failed = fail_alloc_off();
        timers_run(&fixture.timers);
        link_pipe_run(&fixture.pipe);
        assert_true(fixture.failed_count <= 2);
        assert_int_equal(fixture.failed_count, has_failed ? 2 : 0);
        link_fixture_deinit(&fixture);
    }
    payload_unref(frame);
}

static void
test_no_memory_for_a_link(void **state)
{
    (void)state;
    struct clock clock;
    struct timers timers;
    struct link_pipe pipe;
    clock_init_virtual(&clock, 0, 0);
    timers_init(&timers, &clock);
    link_pipe_init(&pipe);
    static const struct link_client_handler client_handler;
    static const struct link_server_handler server_handler;
    static const struct link_identity identity;
    struct link_client *client;
    struct link_server *server;
    fail_alloc_at(0);
    assert_status(link_client_new(&pipe.node.sink, &timers, NULL, &identity, &client_handler, NULL,
                                  &client),
                  STATUS_NO_MEMORY);
    fail_alloc_at(0);
    assert_status(link_server_new(&pipe.bridge.sink, &timers, NULL, &identity, &server_handler,
                                  NULL, &server),
                  STATUS_NO_MEMORY);
    fail_alloc_off();
    link_client_free(NULL);
    link_server_free(NULL);
    link_pipe_deinit(&pipe);
    timers_deinit(&timers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails_once),
        cmocka_unit_test(test_no_memory_for_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
