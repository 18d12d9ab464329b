/* SPDX-License-Identifier: MIT */
/* hubplane-service: the command line of a node. */
#include <stdio.h>
#include <string.h>

#include "hubplane_version.h"
#include "service/command/commands.h"
#include "service/node/node.h"
#include "service/platform/service_system.h"

struct verb {
    const char *name;
    int (*run)(const struct command_line *line);
    unsigned int takes; /* enum command_line_part */
};

static int
print_version(const struct command_line *line)
{
    (void)line;
    puts("hubplane-service " HUBPLANE_VERSION);
    return NODE_EXIT_OK;
}

static int
print_sample(const struct command_line *line)
{
    (void)line;
    return commands_sample();
}

static const struct verb verbs[] = {
    {"run", commands_run, 0},
    {"check", commands_check, 0},
    {"connection-string", commands_connection_string, COMMAND_LINE_ARGUMENT},
    {"status", commands_status, COMMAND_LINE_JSON},
    {"sample", print_sample, 0},
    {"import-credentials", commands_import_credentials, COMMAND_LINE_ARGUMENT},
    {"install", commands_install, COMMAND_LINE_SET | COMMAND_LINE_UPDATE},
    {"uninstall", commands_uninstall, COMMAND_LINE_PURGE},
    {"version", print_version, 0},
    {"--version", print_version, 0},
    {"help", commands_help, ~0U},
};

int
main(int count, char **arguments)
{
    struct command_line line;
    int exit_code = command_line_parse(count, service_system_arguments(count, arguments), &line);

    if (exit_code != 0) {
        return exit_code;
    }
    if (line.verb == NULL) {
        fputs(command_line_usage, stderr);
        return NODE_EXIT_CONFIGURATION;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(line.verb, verbs[i].name) == 0) {
            exit_code = command_line_allow(&line, verbs[i].takes);
            return exit_code != 0 ? exit_code : verbs[i].run(&line);
        }
    }
    return command_line_fail("unknown verb ", line.verb);
}
