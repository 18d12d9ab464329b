/* SPDX-License-Identifier: MIT */
/* configuration: the options as they are in effect now: the file, then the registry, then
 * everything checked. */
#ifndef HUBPLANE_SERVICE_CONFIGURATION_H
#define HUBPLANE_SERVICE_CONFIGURATION_H

#include "service/command/command_line.h"
#include "service/node/service_options.h"

/**
 * configuration_load(line, options):
 * Read and check everything, the credentials too.
 *   Owns:     call service_options_deinit(options) whatever is returned.
 *   Returns:  OK;  INVALID - every mistake is a line in ${options}->set.problems;  NO_MEMORY.
 */
MUST_CHECK enum status configuration_load(const struct command_line *line,
                                          struct service_options *options);
/** The same without a word about what is missing or wrong; what could be read is in
 * ${options}->set. For "status". */
MUST_CHECK enum status configuration_read(const struct command_line *line,
                                          struct service_options *options);
/** Apply "section.option=value" to ${set}; ${out_section} ("app chat") and ${out_option} are for
 * free(), ${out_value} points into ${setting}. OK;  INVALID - a problem line says why;  NO_MEMORY.
 */
MUST_CHECK enum status configuration_apply(struct option_set *set, const char *setting,
                                           char **out_section, char **out_option,
                                           const char **out_value);

#endif
