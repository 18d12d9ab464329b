/* SPDX-License-Identifier: MIT */
/* poster: how code is run on another loop: loop_post() in a program, a queue in tests. Keeps the
 * order of the calls. */
#ifndef HUBPLANE_BASE_POSTER_H
#define HUBPLANE_BASE_POSTER_H

#include "common/base/status.h"

struct poster {
    enum status (*post)(void *context, void (*fn)(void *argument), void *argument);
    void *context;
};

#endif
