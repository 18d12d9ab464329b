/* SPDX-License-Identifier: MIT */
/* net_descriptors: how many descriptors (handles on Windows) this process has open. Twins:
 * net_descriptors_posix.c, net_descriptors_windows.c. */
#ifndef HUBPLANE_TESTS_NET_DESCRIPTORS_H
#define HUBPLANE_TESTS_NET_DESCRIPTORS_H

long net_descriptors(void);

#endif
