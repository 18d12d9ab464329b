/* SPDX-License-Identifier: MIT */
#include "tests/unit/net/net_descriptors.h"

#include <dirent.h>
#include <stddef.h>

long
net_descriptors(void)
{
    long count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return -1;
    }
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}
