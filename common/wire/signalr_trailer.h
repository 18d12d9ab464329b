/* SPDX-License-Identifier: MIT */
/*
 * signalr_trailer: what we put behind the SignalR frames on Redis and .NET servers ignore: who
 * published, as which sequence, so that a retry is harmless; or which ids will never be used.
 * Layout in PROTOCOL.md 5.
 */
#ifndef HUBPLANE_WIRE_SIGNALR_TRAILER_H
#define HUBPLANE_WIRE_SIGNALR_TRAILER_H

#include "common/base/bytes.h"

enum {
    SIGNALR_TRAILER_BYTES = 32,      /* of a published message */
    SIGNALR_TRAILER_VOID_BYTES = 40, /* of a void mark */
    SIGNALR_INSTANCE_BYTES = 16,
};

/* Two forms: a publish has an instance and a sequence; a void mark has neither, but a range. */
struct signalr_trailer {
    uint8_t instance[SIGNALR_INSTANCE_BYTES]; /* of the publishing node; all zero = a void mark */
    uint64_t sequence;                        /* per (instance, app), from 1, without holes */
    /* void mark: first and last id that will never be used */
    uint64_t void_from;
    uint64_t void_to;
};

/** Whether it names a void range rather than a publisher. */
bool signalr_trailer_is_void(const struct signalr_trailer *trailer);
/** signalr_trailer_encode(trailer, out): Append either form. OK, INVALID (sequence 0, or a range
 * upside down), LIMIT, NO_MEMORY. */
enum status signalr_trailer_encode(const struct signalr_trailer *trailer, struct buffer *out);
/** signalr_trailer_decode(bytes, out): Read it at the start of ${bytes} (the message reader's
 * `trailer`); the fields of the other form are 0. False when it is absent, cut off, or somebody
 * else's. */
bool signalr_trailer_decode(struct bytes bytes, struct signalr_trailer *out);

enum { SIGNALR_TRACE_BYTES = 48 };

/** signalr_trailer_trace(instance, sequence, out): "1f0a93bc-17", by which a message is followed
 * through the logs of nodes and bridges. Returns ${out}. */
const char *signalr_trailer_trace(const uint8_t instance[SIGNALR_INSTANCE_BYTES], uint64_t sequence,
                                  char out[SIGNALR_TRACE_BYTES]);

#endif
