/* SPDX-License-Identifier: MIT */
#include "service/signalr/client_fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "service/signalr/worker_app.h"

enum { PAIRS_BYTES_MAX = 512 };

static const char *const sentences[CLIENT_FAULT_COUNT] = {
#define CLIENT_FAULT(identifier, sentence) sentence,
#include "service/signalr/client_fault.def"
#undef CLIENT_FAULT
};

void
client_fault_report(struct worker_app *app, enum client_fault fault, const char *format, ...)
{
    const struct worker_context *context = app->context;
    char pairs[PAIRS_BYTES_MAX];
    uint64_t suppressed;
    va_list arguments;

    worker_app_count(app, context->metrics.client_faults, 1);
    if (!log_allows(&app->fault_limits[fault], context->clock->now_ms, &suppressed)) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(pairs, sizeof(pairs), format, arguments);
    va_end(arguments);
    log_info(context->log, app->app->name, "%s %s suppressed=%llu", sentences[fault], pairs,
             (unsigned long long)suppressed);
}
