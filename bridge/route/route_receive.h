/* SPDX-License-Identifier: MIT */
/* route_receive: the way out of an app: channel and log messages in, put in order, checked, kept in
 * the history, delivered to who listens. */
#ifndef HUBPLANE_BRIDGE_ROUTE_RECEIVE_H
#define HUBPLANE_BRIDGE_ROUTE_RECEIVE_H

#include "bridge/route/route_app.h"

/* What route_order calls; the owner is the app. */
extern const struct route_order_handler route_receive_order_handler;

/** A channel message, live or from the log. False when it is malformed: counted, logged now and
 * then. */
bool route_receive_message(struct route_app *app, struct bytes channel_message, bool is_from_log);

#endif
