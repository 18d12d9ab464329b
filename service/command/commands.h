/* SPDX-License-Identifier: MIT */
/* commands: the verbs of the command line; each returns the exit code of the program. */
#ifndef HUBPLANE_SERVICE_COMMANDS_H
#define HUBPLANE_SERVICE_COMMANDS_H

#include "service/command/command_line.h"

/** Serve until stopped (run_command.c). */
int commands_run(const struct command_line *line);
/** Say what is wrong with the configuration, or print what is in effect (show_command.c). */
int commands_check(const struct command_line *line);
/** Print what an application needs to call the REST interface (show_command.c). */
int commands_connection_string(const struct command_line *line);
int commands_sample(void);
int commands_help(const struct command_line *line);
/** Ask the service control manager and the node (status_command.c). */
int commands_status(const struct command_line *line);
/* manage_command.c */
int commands_install(const struct command_line *line);
int commands_uninstall(const struct command_line *line);
int commands_import_credentials(const struct command_line *line);

#endif
