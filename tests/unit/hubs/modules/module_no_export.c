/* SPDX-License-Identifier: MIT */
/* module_no_export: a library that is no module. */
#include "hubplane_hub.h"

HUBPLANE_EXPORT int module_no_export(void);

int
module_no_export(void)
{
    return 1;
}
