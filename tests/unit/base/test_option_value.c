/* SPDX-License-Identifier: MIT */
/* Goal of this test: each type reads what its documentation says, and refuses the rest with a
 * reason. */
#include "tests/support/test.h"
#include "tests/unit/base/option_sample.h"

#include <stdio.h>

static struct option_set set;

static int
set_up(void **state)
{
    *state = NULL;
    return option_set_init(&set, &option_sample_schema) == STATUS_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    option_set_deinit(&set);
    return 0;
}

static struct sample_service *
service(void)
{
    return option_find(&set, "service", NULL)->values;
}

static void
assert_accepted(const char *name, const char *value)
{
    assert_status(option_set_value(&set, "service", NULL, name, value, "test"), STATUS_OK);
}

static void
assert_refused(const char *name, const char *value, const char *problem)
{
    buffer_clear(&set.problems);
    assert_status(option_set_value(&set, "service", NULL, name, value, "test"), STATUS_INVALID);
    assert_bytes(buffer_bytes(&set.problems), bytes_from_string(problem));
}

static void
defaults(void **state)
{
    (void)state;
    assert_string_equal(service()->listen, "127.0.0.1:8080");
    assert_null(service()->admin);
    assert_true(service()->workers == 0);
    assert_true(service()->keepalive_ms == 10000);
    assert_true(service()->queue_bytes == 65536);
    assert_false(service()->is_verbose);
    assert_string_equal(service()->mode, "fast");
    assert_null(option_find(&set, "app", "chat"));
    assert_null(option_find(&set, "service", "x"));
}

static void
counts(void **state)
{
    (void)state;
    assert_accepted("workers", " 7 ");
    assert_true(service()->workers == 7);
    assert_accepted("workers", "auto");
    assert_true(service()->workers == 0);
    assert_refused("workers", "0", "test: [service] workers = 0: must be at least 1\n");
    assert_refused("workers", "65", "test: [service] workers = 65: must be at most 64\n");
    assert_refused("workers", "many",
                   "test: [service] workers = many: must be a whole number or auto\n");
    assert_refused("workers", "", "test: [service] workers = : must be a whole number or auto\n");
    assert_refused("workers", "7s",
                   "test: [service] workers = 7s: must be a whole number or auto\n");
    assert_refused("workers", "99999999999999999999",
                   "test: [service] workers = 99999999999999999999: "
                   "must be a whole number or auto\n");
}

static void
address_lists(void **state)
{
    static const char *const good[] = {"a:1", "a:1,b:2", "[::1]:7443, *:0 , 192.0.2.1:65535", ""};
    static const struct {
        const char *value, *wrong;
    } bad[] = {{"a", "a"},         {"a:1,", ""},           {"a:1,,b:2", ""},
               {"a:1, b", "b"},    {":1", ":1"},           {"a:", "a:"},
               {"a:x", "a:x"},     {"a:65536", "a:65536"}, {"::1:80", "::1:80"},
               {"[::1]", "[::1]"}, {"a b:1", "a b:1"},     {"http://a:1", "http://a:1"}};
    char problem[256];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_status(option_set_value(&set, "bridge", NULL, "address", good[i], "test"),
                      STATUS_OK);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        buffer_clear(&set.problems);
        assert_status(option_set_value(&set, "bridge", NULL, "address", bad[i].value, "test"),
                      STATUS_INVALID);
        snprintf(problem, sizeof(problem),
                 "test: [bridge] address = %s: \"%s\" must be HOST:PORT or [IPv6]:PORT\n",
                 bad[i].value, bad[i].wrong);
        assert_bytes(buffer_bytes(&set.problems), bytes_from_string(problem));
    }
}

