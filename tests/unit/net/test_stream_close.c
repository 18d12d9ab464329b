/* SPDX-License-Identifier: MIT */
/* Goal of this test: closing is safe from anywhere, on_closed comes once and later, and finish
 * loses nothing. */
#include "tests/unit/net/net_fixture.h"

static void
close_it(struct net_end *end)
{
    stream_close(end->stream, "inside");
    /* All of this is ignored, and nobody is called back now. */
    stream_close(end->stream, "again");
    sink_finish(stream_sink(end->stream), "again");
    net_write_text(end->stream, "never");
    sink_pause(stream_sink(end->stream));
    sink_resume(stream_sink(end->stream));
    assert_int_equal(end->closed_count, 0);
}

static void
close_on_data(struct net_end *end, struct bytes input)
{
    (void)input;
    close_it(end);
}

static void
inside_on_data(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.server.on_data = close_on_data;
    net_fixture_connect(&fixture);
    net_write_pattern(fixture.client.stream, 1000000, 10000);
    net_wait(&fixture, fixture.server.closed_count == 1 && fixture.client.closed_count == 1);
    assert_int_equal(fixture.server.data_count, 1);
    assert_status(fixture.server.status, STATUS_OK);
    assert_string_equal(fixture.server.reason, "inside");
    assert_status(fixture.client.status, STATUS_CLOSED);
    net_fixture_close(&fixture);
}

static void
inside_on_open(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.server.on_open = close_it;
    net_fixture_dial(&fixture);
    net_write_text(fixture.client.stream, "hello");
    net_wait(&fixture, fixture.server.closed_count == 1 && fixture.client.closed_count == 1);
    assert_int_equal(fixture.server.data_count, 0);
    net_fixture_close(&fixture);
}

static void
inside_on_drained(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.client_options.queue_high_bytes = 1000;
    fixture.client.on_drained = close_it;
    net_fixture_connect(&fixture);
    net_write_pattern(fixture.client.stream, 5000, 1000);
    net_wait(&fixture, fixture.server.closed_count == 1 && fixture.client.closed_count == 1);
    net_fixture_close(&fixture);
}

static void
with_unsent_bytes(void **state)
{
    enum { SIZE = 7 * 1024 * 1024 };
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_connect(&fixture);
    sink_pause(stream_sink(fixture.server.stream));
    net_write_pattern(fixture.client.stream, SIZE, 1000);
    net_run_ms(&fixture, 20);
    assert_true(sink_queued_bytes(stream_sink(fixture.client.stream)) > 0);
    net_write_text(fixture.client.stream, "more");
    stream_close(fixture.client.stream, "enough");
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_status(fixture.client.status, STATUS_OK);
    net_fixture_close(&fixture);
}

static void
finish_flushes_first(void **state)
{
    enum { SIZE = 7 * 1024 * 1024 };
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_connect(&fixture);
    sink_pause(stream_sink(fixture.server.stream));
    net_write_pattern(fixture.client.stream, SIZE, 1000);
    sink_finish(stream_sink(fixture.client.stream), "done");
    net_write_text(fixture.client.stream, "ignored");
    net_run_ms(&fixture, 20);
    assert_int_equal(fixture.client.closed_count, 0);
    sink_resume(stream_sink(fixture.server.stream));
    net_wait(&fixture, fixture.server.closed_count == 1 && fixture.client.closed_count == 1);
    assert_int_equal(fixture.server.received.length, SIZE);
    assert_true(net_is_pattern(buffer_bytes(&fixture.server.received)));
    assert_status(fixture.server.status, STATUS_CLOSED);
    assert_string_equal(fixture.server.reason, "the peer has closed");
    assert_status(fixture.client.status, STATUS_OK);
    assert_string_equal(fixture.client.reason, "done");
    net_fixture_close(&fixture);
}

static void
answer_and_finish(struct net_end *end, struct bytes input)
{
    (void)input;
    net_write_text(end->stream, "go away");
    sink_finish(stream_sink(end->stream), "refused");
}

/* As when a request is refused before all of it was read: the answer must not be lost to a reset.
 */
static void
finish_with_unread_input(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.server.on_data = answer_and_finish;
    net_fixture_connect(&fixture);
    net_write_pattern(fixture.client.stream, (size_t)4 * 1024 * 1024, (size_t)64 * 1024);
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_text(buffer_bytes(&fixture.client.received), "go away");
    net_wait(&fixture, fixture.server.closed_count == 1);
    assert_status(fixture.server.status, STATUS_OK);
    net_fixture_close(&fixture);
}

static void
write_and_finish(struct net_end *end)
{
    net_write_text(end->stream, "full");
    sink_finish(stream_sink(end->stream), "overload");
}

static void
finish_on_open(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.server.on_open = write_and_finish;
    net_fixture_dial(&fixture);
    net_wait(&fixture, fixture.server.closed_count == 1 && fixture.client.closed_count == 1);
    assert_text(buffer_bytes(&fixture.client.received), "full");
    net_fixture_close(&fixture);
}

/* Goal: a peer that does not take the rest is given up after 5 seconds, and the owner is told. */
static void
finish_is_bounded(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_connect(&fixture);
    sink_pause(stream_sink(fixture.server.stream));
    /* Between turns the loop's clock stands still: its five seconds begin here. */
    uint64_t begin_ms = net_now_ms();
    net_write_pattern(fixture.client.stream, (size_t)7 * 1024 * 1024, 1000);
    sink_finish(stream_sink(fixture.client.stream), "done");
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_true(net_now_ms() - begin_ms >= 4900);
    assert_status(fixture.client.status, STATUS_TIMED_OUT);
    assert_string_equal(fixture.client.reason, "done");
    net_fixture_close(&fixture);
}

static void
loop_free_waits_for_closing(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_connect(&fixture);
    stream_close(fixture.client.stream, "free");
    sink_finish(stream_sink(fixture.server.stream), "free");
    listener_close(fixture.listener);
    loop_free(fixture.loop);
    assert_int_equal(fixture.client.closed_count, 1);
    assert_int_equal(fixture.server.closed_count, 1);
    assert_true(fixture.is_listener_closed);
    net_end_deinit(&fixture.client);
    net_end_deinit(&fixture.server);
    buffer_deinit(&fixture.logged);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inside_on_data),
        cmocka_unit_test(inside_on_open),
        cmocka_unit_test(inside_on_drained),
        cmocka_unit_test(with_unsent_bytes),
        cmocka_unit_test(finish_flushes_first),
        cmocka_unit_test(finish_with_unread_input),
        cmocka_unit_test(finish_on_open),
        cmocka_unit_test(finish_is_bounded),
        cmocka_unit_test(loop_free_waits_for_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
