/* SPDX-License-Identifier: MIT */
#include "service/command/admin_client.h"

#include <string.h>

#include "common/net/dialer.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024, TIME_OUT_MS = 3000 };

struct inquiry {
    struct loop *loop;
    struct stream *stream;
    const char *address;
    const char *path;
    struct buffer answer;
    struct timer time_out;
    enum status status;
};

static void
on_open(void *owner, struct stream *stream)
{
    struct inquiry *inquiry = owner;
    struct buffer request;

    buffer_init(&request, 4096);
    buffer_append_format(&request, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                         inquiry->path, inquiry->address);
    inquiry->status = request.status;
    if (request.status == STATUS_OK) {
        sink_write_bytes(stream_sink(stream), buffer_bytes(&request));
    } else {
        stream_close(stream, "out-of-memory");
    }
    buffer_deinit(&request);
}

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct inquiry *inquiry = owner;

    if (buffer_append(&inquiry->answer, input) != STATUS_OK) {
        stream_close(stream, "answer-too-large");
    }
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    struct inquiry *inquiry = owner;

    (void)reason;
    inquiry->stream = NULL;
    if (inquiry->status == STATUS_OK && status != STATUS_CLOSED && status != STATUS_OK) {
        inquiry->status = status;
    }
    loop_stop(inquiry->loop);
}

static void
on_time_out(struct timer *timer)
{
    struct inquiry *inquiry = CONTAINER_OF(timer, struct inquiry, time_out);

    inquiry->status = STATUS_TIMED_OUT;
    if (inquiry->stream != NULL) {
        stream_close(inquiry->stream, "time-out");
    }
}

static enum status
take_body(struct bytes answer, struct buffer *body)
{
    if (!bytes_starts_with(answer, BYTES("HTTP/1.1 200 "))) {
        return STATUS_PROTOCOL;
    }
    for (size_t i = 0; i + 4 <= answer.length; i++) {
        if (memcmp(answer.data + i, "\r\n\r\n", 4) == 0) {
            return buffer_append(body, bytes_after(answer, i + 4));
        }
    }
    return STATUS_PROTOCOL;
}

static void
ask(struct inquiry *inquiry)
{
    static const struct stream_handler handler = {.on_open = on_open,
                                                  .on_data = on_data,
                                                  .on_closed = on_closed};
    const struct stream_options options = {0};

    inquiry->status = dialer_open(inquiry->loop, inquiry->address, TIME_OUT_MS, &options, &handler,
                                  inquiry, &inquiry->stream);
    if (inquiry->status == STATUS_OK) {
        timer_start(loop_timers(inquiry->loop), &inquiry->time_out, TIME_OUT_MS, on_time_out);
        loop_run(inquiry->loop);
        timer_stop(loop_timers(inquiry->loop), &inquiry->time_out);
    }
}

enum status
admin_client_get(const char *address, const char *path, struct buffer *body)
{
    struct inquiry inquiry = {.address = address, .path = path};
    struct log log;

    log_init_stderr(&log, LOG_ERROR);
    enum status status = loop_new(&log, &inquiry.loop);
    if (status != STATUS_OK) {
        return status;
    }
    buffer_init(&inquiry.answer, ANSWER_MAX_BYTES);
    ask(&inquiry);
    loop_free(inquiry.loop);
    status = inquiry.status == STATUS_OK ? take_body(buffer_bytes(&inquiry.answer), body)
                                         : inquiry.status;
    buffer_deinit(&inquiry.answer);
    return status;
}