static void
times(void **state)
{
    (void)state;
    assert_accepted("keepalive", "2000");
    assert_true(service()->keepalive_ms == 2000);
    assert_accepted("keepalive", "2500ms");
    assert_true(service()->keepalive_ms == 2500);
    assert_accepted("keepalive", "20 S");
    assert_true(service()->keepalive_ms == 20000);
    assert_accepted("keepalive", "2m");
    assert_true(service()->keepalive_ms == 120000);
    assert_refused("keepalive", "1h", "test: [service] keepalive = 1h: must be at most 2m\n");
    assert_refused("keepalive", "1s", "test: [service] keepalive = 1s: must be at least 2s\n");
    assert_refused("keepalive", "5 days",
                   "test: [service] keepalive = 5 days: "
                   "must be a time such as 500ms, 10s, 5m or 2h\n");
    assert_refused("keepalive", "5124095576030431h",
                   "test: [service] keepalive = 5124095576030431h: "
                   "must be a time such as 500ms, 10s, 5m or 2h\n");
    assert_true(service()->keepalive_ms == 120000);
}

static void
sizes(void **state)
{
    (void)state;
    assert_accepted("queue", "1024");
    assert_true(service()->queue_bytes == 1024);
    assert_accepted("queue", "3kb");
    assert_true(service()->queue_bytes == 3072);
    assert_accepted("queue", "2MB");
    assert_true(service()->queue_bytes == 2097152);
    assert_accepted("queue", "5 GB");
    assert_true(service()->queue_bytes == UINT64_C(5368709120));
    assert_refused("queue", "1000", "test: [service] queue = 1000: must be at least 1KB\n");
    assert_refused("queue", "1TB",
                   "test: [service] queue = 1TB: must be a size such as 64KB, 16MB or 1GB\n");
}

static void
yes_and_no(void **state)
{
    static const char *const yes[] = {"yes", "true", "on", "1", "YES"};
    static const char *const no[] = {"no", "false", "off", "0", "Off"};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_accepted("verbose", yes[i]);
        assert_true(service()->is_verbose);
        assert_accepted("verbose", no[i]);
        assert_false(service()->is_verbose);
    }
    assert_refused("verbose", "maybe", "test: [service] verbose = maybe: must be yes or no\n");
}

static void
addresses(void **state)
{
    static const char *const good[] = {"127.0.0.1:8080", "[::1]:80", "redis-host:7443", "*:0",
                                       "[fe80::1%eth0]:65535"};
    static const char *const bad[] = {"127.0.0.1",      "8080",       ":8080",    "host:",
                                      "host:x",         "host:65536", "::1:80",   "[::1]",
                                      "[::1]80",        "[]:80",      "[::1:80",  "a b:80",
                                      "http://host:80", "host:80/",   "a:80,b:80"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_accepted("admin", good[i]);
        assert_string_equal(service()->admin, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_status(option_set_value(&set, "service", NULL, "listen", bad[i], "test"),
                      STATUS_INVALID);
    }
    assert_string_equal(service()->listen, "127.0.0.1:8080");
    assert_accepted("admin", "");
    assert_null(service()->admin);
}

static void
choices(void **state)
{
    (void)state;
    assert_accepted("mode", "safe");
    assert_string_equal(service()->mode, "safe");
    assert_refused("mode", "quick", "test: [service] mode = quick: must be one of fast|safe\n");
    assert_refused("mode", "", "test: [service] mode = : must be one of fast|safe\n");
}

static void
later_values_win(void **state)
{
    struct option_group *group;

    (void)state;
    assert_accepted("listen", "a:1");
    assert_status(option_set_value(&set, "service", NULL, "listen", "b:2", "registry"), STATUS_OK);
    assert_string_equal(service()->listen, "b:2");
    group = option_find(&set, "service", NULL);
    assert_string_equal(group->origins[0], "registry");
    assert_null(group->origins[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults),   TEST(counts),    TEST(times),   TEST(address_lists),    TEST(sizes),
        TEST(yes_and_no), TEST(addresses), TEST(choices), TEST(later_values_win),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
