/* SPDX-License-Identifier: MIT */
#include "bridge/linux/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "bridge/bridge.h"
#include "bridge/linux/journal_log.h"
#include "bridge/linux/systemd_notify.h"

enum { PROBLEM_BYTES = 16 * 1024, SIGNAL_COUNT = 3, MESSAGE_BYTES = 80, STOP_SLACK_MS = 10000 };

struct daemon {
    struct log log;
    struct loop *loop;
    const struct bridge_options *options; /* of the start: what needs a restart still is so */
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

/* The manager's own patience may be shorter than the time nodes are given. */
static void
notify_stopping(uint64_t drain_timeout_ms)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof(message), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64,
             (drain_timeout_ms + STOP_SLACK_MS) * 1000);
    systemd_notify(message);
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
    notify_stopping(daemon->drain_timeout_ms);
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

/* One line that names what of the new configuration is not used. */
static void
log_ignored_changes(struct daemon *daemon, const struct bridge_options *options)
{
    struct buffer names;

    buffer_init(&names, PROBLEM_BYTES);
    if (option_write_changes(&daemon->options->set, &options->set, OPTION_RESTART, &names) ==
            STATUS_OK &&
        names.length > 0) {
        log_warn(&daemon->log, "bridge", "these changes need a restart: %.*s",
                 BYTES_PRINTF(buffer_bytes(&names)));
    }
    buffer_deinit(&names);
}

/* Everything marked RELOAD. */
static void
apply(struct daemon *daemon, const struct bridge_options *options)
{
    struct buffer problem;

    buffer_init(&problem, PROBLEM_BYTES);
    atomic_store(&daemon->log.level, bridge_options_log_level(options));
    daemon->drain_timeout_ms = options->bridge->drain_timeout;
    log_ignored_changes(daemon, options);
    if (bridge_reload(daemon->bridge, options->credentials, &problem) == STATUS_OK) {
        log_info(&daemon->log, "bridge", "configuration and credentials were read anew");
    } else {
        log_problems(daemon, buffer_bytes(&problem));
        log_error(&daemon->log, "bridge", "the credentials of before stay in use");
    }
    buffer_deinit(&problem);
}

static void
reload(struct daemon *daemon)
{
    struct bridge_options options;

    if (bridge_options_init(&options) != STATUS_OK) {
        log_error(&daemon->log, "bridge", "out of memory: nothing was read anew");
        return;
    }
    if (option_read_file(&options.set, daemon->config_path) != STATUS_OK ||
        bridge_options_resolve(&options) != STATUS_OK) {
        log_error(&daemon->log, "bridge", "the new configuration is not used; it has mistakes");
        log_problems(daemon, buffer_bytes(&options.set.problems));
    } else {
        apply(daemon, &options);
    }
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
    case STATUS_DENIED:
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
    struct daemon daemon = {.options = options,
                            .config_path = config_path,
                            .drain_timeout_ms = options->bridge->drain_timeout};
    enum exit_code code = EXIT_CODE_FAILED;

    journal_log_init(&daemon.log, bridge_options_log_level(options));
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
