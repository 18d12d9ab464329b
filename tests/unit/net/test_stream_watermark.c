/* SPDX-License-Identifier: MIT */
/* Goal of this test: a writer is told when its queue is full and when it has drained; a peer that
 * never reads is cut off. */
#include "tests/unit/net/net_fixture.h"

enum { HIGH = 64 * 1024, CHUNK = 16 * 1024 };

static void
check_drained(struct net_end *end)
{
    assert_false(stream_is_full(end->stream));
    assert_true(sink_queued_bytes(stream_sink(end->stream)) <= HIGH / 2);
}

static void
drained_once_below_the_low_mark(void **state)
{
    enum { SIZE = 8 * 1024 * 1024 };
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.client_options.queue_high_bytes = HIGH;
    fixture.client_options.queue_limit_bytes = (size_t)2 * SIZE;
    fixture.client.on_drained = check_drained;
    net_fixture_connect(&fixture);
    sink_pause(stream_sink(fixture.server.stream));
    net_write_pattern(fixture.client.stream, HIGH, CHUNK);
    assert_false(stream_is_full(fixture.client.stream));
    net_write_pattern(fixture.client.stream, SIZE, CHUNK);
    assert_true(stream_is_full(fixture.client.stream));
    net_run_ms(&fixture, 50);
    assert_int_equal(fixture.client.drained_count, 0);
    assert_true(stream_is_full(fixture.client.stream));
    sink_resume(stream_sink(fixture.server.stream));
    net_wait(&fixture, fixture.server.received.length == HIGH + SIZE);
    net_wait(&fixture, fixture.client.drained_count == 1);
    net_run_ms(&fixture, 10);
    assert_int_equal(fixture.client.drained_count, 1);
    assert_int_equal(sink_queued_bytes(stream_sink(fixture.client.stream)), 0);
    net_fixture_close(&fixture);
}

static void
slow_consumer_is_closed(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    fixture.client_options.queue_limit_bytes = (size_t)256 * 1024;
    net_fixture_connect(&fixture);
    sink_pause(stream_sink(fixture.server.stream));
    for (int i = 0; i < 10000 && fixture.client.closed_count == 0; i++) {
        net_write_pattern(fixture.client.stream, CHUNK, CHUNK);
        assert_true(sink_queued_bytes(stream_sink(fixture.client.stream)) <= 256 * 1024 + CHUNK);
        if (i % 16 == 0) {
            net_step(&fixture);
        }
    }
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_status(fixture.client.status, STATUS_LIMIT);
    assert_string_equal(fixture.client.reason, "slow-consumer");
    net_fixture_close(&fixture);
}

static void
paused_stream_is_not_read(void **state)
{
    struct net_fixture fixture;
    (void)state;
    net_fixture_open(&fixture);
    net_fixture_connect(&fixture);
    sink_pause(stream_sink(fixture.server.stream));
    sink_pause(stream_sink(fixture.server.stream));
    net_write_text(fixture.client.stream, "wait");
    net_run_ms(&fixture, 20);
    assert_int_equal(fixture.server.data_count, 0);
    sink_resume(stream_sink(fixture.server.stream));
    net_wait(&fixture, fixture.server.data_count == 1);
    assert_text(buffer_bytes(&fixture.server.received), "wait");
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drained_once_below_the_low_mark),
        cmocka_unit_test(slow_consumer_is_closed),
        cmocka_unit_test(paused_stream_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
