/* SPDX-License-Identifier: MIT */
#include <windows.h>

#include "tests/unit/net/net_descriptors.h"

long
net_descriptors(void)
{
    DWORD count;
    return GetProcessHandleCount(GetCurrentProcess(), &count) ? (long)count : -1;
}
