/* SPDX-License-Identifier: MIT */
/* log: one line = a sentence, then key=value pairs; levels, rate limit, and a sink chosen by the
 * program. */
#ifndef HUBPLANE_BASE_LOG_H
#define HUBPLANE_BASE_LOG_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/annotate.h"
#include "common/base/status.h"

enum log_level {
    LOG_ERROR, /* the operator must act */
    LOG_WARN,  /* degraded */
    LOG_INFO,  /* lifecycle */
    LOG_DEBUG, /* per message */
};

/* Receives whole lines, "subject: sentence key=value", without time, level and line end, from any
 * thread (the sink locks if it must). Control characters and bytes that are not UTF-8 arrive as
 * \xNN; at most 2047 bytes, a longer line ends with "...". */
typedef void (*log_sink_fn)(void *context, enum log_level level, const char *line);

/* Embedded by value; not copied once initialised. */
struct log {
    log_sink_fn sink;
    void *context;
    atomic_int level; /* lines above this level are dropped; may be changed by a reload */
};

/** Lines go to stderr as "2026-01-02T03:04:05.678Z info link: sentence key=value". */
void log_init_stderr(struct log *log, enum log_level level);
/** The same lines to ${stream}, which is flushed after each and stays the caller's. */
void log_init_stream(struct log *log, enum log_level level, FILE *stream);
/** Lines go to ${sink}; ${context} is passed to it and must outlive ${log}. */
void log_init(struct log *log, enum log_level level, log_sink_fn sink, void *context);
/** Whether a line of ${level} would be written: before costly arguments are made. Any thread. */
bool log_is_on(const struct log *log, enum log_level level);

/**
 * log_error/log_warn/log_info/log_debug(log, subject, format, ...):
 * Write one line. ${subject} names who it is about ("bridge", "link", "app ChatApp"). ${format}
 * starts with a sentence and goes on with " key=value" pairs. No tokens, payloads or query strings.
 * Any thread.
 */
PRINTF_LIKE(3, 4) void log_error(struct log *log, const char *subject, const char *format, ...);
PRINTF_LIKE(3, 4) void log_warn(struct log *log, const char *subject, const char *format, ...);
PRINTF_LIKE(3, 4) void log_info(struct log *log, const char *subject, const char *format, ...);
PRINTF_LIKE(3, 4) void log_debug(struct log *log, const char *subject, const char *format, ...);

/* One per kind of line that a stranger can provoke: at most one line a minute, the next one says
 * how many were left out (" suppressed=N"). Zero-initialised. Loop thread only. */
struct log_limit {
    uint64_t next_ms;
    uint64_t suppressed;
};

/** log_allows(limit, now_ms, suppressed): True when a line may be written now; ${suppressed} says
 * how many were not. */
bool log_allows(struct log_limit *limit, uint64_t now_ms, uint64_t *suppressed);

#endif
