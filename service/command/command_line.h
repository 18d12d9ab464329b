/* SPDX-License-Identifier: MIT */
/* command_line: what the user typed. */
#ifndef HUBPLANE_SERVICE_COMMAND_LINE_H
#define HUBPLANE_SERVICE_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_LINE_SETTINGS_MAX = 64 };

/* What a verb takes besides --config and --name. */
enum command_line_part {
    COMMAND_LINE_ARGUMENT = 1 << 0,
    COMMAND_LINE_SET = 1 << 1,
    COMMAND_LINE_UPDATE = 1 << 2,
    COMMAND_LINE_PURGE = 1 << 3,
    COMMAND_LINE_JSON = 1 << 4,
};

struct command_line {
    const char *verb;
    const char *argument;
    const char *config;                              /* NULL = the system's own place */
    const char *name;                                /* of the service */
    const char *settings[COMMAND_LINE_SETTINGS_MAX]; /* "section.option=value" */
    size_t setting_count;
    bool is_update;
    bool is_purge;
    bool is_json;
};

/** The texts are borrowed from ${arguments}; --help anywhere makes the verb "help". 0, or an exit
 * code after an error was printed. */
int command_line_parse(int count, char **arguments, struct command_line *out);
/** Whether there is nothing but ${parts} (enum command_line_part): 0, or an exit code after an
 * error was printed. */
int command_line_allow(const struct command_line *line, unsigned int parts);
/** Print what is wrong on standard error; returns the exit code. */
int command_line_fail(const char *what, const char *which);
extern const char command_line_usage[];

#endif
