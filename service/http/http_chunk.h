/* SPDX-License-Identifier: MIT */
/*
 * http_chunk: a piece of a streamed body, encoded once and shared by many exchanges: chunk framing
 * around the data. HTTP/1.1 exchanges write the whole, HTTP/1.0 exchanges the data only.
 */
#ifndef HUBPLANE_SERVICE_HTTP_CHUNK_H
#define HUBPLANE_SERVICE_HTTP_CHUNK_H

#include "common/base/payload.h"

struct http_chunk {
    struct payload *payload;
    size_t data_offset;
    size_t data_length;
};

/** Build a chunk out of ${data}, which must not be empty; payload has one reference, NULL when out
 * of memory. Any thread. */
struct http_chunk http_chunk_from(struct bytes data);

#endif
