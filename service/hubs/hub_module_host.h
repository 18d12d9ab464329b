/* SPDX-License-Identifier: MIT */
/* hub_module_host: what one instance of a hub module sees of its worker, and the functions it calls
 * (struct hubplane_service). */
#ifndef HUBPLANE_SERVICE_HUB_MODULE_HOST_H
#define HUBPLANE_SERVICE_HUB_MODULE_HOST_H

#include <stdatomic.h>

#include "common/base/list.h"
#include "service/hubs/hub_backend.h"
#include "service/hubs/hubplane_hub.h"

struct hubplane_host {
    struct hub_backend_context context;
    struct hub_backend *backend;
    const char *name;
    const char *settings;
    struct list timers;
    atomic_uint references; /* its backend's, and one for each post under way */
    atomic_bool is_gone;    /* the module has been destroyed */
};

/** NULL when out of memory. */
struct hubplane_host *hub_module_host_new(const struct hub_backend_context *context,
                                          struct hub_backend *backend, const char *name,
                                          const char *settings);
/** The module is destroyed: its timers stop, what it has posted is dropped. NULL does nothing. */
void hub_module_host_close(struct hubplane_host *host);

extern const struct hubplane_service hub_module_service;

#endif
