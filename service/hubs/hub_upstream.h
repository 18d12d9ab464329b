/* SPDX-License-Identifier: MIT */
/*
 * hub_upstream: a hub_backend whose calls and events are answered by the web application, over
 * HTTP. What is sent and what may come back is in service/upstream/UPSTREAM.md.
 */
#ifndef HUBPLANE_SERVICE_HUB_UPSTREAM_H
#define HUBPLANE_SERVICE_HUB_UPSTREAM_H

#include "service/hubs/hub_backend.h"

/** hub_upstream_make(configuration, context, out): For struct app_hub; ${configuration} is a struct
 * upstream_settings that ${context}->upstreams has. OK; NOT_FOUND - it has not;  NO_MEMORY. */
MUST_CHECK enum status hub_upstream_make(const void *configuration,
                                         const struct hub_backend_context *context,
                                         struct hub_backend **out);

#endif
