/* SPDX-License-Identifier: MIT */
#include "bridge/linux/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "bridge/bridge.h"
#include "bridge/linux/systemd_notify.h"

enum { PROBLEM_BYTES = 16 * 1024, SIGNAL_COUNT = 3 };

struct daemon {
    struct log log;
    struct loop *loop;
    const char *config_path;
    struct bridge *bridge;
    uint64_t drain_timeout_ms;
    bool is_stopping;
    struct loop_signal *signals[SIGNAL_COUNT];
    struct timer watchdog;
    uint64_t watchdog_ms;
};

static void
on_bridge_closed(void *owner)
{
    struct daemon *daemon = owner;

    daemon->bridge = NULL;
    loop_stop(daemon->loop);
}

static void
on_stop_signal(void *context)
{
    struct daemon *daemon = context;

    if (daemon->bridge == NULL) {
        return;
    }
    if (daemon->is_stopping) {
        bridge_close(daemon->bridge);
        return;
    }
    daemon->is_stopping = true;
    log_info(&daemon->log, "bridge", "stopping: nodes are asked to leave within_ms=%" PRIu64,
             daemon->drain_timeout_ms);
    systemd_notify("STOPPING=1");
    bridge_drain(daemon->bridge, daemon->drain_timeout_ms);
}

static void
log_problems(struct daemon *daemon, struct bytes problems)
{
    struct bytes line;

    while (bytes_split(&problems, '\n', &line)) {
        if (line.length > 0) {
            log_error(&daemon->log, "bridge", "%.*s", BYTES_PRINTF(line));
        }
    }
}

/* What may change while running: log_level, drain_timeout, and what the credentials file holds. */
static void
reload(struct daemon *daemon)
{
    struct bridge_options options;
    struct buffer problem;

    if (bridge_options_init(&options) != STATUS_OK) {
        return;
    }
    buffer_init(&problem, PROBLEM_BYTES);
    if (option_read_file(&options.set, daemon->config_path) != STATUS_OK ||
        bridge_options_resolve(&options) != STATUS_OK) {
        log_error(&daemon->log, "bridge", "the new configuration is not used; it has mistakes");
        log_problems(daemon, buffer_bytes(&options.set.problems));
    } else {
        atomic_store(&daemon->log.level, bridge_options_log_level(&options));
        daemon->drain_timeout_ms = options.bridge->drain_timeout;
        if (bridge_reload(daemon->bridge, &problem) != STATUS_OK) {
            log_problems(daemon, buffer_bytes(&problem));
        } else {
            log_info(&daemon->log, "bridge",
                     "log level, drain timeout and credentials were read anew; other changes need "
                     "a restart");
        }
    }
    buffer_deinit(&problem);
    bridge_options_deinit(&options);
}

static void
on_reload_signal(void *context)
{
    struct daemon *daemon = context;

    if (daemon->bridge != NULL && !daemon->is_stopping) {
        systemd_notify("RELOADING=1");
        reload(daemon);
        systemd_notify("READY=1");
    }
}

static void
on_watchdog(struct timer *timer)
{
    struct daemon *daemon = CONTAINER_OF(timer, struct daemon, watchdog);

    systemd_notify("WATCHDOG=1");
    timer_start(loop_timers(daemon->loop), timer, daemon->watchdog_ms, on_watchdog);
}

static enum status
open_signals(struct daemon *daemon)
{
    static const struct {
        int number;
        loop_fn fn;
    } wanted[SIGNAL_COUNT] = {{SIGTERM, on_stop_signal},
                              {SIGINT, on_stop_signal},
                              {SIGHUP, on_reload_signal}};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < SIGNAL_COUNT && status == STATUS_OK; i++) {
        status = loop_signal_open(daemon->loop, wanted[i].number, wanted[i].fn, daemon,
                                  &daemon->signals[i]);
    }
    return status;
}

static enum exit_code
exit_code_of(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EXIT_CODE_OK;
    case STATUS_INVALID:
    case STATUS_NOT_FOUND:
    case STATUS_EXPIRED:
        return EXIT_CODE_USAGE;
    default:
        return EXIT_CODE_FAILED;
    }
}

static enum exit_code
open_and_run(struct daemon *daemon, const struct bridge_options *options)
{
    struct buffer problem;
    enum status status;

    buffer_init(&problem, PROBLEM_BYTES);
    status = open_signals(daemon);
    if (status == STATUS_OK) {
        status =
            bridge_open(daemon->loop, options, on_bridge_closed, daemon, &problem, &daemon->bridge);
    }
    if (status == STATUS_OK) {
        systemd_notify("READY=1");
        daemon->watchdog_ms = systemd_notify_watchdog_ms();
        if (daemon->watchdog_ms > 0) {
            on_watchdog(&daemon->watchdog);
        }
        loop_run(daemon->loop);
        log_info(&daemon->log, "bridge", "stopped");
    } else {
        if (problem.length == 0) {
            (void)buffer_append_string(&problem, status_sentence(status));
        }
        log_problems(daemon, buffer_bytes(&problem));
    }
    buffer_deinit(&problem);
    return exit_code_of(status);
}

enum exit_code
daemon_run(const struct bridge_options *options, const char *config_path)
{
    struct daemon daemon = {.config_path = config_path,
                            .drain_timeout_ms = options->bridge->drain_timeout};
    enum exit_code code = EXIT_CODE_FAILED;

    log_init_stderr(&daemon.log, bridge_options_log_level(options));
    (void)signal(SIGPIPE, SIG_IGN);
    if (loop_new(&daemon.log, &daemon.loop) != STATUS_OK) {
        log_error(&daemon.log, "bridge", "cannot make an event loop");
        return code;
    }
    code = open_and_run(&daemon, options);
    timer_stop(loop_timers(daemon.loop), &daemon.watchdog);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        loop_signal_close(daemon.signals[i]);
    }
    loop_free(daemon.loop);
    return code;
}
