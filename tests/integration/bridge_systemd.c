/* SPDX-License-Identifier: MIT */
/* Goal of this test: what a unit of Type=notify with WatchdogSec relies on. The test is the service
 * manager: it has the socket that sd_notify(3) describes, and the journal's end of standard error.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/bridge_rig.h"
#include "tests/support/test.h"

enum { PATH_BYTES = 128, MESSAGE_BYTES = 512, WATCHDOG_US = 300000 };

struct manager {
    struct rig rig;
    int socket;
    char message[MESSAGE_BYTES]; /* the last one */
};

static void
open_manager(struct manager *manager)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char log_path[PATH_BYTES], stream[64];
    struct stat log_file;

    rig_init(&manager->rig);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", manager->rig.folder);
    manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(manager->socket >= 0);
    assert_int_equal(bind(manager->socket, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    snprintf(stream, sizeof(stream), "%d", WATCHDOG_US);
    assert_int_equal(setenv("WATCHDOG_USEC", stream, 1), 0);

    assert_int_equal(rig_shell(&manager->rig, "touch bridge.log"), 0);
    snprintf(log_path, sizeof(log_path), "%s/bridge.log", manager->rig.folder);
    assert_int_equal(stat(log_path, &log_file), 0);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)log_file.st_dev,
             (unsigned long long)log_file.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
}

static void
close_manager(struct manager *manager)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("JOURNAL_STREAM");
    close(manager->socket);
    rig_deinit(&manager->rig);
}

/* Whether there was one more. */
static bool
receive(struct manager *manager)
{
    ssize_t length = recv(manager->socket, manager->message, sizeof(manager->message) - 1, 0);

    manager->message[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Read until one begins with ${text}; watchdog messages may come between. */
static bool
hears(struct manager *manager, const char *text)
{
    while (receive(manager)) {
        if (strncmp(manager->message, text, strlen(text)) == 0) {
            return true;
        }
        assert_string_equal(manager->message, "WATCHDOG=1");
    }
    return false;
}

static void
tells_the_manager_what_it_does(void **state)
{
    struct manager manager;

    (void)state;
    open_manager(&manager);
    rig_start_bridge(&manager.rig, 0);
    rig_wait(&manager.rig, hears(&manager, "READY=1"));
    for (int i = 0; i < 3; i++) {
        rig_wait(&manager.rig, hears(&manager, "WATCHDOG=1"));
    }
    kill(manager.rig.bridges[0], SIGHUP);
    rig_wait(&manager.rig, hears(&manager, "RELOADING=1"));
    rig_wait(&manager.rig, hears(&manager, "READY=1"));
    assert_int_equal(rig_stop_bridge(&manager.rig, 0, SIGTERM), 0);
    rig_wait(&manager.rig, hears(&manager, "STOPPING=1\nEXTEND_TIMEOUT_USEC="));
    close_manager(&manager);
}

/* A loop that stands still must not look alive. */
static void
is_silent_when_it_hangs(void **state)
{
    struct manager manager;

    (void)state;
    open_manager(&manager);
    rig_start_bridge(&manager.rig, 0);
    rig_wait(&manager.rig, hears(&manager, "READY=1"));
    rig_wait(&manager.rig, hears(&manager, "WATCHDOG=1"));
    kill(manager.rig.bridges[0], SIGSTOP);
    rig_run(&manager.rig, WATCHDOG_US / 1000);
    while (receive(&manager)) {}
    rig_run(&manager.rig, 2 * WATCHDOG_US / 1000);
    assert_false(receive(&manager));
    kill(manager.rig.bridges[0], SIGCONT);
    rig_wait(&manager.rig, hears(&manager, "WATCHDOG=1"));
    close_manager(&manager);
}

/* As syslog(3) numbers them: the journal shows them, and stores its own time. */
static void
lines_have_priorities_for_the_journal(void **state)
{
    struct manager manager;

    (void)state;
    open_manager(&manager);
    rig_start_bridge(&manager.rig, 0);
    assert_int_equal(rig_stop_bridge(&manager.rig, 0, SIGTERM), 0);
    assert_int_equal(rig_shell(&manager.rig, "grep -q '^<4>bridge: backplane = memory' bridge.log"),
                     0);
    assert_int_equal(rig_shell(&manager.rig, "grep -q '^<6>bridge: listening ' bridge.log"), 0);
    assert_int_equal(rig_shell(&manager.rig, "grep -qv '^<[3467]>' bridge.log"), 1);
    close_manager(&manager);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_manager_what_it_does),
        cmocka_unit_test(is_silent_when_it_hangs),
        cmocka_unit_test(lines_have_priorities_for_the_journal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
