/* SPDX-License-Identifier: MIT */
#include "bridge/linux/journal_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/bytes.h"

enum { LINE_BYTES = 2048 + 8 };

/* JOURNAL_STREAM is "DEVICE:INODE" of the stream that the manager made. It is inherited, also by
 * whatever has been given another standard error since. */
static bool
is_journal(const char *name)
{
    struct bytes inode = bytes_from_string(name), device;
    uint64_t wanted_device, wanted_inode;
    struct stat now;

    return name != NULL && bytes_split(&inode, ':', &device) &&
           bytes_parse_uint64(device, &wanted_device) == STATUS_OK &&
           bytes_parse_uint64(inode, &wanted_inode) == STATUS_OK &&
           fstat(STDERR_FILENO, &now) == 0 && now.st_dev == wanted_device &&
           now.st_ino == wanted_inode;
}

/* As in syslog(3). */
static int
priority_of(enum log_level level)
{
    switch (level) {
    case LOG_ERROR:
        return 3;
    case LOG_WARN:
        return 4;
    case LOG_INFO:
        return 6;
    case LOG_DEBUG:
        return 7;
    }
    return 6;
}

static void
write_line(void *context, enum log_level level, const char *line)
{
    char out[LINE_BYTES];
    int length = snprintf(out, sizeof(out), "<%d>%s\n", priority_of(level), line);

    (void)context;
    /* In one call, so that lines of several threads do not mix. */
    if (length > 0) {
        fwrite(out, 1, (size_t)length, stderr);
        fflush(stderr);
    }
}

void
journal_log_init(struct log *log, enum log_level level)
{
    if (is_journal(getenv("JOURNAL_STREAM"))) {
        log_init(log, level, write_line, NULL);
    } else {
        log_init_stderr(log, level);
    }
}
