/* SPDX-License-Identifier: MIT */
/* option_problem: what is wrong with a configuration, in one line, with a suggestion where there is
 * one. For option_*.c. */
#ifndef HUBPLANE_BASE_OPTION_PROBLEM_H
#define HUBPLANE_BASE_OPTION_PROBLEM_H

#include "common/base/option.h"

/** "[section] name" or "[section section_name] name" is not known: add the line, naming what may
 * have been meant. */
void option_problem_unknown(struct option_set *set, const char *origin, const char *section,
                            const char *section_name, const char *name);
/** The section is not known: the same for it. */
void option_problem_unknown_section(struct option_set *set, const char *origin,
                                    const char *section);

#endif
