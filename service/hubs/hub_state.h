/* SPDX-License-Identifier: MIT */
/* hub_state: what a hub call changes in the state its client keeps: only real changes travel back.
 */
#ifndef HUBPLANE_SERVICE_HUB_STATE_H
#define HUBPLANE_SERVICE_HUB_STATE_H

#include "common/base/bytes.h"

struct hub_state_change {
    char *name;
    char *value; /* JSON text */
};

/* Zero-initialised = nothing changed. */
struct hub_state {
    struct hub_state_change *changes;
    size_t count;
};

void hub_state_deinit(struct hub_state *state);
/** A later value of the same name wins. OK or NO_MEMORY. */
MUST_CHECK enum status hub_state_set(struct hub_state *state, struct bytes name,
                                     struct bytes value);
/** Append {"name":value,...} of what differs from ${original} (the client's object, or empty);
 * nothing when nothing does. */
MUST_CHECK enum status hub_state_append(const struct hub_state *state, struct bytes original,
                                        struct buffer *out);

#endif
