/* SPDX-License-Identifier: MIT */
/*
 * hub_module: a hub_backend that is a DLL or .so with the interface of hubplane_hub.h. Each worker
 * has an instance of its own.
 */
#ifndef HUBPLANE_SERVICE_HUB_MODULE_H
#define HUBPLANE_SERVICE_HUB_MODULE_H

#include "service/hubs/hub_backend.h"

struct hub_module_settings {
    const char *name; /* "chat/ShapeHub", for the log */
    const char *path;
    const char *settings; /* the module's own; NULL = none */
};

/** Whether the file can be loaded and used; ${problem} receives a sentence when not. It is loaded,
 * and let go again. */
MUST_CHECK enum status hub_module_check(const struct hub_module_settings *settings,
                                        struct buffer *problem);
/** hub_module_make(configuration, context, out): For struct app_hub; ${configuration} is a struct
 * hub_module_settings. OK; otherwise the log says why: the file cannot be loaded, exports no
 * hubplane_hub, is made for another ABI, or its create() failed. */
MUST_CHECK enum status hub_module_make(const void *configuration,
                                       const struct hub_backend_context *context,
                                       struct hub_backend **out);

#endif
