/* SPDX-License-Identifier: MIT */
/* script_request: the generated proxies at <path>/hubs and <path>/js. */
#ifndef HUBPLANE_SERVICE_SCRIPT_REQUEST_H
#define HUBPLANE_SERVICE_SCRIPT_REQUEST_H

#include "service/transport/client_request.h"

/** Whether the request asks for the script; only here trailing slashes do not count. */
bool script_request_is(const struct client_request *request);
void script_request_handle(struct client_request *request);

#endif
