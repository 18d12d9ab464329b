/* SPDX-License-Identifier: MIT */
/*
 * relocation: a connection that comes back to another worker or node than before says so, and the
 * record left behind vanishes without a disconnect event. Workers of one node hear it by notice,
 * other nodes by a message on our own topic:
 *
 *     {"moved":"<connection id>","by":"<nonce of the worker>","at":<Unix ms of the opening>}
 *
 * Messages may come late; the opening that is the latest counts.
 */
#ifndef HUBPLANE_SERVICE_RELOCATION_H
#define HUBPLANE_SERVICE_RELOCATION_H

#include "service/signalr/connection.h"

/** Tell everyone that the connection is here. ${may_be_elsewhere}: not only on this node. */
void relocation_announce(struct connection *connection, bool may_be_elsewhere);
/** A message on our topic. */
void relocation_receive(struct worker_app *app, struct bytes value);

#endif
