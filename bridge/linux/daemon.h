/* SPDX-License-Identifier: MIT */
/* daemon: the bridge as a Linux process: signals, service manager, reload, exit code. */
#ifndef HUBPLANE_BRIDGE_DAEMON_H
#define HUBPLANE_BRIDGE_DAEMON_H

#include "bridge/bridge_options.h"

/* What every verb returns. */
enum exit_code { EXIT_CODE_OK = 0, EXIT_CODE_FAILED = 1, EXIT_CODE_USAGE = 2 };

/**
 * daemon_run(options, config_path):
 * Run the bridge until SIGTERM or SIGINT, then drain (a second one: close at once). SIGHUP reads
 * the configuration and the credentials anew.
 *   Owns:     ${options}, resolved from the file at ${config_path}, is borrowed.
 */
enum exit_code daemon_run(const struct bridge_options *options, const char *config_path);

#endif
