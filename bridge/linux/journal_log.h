/* SPDX-License-Identifier: MIT */
/* journal_log: where the daemon logs: standard error, or, when that is the journal, standard error
 * with a priority before each line (sd-daemon(3)) and without the time, which the journal adds. */
#ifndef HUBPLANE_BRIDGE_JOURNAL_LOG_H
#define HUBPLANE_BRIDGE_JOURNAL_LOG_H

#include "common/base/log.h"

void journal_log_init(struct log *log, enum log_level level);

#endif
