/* SPDX-License-Identifier: MIT */
/*
 * client_limits: how many connections a node holds, all together and of one client address, and how
 * often an address negotiates; shared by all workers of the node. Another one of the same kind
 * counts bare sockets, of which some never become a connection. Addresses are counted as
 * client_network says. An address is remembered while it has connections, so the table is as
 * bounded as they are.
 */
#ifndef HUBPLANE_SERVICE_CLIENT_LIMITS_H
#define HUBPLANE_SERVICE_CLIENT_LIMITS_H

#include "common/base/bytes.h"

struct client_limits;
struct client_place; /* one connection's; counts for the address it came from */

struct client_limits_options {
    uint64_t connections_max;         /* of the node; 0 = no limit */
    uint64_t address_connections_max; /* of one address; 0 = no limit */
    uint64_t negotiates_max;          /* of one address, a minute; 0 = no limit */
};

enum client_limits_verdict { CLIENT_LIMITS_GRANTED, CLIENT_LIMITS_FULL, CLIENT_LIMITS_TOO_MANY };

/** NULL when out of memory. */
struct client_limits *client_limits_new(const struct client_limits_options *options);
/** Every place has been given back. NULL does nothing. */
void client_limits_free(struct client_limits *limits);

/* Any thread. */

/** From now on; who is here stays. */
void client_limits_set(struct client_limits *limits, const struct client_limits_options *options);
/** Whether ${address} may negotiate once more, which then counts; otherwise ${*wait_ms} says when
 * it may. */
MUST_CHECK bool client_limits_negotiate(struct client_limits *limits, struct bytes address,
                                        uint64_t now_ms, uint64_t *wait_ms);
/** Whether ${address} could take a place now. */
bool client_limits_has_place(struct client_limits *limits, struct bytes address);
/**
 * client_limits_take(limits, address, id, is_back, out):
 * A place for the connection ${id}, or for something that has none (empty). A connection that moves
 * to another worker of this node keeps the place it has, whatever the limits: it is counted once,
 * until every worker that took it has given it back. ${is_back}: its client was connected before,
 * maybe to a node that is gone; so an address may come back with twice as many connections as it
 * may begin.
 *   Owns:     on GRANTED ${*out} is given back with client_limits_leave(); otherwise it is NULL.
 *   Returns:  GRANTED;  FULL - the node has all it may have, or no memory;  TOO_MANY - the address
 *             has.
 */
MUST_CHECK enum client_limits_verdict client_limits_take(struct client_limits *limits,
                                                         struct bytes address, struct bytes id,
                                                         bool is_back, struct client_place **out);
/** ${place} NULL does nothing. */
void client_limits_leave(struct client_limits *limits, struct client_place *place);

#endif
