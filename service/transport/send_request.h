/* SPDX-License-Identifier: MIT */
/* send_request: /send, /start and /abort: requests that are answered once and need no transport
 * here. */
#ifndef HUBPLANE_SERVICE_SEND_REQUEST_H
#define HUBPLANE_SERVICE_SEND_REQUEST_H

#include "service/transport/client_request.h"

/* Each takes an identified request and answers it, now or later. */
void send_request_handle(struct client_request *request);
void send_request_start(struct client_request *request);
void send_request_abort(struct client_request *request);

#endif
