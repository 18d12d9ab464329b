/* SPDX-License-Identifier: MIT */
#include "service/platform/service_crash.h"

void
service_crash_watch(const char *folder, const char *service_name)
{
    (void)folder;
    (void)service_name;
}
