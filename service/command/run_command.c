/* SPDX-License-Identifier: MIT */
/*
 * run_command: serve until stopped. A Windows service whose configuration is not usable (an MSI was
 * installed without properties, credentials are still to come) runs, says what is missing and
 * waits; in the console it ends instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hubplane_version.h"
#include "service/command/commands.h"
#include "service/command/configuration.h"
#include "service/node/node.h"
#include "service/platform/service_crash.h"
#include "service/platform/service_file.h"
#include "service/platform/service_log.h"
#include "service/platform/service_system.h"

enum {
    PATH_BYTES = 4096,
    RETRY_MS = 3000,
    DEFAULT_LOG_MAX_BYTES = 10 * 1024 * 1024,
    DEFAULT_LOGS_KEPT = 5
};

struct run {
    const struct command_line *line;
    struct service_host *host;
    struct service_log log;
    /* While waiting for a usable configuration. */
    struct loop *loop;
    struct timer retry;
    bool is_stopping;
    char *complaint; /* what was said last: it is said once */
};

static void
on_error_line(void *owner, const char *line)
{
    char detail[SERVICE_LOG_LINE_BYTES + 2];

    if (strncmp(line, "configuration: ", strlen("configuration: ")) == 0) {
        return; /* all of them together are an event of their own */
    }
    (void)snprintf(detail, sizeof(detail), ": %s", line);
    service_host_write_event(owner, SERVICE_EVENT_ERROR, detail);
}

/* Standard error, or for a Windows service, which nobody watches, a file of its own. */
static enum status
open_default_log(struct run *run)
{
    char path[PATH_BYTES];
    struct service_log_options options = {.max_bytes = DEFAULT_LOG_MAX_BYTES,
                                          .kept = DEFAULT_LOGS_KEPT,
                                          .on_error = on_error_line,
                                          .owner = run->host};

    if (service_host_is_service(run->host)) {
        options.path = service_system_default_log(run->line->name, path, sizeof(path));
    }
    if (service_log_open(&run->log, LOG_INFO, &options) == STATUS_OK) {
        return STATUS_OK;
    }
    /* The Event Log is still there to say it. */
    options.path = NULL;
    enum status status = service_log_open(&run->log, LOG_INFO, &options);
    if (status == STATUS_OK) {
        log_error(&run->log.log, "service",
                  "the log file \"%s\" cannot be opened for writing, so nothing is logged: let the "
                  "service's account write to its folder, then restart the service",
                  path);
    }
    return status;
}

static struct service_log_options
configured_log(struct run *run, const struct service_section *service)
{
    return (struct service_log_options){
        .path = service->log_file,
        .max_bytes = service->log_file_max,
        .kept = (unsigned)service->log_files_kept,
        .on_error = on_error_line,
        .owner = run->host,
    };
}

static bool
is_writable(const struct service_log_options *options)
{
    struct service_log probe;

    if (service_log_open(&probe, LOG_ERROR, options) != STATUS_OK) {
        return false;
    }
    service_log_close(&probe);
    return true;
}

/* From the default log to the configured one. */
static enum status
open_configured_log(struct run *run, const struct service_options *configuration)
{
    struct service_log_options options = configured_log(run, configuration->service);
    enum log_level level = service_options_log_level(configuration);

    if (options.path == NULL) {
        atomic_store(&run->log.log.level, (int)level);
        return STATUS_OK;
    }
    if (!is_writable(&options)) {
        return STATUS_INVALID; /* it was a moment ago; waiting says so */
    }
    service_log_close(&run->log);
    return service_log_open(&run->log, level, &options);
}

/* Each mistake is a line of its own; the event gets the first, and how many there are. */
static void
complain(struct run *run, const struct option_set *set)
{
    struct bytes rest = buffer_bytes(&set->problems), line, first = BYTES_NONE;

    while (bytes_split(&rest, '\n', &line)) {
        if (line.length > 0) {
            log_error(&run->log.log, "configuration", "%.*s", BYTES_PRINTF(line));
            first = first.length == 0 ? line : first;
        }
    }
    service_event(run->host, &run->log.log, SERVICE_EVENT_CONFIGURATION_REJECTED,
                  ": %.*s mistakes=%zu", BYTES_PRINTF(first), set->problem_count);
}

/* Whether it is the same as last time; remembers it. */
static bool
is_said(struct run *run, const struct option_set *set)
{
    char *text = bytes_duplicate(buffer_bytes(&set->problems));
    bool is_same = text != NULL && run->complaint != NULL && strcmp(text, run->complaint) == 0;

    free(run->complaint);
    run->complaint = text;
    return is_same;
}

static enum status
read_again(void *owner, struct service_options *out)
{
    struct run *run = owner;
    enum status status = configuration_load(run->line, out);

    if (status == STATUS_INVALID) {
        complain(run, &out->set);
    }
    return status;
}

