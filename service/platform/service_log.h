/* SPDX-License-Identifier: MIT */
/* service_log: where the log of a node goes: standard error, with priorities for the journal, or a
 * file that rolls by size. */
#ifndef HUBPLANE_SERVICE_SERVICE_LOG_H
#define HUBPLANE_SERVICE_SERVICE_LOG_H

#include <stddef.h>

#include "common/base/log.h"

struct service_lock;

struct service_log_options {
    const char *path;   /* NULL = standard error; copied */
    uint64_t max_bytes; /* a line that would pass it starts a new file; 0 = never */
    unsigned kept; /* older files FILE.1 (the youngest) to FILE.N; 0 = what is full is dropped */
    /* Lines of level error, for the Event Log; any thread, but never two at a time. Optional. */
    void (*on_error)(void *owner, const char *line);
    void *owner;
};

enum { SERVICE_LOG_LINE_BYTES = 2048 };

/* Embedded by value. */
struct service_log {
    struct log log; /* what everybody writes to */
    struct service_log_options options;
    char *path;
    FILE *file; /* NULL = standard error */
    uint64_t file_bytes;
    bool has_priorities; /* standard error is the journal: "<4>" before each line */
    struct service_lock *lock;
    char last_error[SERVICE_LOG_LINE_BYTES]; /* the last line of level error, or "" */
};

/** OK;  DENIED - the file cannot be opened for appending;  NO_MEMORY. On failure nothing is left to
 * be closed. */
MUST_CHECK enum status service_log_open(struct service_log *log, enum log_level level,
                                        const struct service_log_options *options);
void service_log_close(struct service_log *log);

#endif
