/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_sink.h"

#include <stdlib.h>

static struct fake_sink *
fake_of(struct sink *sink)
{
    return CONTAINER_OF(sink, struct fake_sink, sink);
}

static void
close_fake(struct sink *sink, const char *reason)
{
    struct fake_sink *fake = fake_of(sink);

    if (fake->close_reason == NULL) {
        fake->close_reason = reason;
        fake->queued_bytes = 0;
    }
}

static void
write_fake(struct sink *sink, struct payload_slice slice)
{
    struct fake_sink *fake = fake_of(sink);

    if (!fake_sink_is_open(fake)) {
        fake->late_write_count++;
        return;
    }
    if (buffer_append(&fake->written, payload_slice_bytes(slice)) != STATUS_OK) {
        abort();
    }
    fake->write_count++;
    fake->latest = slice.payload;
    if (fake->is_stuck) {
        fake->queued_bytes += slice.length;
    }
    if (fake->queued_bytes > fake->cap_bytes) {
        close_fake(sink, "slow-consumer");
    }
}

static size_t
queued_bytes_of(const struct sink *sink)
{
    return ((const struct fake_sink *)(const void *)sink)->queued_bytes;
}

static void
pause_fake(struct sink *sink)
{
    struct fake_sink *fake = fake_of(sink);

    fake->pause_count++;
    fake->is_paused = true;
}

static void
resume_fake(struct sink *sink)
{
    struct fake_sink *fake = fake_of(sink);

    fake->resume_count++;
    fake->is_paused = false;
}

static void
finish_fake(struct sink *sink, const char *reason)
{
    struct fake_sink *fake = fake_of(sink);

    if (fake_sink_is_open(fake)) {
        fake->finish_reason = reason;
    }
}

static const struct sink_operations operations = {
    .write = write_fake,
    .queued_bytes = queued_bytes_of,
    .pause = pause_fake,
    .resume = resume_fake,
    .finish = finish_fake,
    .close = close_fake,
};

void
fake_sink_init(struct fake_sink *fake)
{
    *fake = (struct fake_sink){.sink = {&operations}, .cap_bytes = SIZE_MAX};
    buffer_init(&fake->written, SIZE_MAX);
}

void
fake_sink_deinit(struct fake_sink *fake)
{
    buffer_deinit(&fake->written);
}

struct bytes
fake_sink_written(const struct fake_sink *fake)
{
    return buffer_bytes(&fake->written);
}

void
fake_sink_clear(struct fake_sink *fake)
{
    buffer_clear(&fake->written);
}

void
fake_sink_drain(struct fake_sink *fake, size_t count)
{
    fake->queued_bytes -= count < fake->queued_bytes ? count : fake->queued_bytes;
}

bool
fake_sink_is_open(const struct fake_sink *fake)
{
    return fake->finish_reason == NULL && fake->close_reason == NULL;
}
