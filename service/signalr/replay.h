/* SPDX-License-Identifier: MIT */
/* replay: what a connection missed: the commands in it take effect first, then the messages are
 * written. */
#ifndef HUBPLANE_SERVICE_REPLAY_H
#define HUBPLANE_SERVICE_REPLAY_H

#include "service/signalr/connection.h"
#include "service/signalr/group_span.h"

struct replay_options {
    uint64_t since;    /* the client's cursor; BACKPLANE_NO_REPLAY when it had none */
    uint64_t position; /* of the answer */
    bool is_init;
    bool sends_groups;
    bool is_stale; /* the client must learn another cursor even if there is nothing to say */
    const struct group_spans *groups;
};

/** Let joins and leaves found in the replay after ${cursor} change ${groups}. OK; NEED_MORE - a
 * group is not among the connection's topics yet: subscribe again; NO_MEMORY. */
MUST_CHECK enum status replay_apply_commands(struct connection *connection, uint64_t cursor,
                                             const struct backplane_subscribed *result,
                                             struct group_spans *groups);
/** Acknowledge the commands that ask for it. */
void replay_acknowledge(const struct connection *connection,
                        const struct backplane_subscribed *result);
/** Whether the client said goodbye meanwhile, or the application closed it: then the text for it is
 * appended to ${why}. */
bool replay_has_abort(const struct connection *connection,
                      const struct backplane_subscribed *result, struct buffer *why);
/** Write the messages the connection should see; a poll gets at most one envelope, and is complete
 * then. */
void replay_write(struct connection *connection, const struct backplane_subscribed *result,
                  const struct replay_options *options);

#endif
