/* SPDX-License-Identifier: MIT */
/* Goal of this test: the sink of all other tests does what sink.h promises. */
#include "tests/support/fail_alloc.h"
#include "tests/support/fake_sink.h"
#include "tests/support/test.h"

static void
writes_are_kept_in_order(void **state)
{
    struct payload *payload = payload_from(BYTES("hello"));
    struct fake_sink fake;

    (void)state;
    fake_sink_init(&fake);
    sink_write_bytes(&fake.sink, BYTES("one "));
    sink_write(&fake.sink, (struct payload_slice){payload, 1, 3});
    assert_text(fake_sink_written(&fake), "one ell");
    assert_int_equal(fake.write_count, 2);
    assert_ptr_equal(fake.latest, payload);
    assert_int_equal(sink_queued_bytes(&fake.sink), 0);
    fake_sink_clear(&fake);
    assert_int_equal(fake_sink_written(&fake).length, 0);
    payload_unref(payload);
    fake_sink_deinit(&fake);
}

static void
a_full_queue_closes(void **state)
{
    struct fake_sink fake;

    (void)state;
    fake_sink_init(&fake);
    fake.is_stuck = true;
    fake.cap_bytes = 8;
    sink_write_bytes(&fake.sink, BYTES("12345"));
    assert_int_equal(sink_queued_bytes(&fake.sink), 5);
    fake_sink_drain(&fake, 2);
    sink_write_bytes(&fake.sink, BYTES("12345"));
    assert_true(fake_sink_is_open(&fake));
    assert_int_equal(sink_queued_bytes(&fake.sink), 8);
    sink_write_bytes(&fake.sink, BYTES("6"));
    assert_string_equal(fake.close_reason, "slow-consumer");
    assert_int_equal(sink_queued_bytes(&fake.sink), 0);
    sink_write_bytes(&fake.sink, BYTES("7"));
    assert_int_equal(fake.late_write_count, 1);
    fake_sink_deinit(&fake);
}

static void
the_first_reason_wins(void **state)
{
    struct fake_sink fake;

    (void)state;
    fake_sink_init(&fake);
    sink_finish(&fake.sink, "done");
    sink_finish(&fake.sink, "again");
    assert_string_equal(fake.finish_reason, "done");
    sink_close(&fake.sink, "abort");
    sink_close(&fake.sink, "again");
    assert_string_equal(fake.close_reason, "abort");
    fake_sink_deinit(&fake);
}

static void
pauses_are_counted(void **state)
{
    struct fake_sink fake;

    (void)state;
    fake_sink_init(&fake);
    sink_pause(&fake.sink);
    sink_pause(&fake.sink);
    assert_true(fake.is_paused);
    sink_resume(&fake.sink);
    assert_false(fake.is_paused);
    assert_int_equal(fake.pause_count, 2);
    assert_int_equal(fake.resume_count, 1);
    fake_sink_deinit(&fake);
}

static void
no_memory_closes(void **state)
{
    struct fake_sink fake;

    (void)state;
    fake_sink_init(&fake);
    fail_alloc_at(0);
    sink_write_bytes(&fake.sink, BYTES("text"));
    assert_true(fail_alloc_off());
    assert_string_equal(fake.close_reason, "out-of-memory");
    fake_sink_deinit(&fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_are_kept_in_order), cmocka_unit_test(a_full_queue_closes),
        cmocka_unit_test(the_first_reason_wins),    cmocka_unit_test(pauses_are_counted),
        cmocka_unit_test(no_memory_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
