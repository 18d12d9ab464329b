/* SPDX-License-Identifier: MIT */
/* hub_script: the generated JavaScript with one proxy a hub, served at /hubs and /js. */
#ifndef HUBPLANE_SERVICE_HUB_SCRIPT_H
#define HUBPLANE_SERVICE_HUB_SCRIPT_H

#include "common/base/bytes.h"

/* A hub or method. Its key in the script starts each dot-separated part in lower case, unless it is
 * verbatim. */
struct hub_script_name {
    struct bytes name; /* UTF-8 */
    bool is_verbatim;  /* the name was set explicitly */
};

struct hub_script_hub {
    struct hub_script_name name;
    const struct hub_script_name *methods;
    size_t method_count;
};

/**
 * hub_script_append(out, service_url, hubs, count):
 * Append the script. Hubs and methods may come in any order, they are sorted by name; a repeated
 * method name (overloads; case ignored) appears once. Works with the clients 2.2 to 2.4.3.
 *   Returns:  OK;  LIMIT, NO_MEMORY.
 *   Source:   signalr2-protocol.md 16, T65.
 */
MUST_CHECK enum status hub_script_append(struct buffer *out, struct bytes service_url,
                                         const struct hub_script_hub *hubs, size_t count);

/** The path the script names as service: the decoded request ${path}, trailing '/' trimmed, minus
 * /hubs or /js. A view of ${path}. */
struct bytes hub_script_service_url(struct bytes path);

/* Served instead (status 200) where the script is switched off. */
#define HUB_SCRIPT_DISABLED_BODY \
    "throw new Error('SignalR: JavaScript Hub proxy generation has been disabled.');"

#endif
