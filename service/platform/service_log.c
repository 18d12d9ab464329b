/* SPDX-License-Identifier: MIT */
#include "service/platform/service_log.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "service/platform/service_event.h"
#include "service/platform/service_file.h"
#include "service/platform/service_lock.h"

enum { PATH_BYTES = 4096 };

static void
open_file(struct service_log *log)
{
    log->file = file_open(log->path, "ab");
    log->file_bytes = 0;
    if (log->file != NULL && fseek(log->file, 0, SEEK_END) == 0) {
        long size = ftell(log->file);
        log->file_bytes = size > 0 ? (uint64_t)size : 0;
    }
}

static void
numbered_path(const struct service_log *log, unsigned number, char out[PATH_BYTES])
{
    if (number == 0) {
        (void)snprintf(out, PATH_BYTES, "%s", log->path);
    } else {
        (void)snprintf(out, PATH_BYTES, "%s.%u", log->path, number);
    }
}

/* FILE.1 becomes FILE.2 and so on; what cannot be moved (a viewer holds it open) is written to a
 * little longer. */
static void
roll(struct service_log *log)
{
    char from[PATH_BYTES], to[PATH_BYTES];

    fclose(log->file);
    if (log->options.kept == 0) {
        (void)service_file_delete(log->path);
    }
    for (unsigned i = log->options.kept; i > 0; i--) {
        numbered_path(log, i - 1, from);
        numbered_path(log, i, to);
        enum status status = service_file_move(from, to);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            break;
        }
    }
    open_file(log);
}

static void
write_file(struct service_log *log, const char *text, size_t length)
{
    if (log->file != NULL && log->options.max_bytes > 0 && log->file_bytes > 0 &&
        log->file_bytes + length > log->options.max_bytes) {
        roll(log);
    }
    if (log->file == NULL) {
        open_file(log); /* the folder was away; perhaps it is back */
    }
    if (log->file != NULL) {
        fwrite(text, 1, length, log->file);
        fflush(log->file);
        log->file_bytes += length;
    }
}

static void
write_line(void *context, enum log_level level, const char *line)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};
    static const int priorities[] = {3, 4, 6, 7}; /* of syslog */
    struct service_log *log = context;
    char time[CLOCK_UTC_TEXT_BYTES + 1], text[SERVICE_LOG_LINE_BYTES + 64];
    int length;

    clock_format_utc(clock_read_wall_ms(), time);
    if (log->has_priorities) { /* the journal has the time */
        length = snprintf(text, sizeof(text), "<%d>%s\n", priorities[level], line);
    } else {
        length = snprintf(text, sizeof(text), "%s %s %s\n", time, words[level], line);
    }
    if (length <= 0) {
        return;
    }
    service_lock_take(log->lock);
    if (log->path != NULL) {
        write_file(log, text, (size_t)length);
    } else {
        fwrite(text, 1, (size_t)length, stderr);
        fflush(stderr);
    }
    if (level == LOG_ERROR) {
        (void)snprintf(log->last_error, sizeof(log->last_error), "%s", line);
        if (log->options.on_error != NULL && !service_event_wrote(line)) {
            log->options.on_error(log->options.owner, line);
        }
    }
    service_lock_give(log->lock);
}

enum status
service_log_open(struct service_log *log, enum log_level level,
                 const struct service_log_options *options)
{
    memset(log, 0, sizeof(*log));
    log->options = *options;
    log->has_priorities = options->path == NULL && getenv("JOURNAL_STREAM") != NULL;
    log->lock = service_lock_new();
    if (log->lock == NULL) {
        return STATUS_NO_MEMORY;
    }
    log_init(&log->log, level, write_line, log);
    if (options->path == NULL) {
        return STATUS_OK;
    }
    log->path = bytes_duplicate(bytes_from_string(options->path));
    if (log->path != NULL) {
        open_file(log);
    }
    if (log->file == NULL) {
        enum status status = log->path == NULL ? STATUS_NO_MEMORY : STATUS_DENIED;
        service_log_close(log);
        return status;
    }
    return STATUS_OK;
}

void
service_log_close(struct service_log *log)
{
    if (log->file != NULL) {
        fclose(log->file);
    }
    free(log->path);
    service_lock_free(log->lock);
    memset(log, 0, sizeof(*log));
}
