/* SPDX-License-Identifier: MIT */
/*
 * upstream_request: the HTTP request that carries one call or event to the web application, in the
 * shape of Azure SignalR Service's upstream (service/upstream/UPSTREAM.md).
 */
#ifndef HUBPLANE_SERVICE_UPSTREAM_REQUEST_H
#define HUBPLANE_SERVICE_UPSTREAM_REQUEST_H

#include "service/hubs/hub_backend.h"
#include "service/upstream/upstream_settings.h"

/** Whether a client may call ${method} there: not empty, no longer than 256 bytes, not made of
 * dots (which a server would take for a folder), and not the name of an event, which an application
 * that looks only at the URL could not tell from the real one. */
bool upstream_request_allows_method(struct bytes method);

/**
 * upstream_request_append(settings, info, out):
 * Append the whole request, head and body.
 *   Shape:    POST, HTTP/1.1, Content-Length, keep-alive. Control characters in what a client chose
 *             are percent-encoded in headers; in the URL everything but letters, digits and -._~
 * is.
 *   Returns:  OK;  LIMIT, NO_MEMORY - also kept in ${out}.
 */
MUST_CHECK enum status upstream_request_append(const struct upstream_settings *settings,
                                               const struct hub_call_info *info,
                                               struct buffer *out);

#endif
