/* SPDX-License-Identifier: MIT */
/* service_registry: options from the Windows registry, which win over the file. Twins: on POSIX
 * there is no registry. */
#ifndef HUBPLANE_SERVICE_SERVICE_REGISTRY_H
#define HUBPLANE_SERVICE_SERVICE_REGISTRY_H

#include "common/base/option.h"

/** service_registry_read(service_name, set): Read
 * HKLM\SYSTEM\CurrentControlSet\Services\NAME\Parameters\SECTION[\NAME] into ${set}: REG_SZ,
 * REG_EXPAND_SZ, REG_DWORD, REG_QWORD, REG_MULTI_SZ (joined with ','). Mistakes become problem
 * lines that name the registry path. OK also when there is no such key; INVALID when there were
 * problems. */
MUST_CHECK enum status service_registry_read(const char *service_name, struct option_set *set);

#endif
