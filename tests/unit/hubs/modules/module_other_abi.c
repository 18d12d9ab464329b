/* SPDX-License-Identifier: MIT */
/* module_other_abi: a module built with a header of the future. */
#include "hubplane_hub.h"

const struct hubplane_hub *
hubplane_hub(void)
{
    static const struct hubplane_hub hub = {.abi = HUBPLANE_HUB_ABI + 1, .size = sizeof(hub)};

    return &hub;
}
