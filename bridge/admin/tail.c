/* SPDX-License-Identifier: MIT */
#include "bridge/admin/tail.h"

#include <signal.h>
#include <stdio.h>

#include "bridge/admin/message_line.h"

enum { PROBLEM_BYTES = 4096, SIGNAL_COUNT = 2 };

void
tail_message(struct tail *tail, uint64_t id, struct bytes frame)
{
    struct bytes lines;

    buffer_clear(&tail->lines);
    (void)message_line_append(id, frame, &tail->lines);
    lines = buffer_bytes(&tail->lines);
    if (fwrite(lines.data, 1, lines.length, stdout) != lines.length || fflush(stdout) != 0) {
        loop_stop(tail->loop); /* nobody reads any more: the other end of the pipe is gone */
    }
}

void
tail_fail(struct tail *tail, const char *reason)
{
    fprintf(stderr, "hubplane-bridge: %s\n", reason);
    tail->code = EXIT_CODE_FAILED;
    loop_stop(tail->loop);
}

static void
on_signal(void *context)
{
    struct tail *tail = context;

    loop_stop(tail->loop);
}

static void
run(struct tail *tail, const struct tail_source *source)
{
    static const int numbers[SIGNAL_COUNT] = {SIGINT, SIGTERM};
    struct loop_signal *signals[SIGNAL_COUNT] = {NULL};
    struct buffer problem;
    void *opened = NULL;

    buffer_init(&problem, PROBLEM_BYTES);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        if (loop_signal_open(tail->loop, numbers[i], on_signal, tail, &signals[i]) != STATUS_OK) {
            signals[i] = NULL;
        }
    }
    if (source->open(tail, &problem, &opened) == STATUS_OK) {
        loop_run(tail->loop);
        source->close(opened);
    } else {
        fprintf(stderr, "hubplane-bridge: %.*s\n", BYTES_PRINTF(buffer_bytes(&problem)));
        tail->code = EXIT_CODE_FAILED;
    }
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        loop_signal_close(signals[i]);
    }
    buffer_deinit(&problem);
}

enum exit_code
tail_run(const struct bridge_options *options, const char *key)
{
    struct tail tail = {.options = options, .key = bytes_from_string(key), .code = EXIT_CODE_OK};

    log_init_stderr(&tail.log, LOG_WARN);
    (void)signal(SIGPIPE, SIG_IGN);
    if (loop_new(&tail.log, &tail.loop) != STATUS_OK) {
        fputs("hubplane-bridge: cannot make an event loop\n", stderr);
        return EXIT_CODE_FAILED;
    }
    buffer_init(&tail.lines, SIZE_MAX);
    run(&tail, bridge_options_is_memory(options) ? &tail_link_source : &tail_redis_source);
    loop_free(tail.loop);
    buffer_deinit(&tail.lines);
    return tail.code;
}
