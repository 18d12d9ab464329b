/* SPDX-License-Identifier: MIT */
/* connection_data: the hubs a client registers for, from the connectionData parameter. */
#ifndef HUBPLANE_SERVICE_CONNECTION_DATA_H
#define HUBPLANE_SERVICE_CONNECTION_DATA_H

#include "common/base/bytes.h"

enum {
    CONNECTION_DATA_HUBS_MAX = 256,
    CONNECTION_DATA_BYTES_MAX = 64 * 1024,
    CONNECTION_DATA_PROBLEM_BYTES_MAX = 512, /* enough for the problem buffer */
};

/* Indexes of the app's hubs, in the order the client named them (the order of subscription). */
struct connection_data {
    uint16_t hubs[CONNECTION_DATA_HUBS_MAX];
    size_t count;
};

/** Find the hub of that name, compared without case; false when there is none. */
typedef bool (*connection_data_lookup_fn)(void *context, struct bytes name, uint16_t *hub_index);

/**
 * connection_data_parse(text, lookup, context, out, problem):
 * Read the decoded parameter: `[{"name":"chathub"},{"Name":"other"}]`. Empty, absent, `null` and
 * `[]` mean no hubs. Unknown members are ignored.
 *   Returns:  OK;  INVALID - malformed JSON, an element without a name, more hubs than the cap;
 *             NOT_FOUND - unknown hub;  EXISTS - the same hub twice;  NO_MEMORY. Except for
 * NO_MEMORY the sentence for the client is appended to ${problem} (may be NULL).
 *   Source:   signalr2-protocol.md 15.1 and 5, T6, T20; fuzzed by fuzz_connection_data.c.
 */
MUST_CHECK enum status connection_data_parse(struct bytes text, connection_data_lookup_fn lookup,
                                             void *context, struct connection_data *out,
                                             struct buffer *problem);

#endif
