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
    {"run", commands_run},
    {"check", commands_check},
    {"connection-string", commands_connection_string},
    {"status", commands_status},
    {"sample", print_sample},
    {"import-credentials", commands_import_credentials},
    {"install", commands_install},
    {"uninstall", commands_uninstall},
    {"version", print_version},
    {"--version", print_version},
    {"help", commands_help},
    {"--help", commands_help},
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
            return verbs[i].run(&line);
        }
    }
    return command_line_fail("unknown verb ", line.verb);
}
