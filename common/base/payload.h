/* SPDX-License-Identifier: MIT */
/* payload: immutable bytes with an atomic reference count, shared by all sockets of a broadcast. */
#ifndef HUBPLANE_BASE_PAYLOAD_H
#define HUBPLANE_BASE_PAYLOAD_H

#include <stdatomic.h>

#include "common/base/bytes.h"

struct payload {
    atomic_uint references;
    size_t length;
    uint8_t data[]; /* written only before the payload is shared */
};

/** payload_new(length): One reference, bytes not set; NULL when out of memory. Any thread. */
struct payload *payload_new(size_t length);
/** payload_from(bytes): A copy with one reference; NULL when out of memory. Any thread. */
struct payload *payload_from(struct bytes bytes);
/** Any thread. Returns ${payload} for chaining. */
struct payload *payload_ref(struct payload *payload);
/** Any thread. The last one frees. NULL does nothing. */
void payload_unref(struct payload *payload);
/** All of its bytes; lives as long as the caller's reference. */
static inline struct bytes
payload_bytes(const struct payload *payload)
{
    return (struct bytes){payload->data, payload->length};
}

/* A part of a payload: what is written to a socket. Holds no reference by itself. */
struct payload_slice {
    struct payload *payload;
    size_t offset;
    size_t length;
};

/** payload_whole(payload): The slice that is all of it. */
static inline struct payload_slice
payload_whole(struct payload *payload)
{
    return (struct payload_slice){payload, 0, payload->length};
}

/** Its bytes, clamped to the payload. */
static inline struct bytes
payload_slice_bytes(struct payload_slice slice)
{
    return bytes_slice(payload_bytes(slice.payload), slice.offset, slice.length);
}

#endif
