/* SPDX-License-Identifier: MIT */
/* Goal of this test: out of file descriptors the listener says so, does not spin, and goes on when
 * there are some again. */
#include "tests/unit/net/net_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 256 };

/* Taking tens of thousands would take longer than the client waits. */
static void
allow_few_descriptors(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = DESCRIPTORS_MAX;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void
waits_and_goes_on(void **state)
{
    static int taken[DESCRIPTORS_MAX];
    struct net_fixture fixture;
    size_t count = 0;
    (void)state;
    allow_few_descriptors();
    net_fixture_open(&fixture);
    net_fixture_dial(&fixture);
    while (count < DESCRIPTORS_MAX) {
        int descriptor = dup(0);
        if (descriptor < 0) {
            break;
        }
        taken[count++] = descriptor;
    }
    assert_true(count < DESCRIPTORS_MAX);
    uint64_t turns = loop_counters(fixture.loop)->turns;
    net_run_ms(&fixture, 600);
    assert_int_equal(fixture.accepted_count, 0);
    assert_true(loop_counters(fixture.loop)->turns - turns < 30);
    assert_status(buffer_append_byte(&fixture.logged, 0), STATUS_OK);
    const char *line = strstr((const char *)fixture.logged.data, "out of file descriptors");
    assert_non_null(line);
    assert_null(strstr(line + 1, "out of file descriptors"));
    while (count > 0) {
        (void)close(taken[--count]);
    }
    net_wait(&fixture, fixture.server.open_count == 1);
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
