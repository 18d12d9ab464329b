/* SPDX-License-Identifier: MIT */
/* hubplane-service: the command line of a node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "hubplane_version.h"
#include "service/node/node.h"
#include "service/platform/service_registry.h"
#include "service/platform/service_system.h"

static const char usage_text[] =
    "usage: hubplane-service VERB [--config FILE] [--name SERVICE]\n"
    "\n"
    "  run       serve until stopped: in the console, or as a Windows service\n"
    "  check     say what is wrong with the configuration, or show what is in effect\n"
    "  sample    print a commented configuration with every option and its default\n"
    "  version   print the version; also --version\n"
    "  help      print this, and with \"help options\" every option; also --help\n"
    "\n"
    "The configuration is the file named by --config, else the system's own place for it; on Windows values\n"
    "under HKLM\\SYSTEM\\CurrentControlSet\\Services\\SERVICE\\Parameters win over the file.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.\n";

struct command_line {
    const char *verb;
    const char *argument;
    const char *config;
    const char *name;
};

static int
usage_error(const char *what, const char *which)
{
    fprintf(stderr, "hubplane-service: %s%s; \"hubplane-service help\" says more\n", what, which);
    return NODE_EXIT_CONFIGURATION;
}

/* 0, or an exit code after an error was printed. */
static int
parse_command_line(int count, char **arguments, struct command_line *out)
{
    *out = (struct command_line){.name = "Hubplane"};
    for (int i = 1; i < count; i++) {
        const char **value = strcmp(arguments[i], "--config") == 0 ? &out->config
                             : strcmp(arguments[i], "--name") == 0 ? &out->name
                                                                   : NULL;
        if (value != NULL && i + 1 == count) {
            return usage_error(arguments[i], " needs a value");
        }
        if (value != NULL) {
            *value = arguments[++i];
        } else if (out->verb == NULL) {
            out->verb = arguments[i];
        } else if (out->argument == NULL && arguments[i][0] != '-') {
            out->argument = arguments[i];
        } else {
            return usage_error("unknown argument ", arguments[i]);
        }
    }
    return 0;
}

static int
print_buffer(struct buffer *text)
{
    int exit_code = text->status == STATUS_OK ? NODE_EXIT_OK : NODE_EXIT_FAILED;

    fwrite(text->data, 1, text->length, stdout);
    buffer_deinit(text);
    return exit_code;
}

static int
print_help(const struct command_line *line)
{
    struct buffer text;

    buffer_init(&text, 1024 * 1024);
    if (line->argument != NULL && strcmp(line->argument, "options") == 0) {
        (void)option_write_help(&service_option_schema, &text);
    } else {
        buffer_append_string(&text, usage_text);
    }
    return print_buffer(&text);
}

static int
print_sample(void)
{
    struct buffer text;

    buffer_init(&text, 1024 * 1024);
    (void)option_write_sample(&service_option_schema, &text);
    return print_buffer(&text);
}

/* The system's own place may be empty: on Windows the registry can hold everything. */
static bool
file_exists(const char *path)
{
    FILE *file = file_open(path, "rb");

    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* Read and check everything; problems go to ${out}. 0 or an exit code. */
static int
load_options(const struct command_line *line, FILE *out, struct service_options *options)
{
    char default_path[1024];
    const char *path = line->config != NULL
                           ? line->config
                           : service_system_default_configuration(default_path, sizeof(default_path));
    enum status status = service_options_init(options);

    /* INVALID and unreadable files are lines in `problems`, reported below together with those of resolve(). */
    if (status == STATUS_OK && (line->config != NULL || file_exists(path))) {
        status = option_read_file(&options->set, path);
    }
    if (status != STATUS_NO_MEMORY) {
        status = service_registry_read(line->name, &options->set);
    }
    if (status != STATUS_NO_MEMORY) {
        status = service_options_resolve(options);
    }
    if (options->set.problem_count > 0) {
        fwrite(options->set.problems.data, 1, options->set.problems.length, out);
        fprintf(out, "hubplane-service: %zu mistake%s in the configuration; nothing was started\n",
                options->set.problem_count, options->set.problem_count == 1 ? "" : "s");
        return NODE_EXIT_CONFIGURATION;
    }
    return status == STATUS_OK ? 0 : NODE_EXIT_FAILED;
}

static int
check(const struct command_line *line)
{
    struct service_options options;
    int exit_code = load_options(line, stderr, &options);

    if (exit_code == 0) {
        struct buffer text;
        buffer_init(&text, 1024 * 1024);
        (void)option_write_effective(&options.set, &text);
        exit_code = print_buffer(&text);
    }
    service_options_deinit(&options);
    return exit_code;
}

/* Standard error, or for a Windows service, which nobody watches, a file of its own. */
static FILE *
open_default_log(const struct service_host *host)
{
    char path[1024];
    FILE *file = NULL;

    if (service_host_is_service(host)) {
        file = file_open(service_system_default_log(path, sizeof(path)), "ab");
    }
    return file != NULL ? file : stderr;
}

static void
close_log(FILE *file)
{
    if (file != stderr) {
        fclose(file);
    }
}

/* ${fallback} is used when no `log_file` is configured, and for the complaint that it cannot be opened. */
static int
run_logged(const struct service_options *options, FILE *fallback, struct service_host *host)
{
    const char *path = options->service->log_file;
    FILE *file = path != NULL ? file_open(path, "ab") : fallback;
    struct log log;

    if (file == NULL) {
        fprintf(fallback, "hubplane-service: [service] log_file \"%s\" cannot be opened for writing; correct it or the "
                          "permissions of its folder\n",
                path);
        return NODE_EXIT_CONFIGURATION;
    }
    log_init_stream(&log, service_options_log_level(options), file);
    int exit_code = node_run(options, &log, host);
    if (file != fallback) {
        fclose(file);
    }
    return exit_code;
}

static int
run_hosted(void *owner, struct service_host *host)
{
    const struct command_line *line = owner;
    struct service_options options;
    FILE *fallback = open_default_log(host);
    int exit_code = load_options(line, fallback, &options);

    if (exit_code == 0) {
        exit_code = run_logged(&options, fallback, host);
    }
    service_options_deinit(&options);
    close_log(fallback);
    return exit_code;
}

int
main(int count, char **arguments)
{
    struct command_line line;
    int exit_code = parse_command_line(count, service_system_arguments(count, arguments), &line);

    if (exit_code != 0) {
        return exit_code;
    }
    if (line.verb == NULL) {
        fputs(usage_text, stderr);
        return NODE_EXIT_CONFIGURATION;
    }
    if (strcmp(line.verb, "run") == 0) {
        return service_host_run(line.name, run_hosted, &line);
    }
    if (strcmp(line.verb, "check") == 0) {
        return check(&line);
    }
    if (strcmp(line.verb, "sample") == 0) {
        return print_sample();
    }
    if (strcmp(line.verb, "version") == 0 || strcmp(line.verb, "--version") == 0) {
        puts("hubplane-service " HUBPLANE_VERSION);
        return NODE_EXIT_OK;
    }
    if (strcmp(line.verb, "help") == 0 || strcmp(line.verb, "--help") == 0) {
        return print_help(&line);
    }
    return usage_error("unknown verb ", line.verb);
}
