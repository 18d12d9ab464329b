/* SPDX-License-Identifier: MIT */
/* Goal of this test: a signal reaches the loop's thread, also twice, and not after it was closed.
 */
#include "tests/unit/net/net_fixture.h"

#include <signal.h>

static void
count_up(void *context)
{
    int *count = context;
    (*count)++;
}

static void
signal_arrives(void **state)
{
    struct net_fixture fixture;
    struct loop_signal *signal;
    int count = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    assert_status(loop_signal_open(fixture.loop, SIGHUP, count_up, &count, &signal), STATUS_OK);
    assert_int_equal(raise(SIGHUP), 0);
    net_wait(&fixture, count == 1);
    assert_int_equal(raise(SIGHUP), 0);
    net_wait(&fixture, count == 2);
    assert_int_equal(raise(SIGHUP), 0);
    loop_signal_close(signal);
    loop_signal_close(NULL);
    net_fixture_close(&fixture);
    assert_int_equal(count, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signal_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
