/* SPDX-License-Identifier: MIT */
/* The options of the bridge as a whole: what follows from them, and what is explained. */
#include <string.h>

#include "bridge/bridge_options.h"
#include "tests/support/test.h"

static enum status
read_text(struct bridge_options *options, const char *text)
{
    enum status read, resolved;

    assert_status(bridge_options_init(options), STATUS_OK);
    read = option_read_text(&options->set, bytes_from_string(text), "test.ini");
    resolved = bridge_options_resolve(options);
    return read != STATUS_OK ? read : resolved;
}

static void
defaults_are_a_farm_in_memory(void **state)
{
    struct bridge_options options;

    (void)state;
    assert_status(read_text(&options, ""), STATUS_OK);
    assert_true(bridge_options_is_memory(&options));
    assert_string_equal(options.credentials, "/var/lib/hubplane/bridge.pem");
    assert_non_null(options.name);
    assert_int_equal(bridge_options_log_level(&options), LOG_INFO);
    assert_int_equal(bridge_options_history_max(&options, BYTES("x")), 64 * 1024 * 1024);
    bridge_options_deinit(&options);
}

static void
everything_can_be_set(void **state)
{
    struct bridge_options options;

    (void)state;
    assert_status(
        read_text(&options,
                  "[bridge]\nname = b\nstate = s\nlog_level = debug\npeers = b1:7443,[::1]:7443\n"
                  "[redis]\naddress = redis:6380\ntls = yes\nlog_messages = off\n"
                  "[app Chat]\nhistory_max = 1MB\n[app Other]\n"),
        STATUS_OK);
    assert_false(bridge_options_is_memory(&options));
    assert_string_equal(options.credentials, "s/bridge.pem");
    assert_string_equal(options.redis_host, "redis");
    assert_int_equal(options.redis->log_messages, 0);
    assert_int_equal(bridge_options_log_level(&options), LOG_DEBUG);
    assert_int_equal(bridge_options_history_max(&options, BYTES("Chat")), 1024 * 1024);
    assert_int_equal(bridge_options_history_max(&options, BYTES("Other")), 64 * 1024 * 1024);
    bridge_options_deinit(&options);
}

static void
assert_problem(const char *text, const char *problem)
{
    struct bridge_options options;
    struct bytes problems;

    assert_status(read_text(&options, text), STATUS_INVALID);
    problems = buffer_bytes(&options.set.problems);
    if (memmem(problems.data, problems.length, problem, strlen(problem)) == NULL) {
        fail_msg("\"%s\" is not in \"%.*s\"", problem, BYTES_PRINTF(problems));
    }
    bridge_options_deinit(&options);
}

static void
mistakes_are_explained(void **state)
{
    (void)state;
    assert_problem("[redis]\naddress = here\n", "test.ini:2: [redis] address: \"here\" is not");
    assert_problem("[redis]\naddress = unix:/x\ntls = yes\n", "test.ini:3: [redis] tls:");
    assert_problem("[redis]\naddress = h:1\nuser = u\n", "test.ini:3: [redis] user:");
    assert_problem("[app a*]\n", "test.ini:1: [app a*]: a key with *");
    assert_problem("[bridge]\npeers = b1:7443, b2\n",
                   "test.ini:2: [bridge] peers = b1:7443, b2: \"b2\" must be HOST:PORT");
    assert_problem("[bridge]\nlisten =\n", "listen");
    assert_problem("[bridge]\nlisten = a:1\nadmin = a:1\n",
                   "test.ini:3: [bridge] admin: a:1 is where");
    assert_problem("[bridge]\nstate =\n", "state");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_a_farm_in_memory),
        cmocka_unit_test(everything_can_be_set),
        cmocka_unit_test(mistakes_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
