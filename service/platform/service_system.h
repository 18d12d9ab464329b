/* SPDX-License-Identifier: MIT */
/* service_system: small facts of the machine. Twins: service_system_posix.c,
 * service_system_windows.c. */
#ifndef HUBPLANE_SERVICE_SERVICE_SYSTEM_H
#define HUBPLANE_SERVICE_SERVICE_SYSTEM_H

#include <stddef.h>

enum { SERVICE_SYSTEM_NAME_BYTES = 256 };

/** The command line as UTF-8: ${arguments} itself, or on Windows a copy made from the wide one, for
 * as long as the program runs. */
char **service_system_arguments(int count, char **arguments);
/** Processors this process may use; at least 1. */
unsigned service_system_processors(void);
/** The machine's name, or "node" when it has none. */
void service_system_host_name(char out[SERVICE_SYSTEM_NAME_BYTES]);
/** Where the service of that name keeps its files when nothing else is said: /etc/hubplane, or
 * %ProgramData%\NAME. Written to and returned in ${out}, like all below. */
const char *service_system_folder(const char *service_name, char *out, size_t size);
/** Where the configuration is looked for when none is named: hubplane.ini in that folder. */
const char *service_system_default_configuration(const char *service_name, char *out, size_t size);
/** Where import-credentials puts the credentials of this node: credentials.pem in that folder. */
const char *service_system_default_credentials(const char *service_name, char *out, size_t size);
/** The log of a Windows service without `log_file`, since nobody reads its standard error;
 * elsewhere "". */
const char *service_system_default_log(const char *service_name, char *out, size_t size);

#endif
