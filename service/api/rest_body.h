/* SPDX-License-Identifier: MIT */
/* rest_body: the message in the body of a request to the REST interface. */
#ifndef HUBPLANE_SERVICE_REST_BODY_H
#define HUBPLANE_SERVICE_REST_BODY_H

#include "common/base/bytes.h"

struct rest_body {
    struct buffer target;   /* method of the clients */
    struct bytes arguments; /* JSON array, as it came; "[]" when absent */
};

/**
 * rest_body_read(content_type, text, out):
 * Read {"target":"recv","arguments":["hi",42]}, member names in any case; or, when ${content_type}
 * is application/octet-stream, a MessagePack map from the names of hub protocols to finished hub
 * messages, of which the one of "json" is read.
 *   Owns:     ${text} is borrowed for the life of ${out}, which is released with rest_body_deinit() in
 *             every case.
 *   Returns:  OK;  INVALID - ${problem} is a sentence;  NO_MEMORY.
 *   Source:   fuzzed by tests/fuzz/fuzz_rest_body.c.
 */
MUST_CHECK enum status rest_body_read(struct bytes content_type, struct bytes text,
                                      struct rest_body *out, const char **problem);
void rest_body_deinit(struct rest_body *body);

#endif
