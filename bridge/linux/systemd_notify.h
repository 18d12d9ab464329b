/* SPDX-License-Identifier: MIT */
/* systemd_notify: tells the service manager how the daemon is doing (sd_notify(3)): one datagram,
 * no library. */
#ifndef HUBPLANE_BRIDGE_SYSTEMD_NOTIFY_H
#define HUBPLANE_BRIDGE_SYSTEMD_NOTIFY_H

#include <stdint.h>

/** Send "READY=1" and the like to where NOTIFY_SOCKET points; nothing happens without it. Best
 * effort. */
void systemd_notify(const char *message);
/** How often the manager wants to hear "WATCHDOG=1", halved to be on time; 0 = never. */
uint64_t systemd_notify_watchdog_ms(void);

#endif
