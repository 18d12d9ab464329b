/* SPDX-License-Identifier: MIT */
/* service_lock: a mutex, for the one thing all threads of a node share: the log file. Twins:
 * service_lock_posix.c, service_lock_windows.c. */
#ifndef HUBPLANE_SERVICE_SERVICE_LOCK_H
#define HUBPLANE_SERVICE_SERVICE_LOCK_H

struct service_lock;

/** NULL when out of memory; release with service_lock_free(). */
struct service_lock *service_lock_new(void);
/** NULL does nothing. */
void service_lock_free(struct service_lock *lock);
/* Any thread. */
void service_lock_take(struct service_lock *lock);
void service_lock_give(struct service_lock *lock);

#endif
