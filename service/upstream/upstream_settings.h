/* SPDX-License-Identifier: MIT */
/* upstream_settings: what the configuration says about the web application that answers a hub.
 * Filled in by whoever reads the options, then never changed: all threads share it. */
#ifndef HUBPLANE_SERVICE_UPSTREAM_SETTINGS_H
#define HUBPLANE_SERVICE_UPSTREAM_SETTINGS_H

#include "common/base/bytes.h"

enum {
    UPSTREAM_KEYS_MAX = 2,                       /* primary and secondary */
    UPSTREAM_REPLY_BYTES_MAX = 16 * 1024 * 1024, /* as Azure SignalR Service has it */
    UPSTREAM_URL_BYTES_MAX = 8 * 1024,
};

struct upstream_settings {
    const char *name;                    /* "chat/ChatHub", for the log */
    const char *url;                     /* http://localhost/hubs/{hub}/{event}, {category} */
    const char *keys[UPSTREAM_KEYS_MAX]; /* sign the requests; NULL = none */
    const char *authority;               /* PEM file; NULL = what the system trusts */
    const char *const *methods;          /* for the generated script */
    size_t method_count;
    uint32_t timeout_ms;    /* for one answer */
    size_t connections_max; /* kept open to the application */
    size_t queue_max;       /* calls waiting for one of them */
};

/** Whether ${url} may be configured: absolute, and with braces only around hub, event and category,
 * not in the host. */
bool upstream_settings_url_is_valid(struct bytes url);

#endif
