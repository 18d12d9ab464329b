/* SPDX-License-Identifier: MIT */
#include "service/platform/service_lock.h"

#include <pthread.h>
#include <stdlib.h>

struct service_lock {
    pthread_mutex_t mutex;
};

struct service_lock *
service_lock_new(void)
{
    struct service_lock *lock = malloc(sizeof(*lock));

    if (lock != NULL && pthread_mutex_init(&lock->mutex, NULL) != 0) {
        free(lock);
        return NULL;
    }
    return lock;
}

void
service_lock_free(struct service_lock *lock)
{
    if (lock != NULL) {
        pthread_mutex_destroy(&lock->mutex);
        free(lock);
    }
}

void
service_lock_take(struct service_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

void
service_lock_give(struct service_lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}
