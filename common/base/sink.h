/* SPDX-License-Identifier: MIT */
/*
 * sink: where a protocol without sockets writes its bytes. net/stream implements it with TCP or
 * TLS, tests with a buffer, so that HTTP, WebSocket and the link run unchanged in virtual time.
 */
#ifndef HUBPLANE_BASE_SINK_H
#define HUBPLANE_BASE_SINK_H

#include "common/base/payload.h"

struct sink;

struct sink_operations {
    /* Queue ${slice}; takes its own reference. Never fails visibly: a broken or overfull sink
     * closes itself and reports that later through its owner's close callback. Writes of one loop
     * turn are coalesced. */
    void (*write)(struct sink *sink, struct payload_slice slice);
    /* Bytes queued and not yet taken by the operating system. */
    size_t (*queued_bytes)(const struct sink *sink);
    /* Stop and resume the reading side (backpressure on the peer). Idempotent. */
    void (*pause)(struct sink *sink);
    void (*resume)(struct sink *sink);
    /* Flush what is queued, then close. ${reason} is a short static word for the log: "done",
     * "abort". */
    void (*finish)(struct sink *sink, const char *reason);
    /* Close now, dropping what is queued. Idempotent; the first reason wins. */
    void (*close)(struct sink *sink, const char *reason);
};

/* Embedded first in whatever implements it. */
struct sink {
    const struct sink_operations *operations;
};

static inline void
sink_write(struct sink *sink, struct payload_slice slice)
{
    sink->operations->write(sink, slice);
}

/** sink_write_bytes(sink, bytes): Write a copy of ${bytes}; out of memory closes the sink. */
void sink_write_bytes(struct sink *sink, struct bytes bytes);

static inline size_t
sink_queued_bytes(const struct sink *sink)
{
    return sink->operations->queued_bytes(sink);
}

static inline void
sink_pause(struct sink *sink)
{
    sink->operations->pause(sink);
}

static inline void
sink_resume(struct sink *sink)
{
    sink->operations->resume(sink);
}

static inline void
sink_finish(struct sink *sink, const char *reason)
{
    sink->operations->finish(sink, reason);
}

static inline void
sink_close(struct sink *sink, const char *reason)
{
    sink->operations->close(sink, reason);
}

#endif