static enum status
check_log_file(struct run *run, struct service_options *options)
{
    struct service_log_options log = configured_log(run, options->service);

    if (log.path == NULL || is_writable(&log)) {
        return STATUS_OK;
    }
    option_add_problem(&options->set,
                       option_origin(&options->set, option_find(&options->set, "service", NULL),
                                     "log_file"),
                       "[service] log_file \"%s\" cannot be opened for writing: correct it, or let "
                       "the service's account write to its folder",
                       log.path);
    return STATUS_INVALID;
}

/* The configuration as it is now: OK, or a complaint unless it was said before. */
static enum status
load(struct run *run, struct service_options *options)
{
    enum status status = configuration_load(run->line, options);

    if (status == STATUS_OK) {
        status = check_log_file(run, options);
    }
    if (status == STATUS_INVALID && !is_said(run, &options->set)) {
        complain(run, &options->set);
    }
    return status;
}

/* One life of a node. */
static int
serve(struct run *run)
{
    const struct node_reload reload = {read_again, run};
    struct service_options options;
    enum status status = load(run, &options);
    int exit_code = status == STATUS_INVALID ? NODE_EXIT_CONFIGURATION : NODE_EXIT_FAILED;

    if (status == STATUS_OK && (status = open_configured_log(run, &options)) == STATUS_OK) {
        exit_code = node_run(&options, &run->log.log, run->host, &reload);
        if (exit_code == NODE_EXIT_FAILED) {
            service_event(run->host, &run->log.log, SERVICE_EVENT_START_FAILED, ": %s",
                          run->log.last_error);
        }
    } else if (status == STATUS_INVALID) {
        exit_code = NODE_EXIT_CONFIGURATION;
    }
    service_options_deinit(&options);
    return exit_code;
}

static void
try_again(struct run *run)
{
    struct service_options options;

    if (load(run, &options) == STATUS_OK) {
        loop_stop(run->loop);
    }
    service_options_deinit(&options);
}

static void
on_retry(struct timer *timer)
{
    struct run *run = CONTAINER_OF(timer, struct run, retry);

    timer_start(loop_timers(run->loop), &run->retry, RETRY_MS, on_retry);
    try_again(run);
}

static void
on_control(void *owner, enum service_control control)
{
    struct run *run = owner;

    switch (control) {
    case SERVICE_CONTROL_REQUEST_STOP:
        run->is_stopping = true;
        service_host_report(run->host, SERVICE_PHASE_STOPPING, RETRY_MS);
        loop_stop(run->loop);
        break;
    case SERVICE_CONTROL_REQUEST_PAUSE:
        service_host_report(run->host, SERVICE_PHASE_PAUSED, 0);
        break;
    case SERVICE_CONTROL_REQUEST_CONTINUE:
        service_host_report(run->host, SERVICE_PHASE_RUNNING, 0);
        break;
    case SERVICE_CONTROL_REQUEST_RELOAD:
        try_again(run);
        break;
    }
}

/* Until the configuration is usable, or we are told to stop. OK, or why waiting is not possible. */
static enum status
wait_for_configuration(struct run *run)
{
    enum status status = loop_new(&run->log.log, &run->loop);

    if (status != STATUS_OK) {
        return status;
    }
    status = service_host_listen(run->host, run->loop, on_control, run);
    if (status == STATUS_OK) {
        log_info(
            &run->log.log, "service",
            "waiting until the configuration is usable; \"hubplane-service check\" explains it");
        service_host_report(run->host, SERVICE_PHASE_RUNNING, 0);
        timer_start(loop_timers(run->loop), &run->retry, RETRY_MS, on_retry);
        loop_run(run->loop);
        timer_stop(loop_timers(run->loop), &run->retry);
    }
    service_host_unlisten(run->host);
    loop_free(run->loop);
    return status;
}

static void
watch_crashes(const struct run *run)
{
    char folder[PATH_BYTES];

    if (service_host_is_service(run->host)) {
        service_crash_watch(service_system_folder(run->line->name, folder, sizeof(folder)),
                            run->line->name);
    }
}

static int
run_hosted(void *owner, struct service_host *host)
{
    struct run run = {.line = owner, .host = host};
    int exit_code;

    watch_crashes(&run);
    if (open_default_log(&run) != STATUS_OK) {
        return NODE_EXIT_FAILED;
    }
    while ((exit_code = serve(&run)) == NODE_EXIT_CONFIGURATION && service_host_is_service(host)) {
        if (wait_for_configuration(&run) != STATUS_OK || run.is_stopping) {
            exit_code = run.is_stopping ? NODE_EXIT_OK : NODE_EXIT_FAILED;
            break;
        }
    }
    if (exit_code == NODE_EXIT_OK) {
        service_event(host, &run.log.log, SERVICE_EVENT_STOPPED, " version=%s", HUBPLANE_VERSION);
    }
    free(run.complaint);
    service_log_close(&run.log);
    return exit_code;
}

int
commands_run(const struct command_line *line)
{
    struct command_line copy = *line;
    return service_host_run(line->name, run_hosted, &copy);
}
