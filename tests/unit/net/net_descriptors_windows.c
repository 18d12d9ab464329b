/* SPDX-License-Identifier: MIT */
#include "tests/unit/net/net_descriptors.h"

#include <windows.h>

long
net_descriptors(void)
{
    DWORD count;
    return GetProcessHandleCount(GetCurrentProcess(), &count) ? (long)count : -1;
}
