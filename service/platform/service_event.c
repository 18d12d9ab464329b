/* SPDX-License-Identifier: MIT */
#include "service/platform/service_event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "service/platform/service_host.h"

enum { DETAIL_BYTES = 1024 };

struct event_row {
    unsigned number;
    enum log_level level;
    const char *subject;
    const char *sentence;
};

static const struct event_row rows[] = {
#define SERVICE_EVENT(identifier, number, level, subject, sentence, advice) \
    {number, LOG_##level, subject, sentence},
#include "service/platform/service_event.def"
#undef SERVICE_EVENT
};

static void
write_line(struct log *log, const struct event_row *row, const char *detail)
{
    switch (row->level) {
    case LOG_ERROR:
        log_error(log, row->subject, "%s%s", row->sentence, detail);
        break;
    case LOG_WARN:
        log_warn(log, row->subject, "%s%s", row->sentence, detail);
        break;
    default:
        log_info(log, row->subject, "%s%s", row->sentence, detail);
        break;
    }
}

void
service_event(struct service_host *host, struct log *log, enum service_event event,
              const char *format, ...)
{
    const struct event_row *row = &rows[event];
    char detail[DETAIL_BYTES] = "";
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    write_line(log, row, detail);
    service_host_write_event(host, event, detail);
}

unsigned
service_event_number(enum service_event event)
{
    return rows[event].number;
}

enum log_level
service_event_level(enum service_event event)
{
    return rows[event].level;
}

bool
service_event_is_repeated(enum service_event event)
{
    return event == SERVICE_EVENT_ERROR || event >= SERVICE_EVENT_BRIDGE_LOST;
}

bool
service_event_allows(struct service_event_limit *limit, enum service_event event, uint64_t now_ms,
                     unsigned *suppressed)
{
    *suppressed = 0;
    if (service_event_is_repeated(event) && now_ms < limit->next_ms[event]) {
        limit->suppressed[event]++;
        return false;
    }
    *suppressed = limit->suppressed[event];
    limit->suppressed[event] = 0;
    limit->next_ms[event] = now_ms + SERVICE_EVENT_INTERVAL_MS;
    return true;
}

bool
service_event_wrote(const char *line)
{
    for (int i = 0; i < SERVICE_EVENT_COUNT; i++) {
        size_t subject_length = strlen(rows[i].subject);
        if (strncmp(line, rows[i].subject, subject_length) == 0 &&
            strncmp(line + subject_length, ": ", 2) == 0 &&
            strncmp(line + subject_length + 2, rows[i].sentence, strlen(rows[i].sentence)) == 0) {
            return true;
        }
    }
    return false;
}
