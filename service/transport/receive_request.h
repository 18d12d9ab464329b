/* SPDX-License-Identifier: MIT */
/* receive_request: /connect, /reconnect, /poll: requests that open a transport. */
#ifndef HUBPLANE_SERVICE_RECEIVE_REQUEST_H
#define HUBPLANE_SERVICE_RECEIVE_REQUEST_H

#include "service/transport/client_request.h"

/** The request has been identified. */
void receive_request_handle(struct client_request *request);

#endif
