/* SPDX-License-Identifier: MIT */
/* module_no_instance: a module that cannot work. */
#include "hubplane_hub.h"

static void *
create(const struct hubplane_service *service, struct hubplane_host *host)
{
    (void)service;
    (void)host;
    return NULL;
}

static void
destroy(void *hub)
{
    (void)hub;
}

static void
on_call(void *hub, struct hubplane_call *call)
{
    (void)hub;
    (void)call;
}

const struct hubplane_hub *
hubplane_hub(void)
{
    static const struct hubplane_hub hub = {.abi = HUBPLANE_HUB_ABI,
                                            .size = sizeof(hub),
                                            .create = create,
                                            .destroy = destroy,
                                            .call = on_call};

    return &hub;
}
