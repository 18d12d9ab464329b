/* SPDX-License-Identifier: MIT */
/* service_crash: what is left of a crash. Twins: service_crash_windows.c (a minidump and an entry
 * in the Event Log) and service_crash_posix.c, where the system's own core dumps serve. */
#ifndef HUBPLANE_SERVICE_SERVICE_CRASH_H
#define HUBPLANE_SERVICE_SERVICE_CRASH_H

/** From now on a crash of this process writes ${folder}\\NAME-TIME.dmp and reports it as an event
 * of ${service_name}. Process-wide, since a crash is. */
void service_crash_watch(const char *folder, const char *service_name);

#endif
