/* SPDX-License-Identifier: MIT */
#include "service/platform/service_lock.h"

#include <stdlib.h>
#include <windows.h>

struct service_lock {
    SRWLOCK lock;
};

struct service_lock *
service_lock_new(void)
{
    struct service_lock *lock = malloc(sizeof(*lock));

    if (lock != NULL) {
        InitializeSRWLock(&lock->lock);
    }
    return lock;
}

void
service_lock_free(struct service_lock *lock)
{
    free(lock);
}

void
service_lock_take(struct service_lock *lock)
{
    AcquireSRWLockExclusive(&lock->lock);
}

void
service_lock_give(struct service_lock *lock)
{
    ReleaseSRWLockExclusive(&lock->lock);
}
