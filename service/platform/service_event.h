/* SPDX-License-Identifier: MIT */
/* service_event: what an administrator wants to be told: a line of the log, and in the Windows
 * Event Log an entry with a stable number (service_event.def). */
#ifndef HUBPLANE_SERVICE_SERVICE_EVENT_H
#define HUBPLANE_SERVICE_SERVICE_EVENT_H

#include "common/base/log.h"

struct service_host;

enum service_event {
#define SERVICE_EVENT(identifier, number, level, subject, sentence, advice) \
    SERVICE_EVENT_##identifier,
#include "service/platform/service_event.def"
#undef SERVICE_EVENT
    SERVICE_EVENT_COUNT
};

/* The same event is written to the Event Log at most once in this time; the log has every line. */
enum { SERVICE_EVENT_INTERVAL_MS = 60000 };

/**
 * service_event(host, log, event, format, ...):
 * Write the event's line to ${log}, and to the Event Log unless the same was written a moment ago.
 * ${format}, which may be empty, goes on after the event's sentence: ": more" or " key=value". Loop
 * thread only.
 */
PRINTF_LIKE(4, 5)
void service_event(struct service_host *host, struct log *log, enum service_event event,
                   const char *format, ...);
/** The number of ${event} in the Event Log, and its level. */
unsigned service_event_number(enum service_event event);
enum log_level service_event_level(enum service_event event);
/** Whether ${event} can come again and again, so that the Event Log gets it once in
 * SERVICE_EVENT_INTERVAL_MS. */
bool service_event_is_repeated(enum service_event event);
/* What keeps the Event Log from being flooded; zero-initialised. */
struct service_event_limit {
    uint64_t next_ms[SERVICE_EVENT_COUNT];
    unsigned suppressed[SERVICE_EVENT_COUNT];
};

/** Whether it is time for ${event} again; if so, ${suppressed} says how many were left out since.
 */
bool service_event_allows(struct service_event_limit *limit, enum service_event event,
                          uint64_t now_ms, unsigned *suppressed);
/** Whether ${line} is one that service_event() wrote. */
bool service_event_wrote(const char *line);

#endif
