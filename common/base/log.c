/* SPDX-License-Identifier: MIT */
#include "common/base/log.h"

#include "common/base/bytes.h"
#include "common/base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    LOG_LINE_BYTES =
        2048, /* longer lines are cut; on the stack, so that lack of memory can be logged */
    LOG_LIMIT_MS = 60000,
};

static const char *
level_name(enum log_level level)
{
    switch (level) {
    case LOG_ERROR:
        return "error";
    case LOG_WARN:
        return "warn";
    case LOG_INFO:
        return "info";
    case LOG_DEBUG:
        return "debug";
    }
    return "unknown";
}

static void
write_stream(void *context, enum log_level level, const char *line)
{
    FILE *stream = context;
    char time[CLOCK_UTC_TEXT_BYTES + 1];
    char out[LOG_LINE_BYTES + 64];
    int length;

    clock_format_utc(clock_read_wall_ms(), time);
    length = snprintf(out, sizeof(out), "%s %s %s\n", time, level_name(level), line);
    /* In one call, so that lines of several threads do not mix. */
    if (length > 0) {
        fwrite(out, 1, (size_t)length, stream);
        fflush(stream);
    }
}

void
log_init(struct log *log, enum log_level level, log_sink_fn sink, void *context)
{
    log->sink = sink;
    log->context = context;
    atomic_init(&log->level, (int)level);
}

void
log_init_stream(struct log *log, enum log_level level, FILE *stream)
{
    log_init(log, level, write_stream, stream);
}

void
log_init_stderr(struct log *log, enum log_level level)
{
    log_init_stream(log, level, stderr);
}

bool
log_is_on(const struct log *log, enum log_level level)
{
    return (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

PRINTF_LIKE(4, 0)
static void
write_line(struct log *log, enum log_level level, const char *subject, const char *format,
           va_list arguments)
{
    static const char cut[] = "...";
    char raw[LOG_LINE_BYTES];
    char line[LOG_LINE_BYTES];
    int start = snprintf(raw, sizeof(raw), "%s: ", subject);
    int length = 0;
    bool is_cut = start < 0 || (size_t)start >= sizeof(raw);
    struct bytes text;
    size_t used;

    if (!is_cut) {
        length = vsnprintf(raw + start, sizeof(raw) - (size_t)start, format, arguments);
        is_cut = length < 0 || (size_t)length >= sizeof(raw) - (size_t)start;
    }
    text = is_cut ? bytes_from_string(raw) : bytes_from(raw, (size_t)start + (size_t)length);
    used = bytes_printable(&text, line, sizeof(line) - sizeof(cut) + 1);
    if (is_cut || text.length > 0) {
        memcpy(line + used, cut, sizeof(cut));
    }
    log->sink(log->context, level, line);
}

#define LOG_AT(level)                                             \
    do {                                                          \
        if (log_is_on(log, (level))) {                            \
            va_list arguments;                                    \
                                                                  \
            va_start(arguments, format);                          \
            write_line(log, (level), subject, format, arguments); \
            va_end(arguments);                                    \
        }                                                         \
    } while (0)

void
log_error(struct log *log, const char *subject, const char *format, ...)
{
    LOG_AT(LOG_ERROR);
}

void
log_warn(struct log *log, const char *subject, const char *format, ...)
{
    LOG_AT(LOG_WARN);
}

void
log_info(struct log *log, const char *subject, const char *format, ...)
{
    LOG_AT(LOG_INFO);
}

void
log_debug(struct log *log, const char *subject, const char *format, ...)
{
    LOG_AT(LOG_DEBUG);
}

bool
log_allows(struct log_limit *limit, uint64_t now_ms, uint64_t *suppressed)
{
    if (now_ms < limit->next_ms) {
        limit->suppressed++;
        return false;
    }
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    limit->next_ms = now_ms + LOG_LIMIT_MS;
    return true;
}
