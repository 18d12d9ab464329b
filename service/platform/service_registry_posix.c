/* SPDX-License-Identifier: MIT */
#include "service/platform/service_registry.h"

enum status
service_registry_read(const char *service_name, struct option_set *set)
{
    (void)service_name;
    (void)set;
    return STATUS_OK;
}
