/* SPDX-License-Identifier: MIT */
/*
 * shaper: the hub of SignalR's "high-frequency realtime" tutorial: whoever drags the shape moves it
 * for everybody else. However fast a client moves it, the others are told 25 times a second at
 * most: moves only note where the shape is, a timer tells.
 */
#include "hubplane_hub.h"

#include <stdlib.h>
#include <string.h>

enum { INTERVAL_MS = 40, POSITION_BYTES_MAX = 256, ID_BYTES_MAX = 128 };

/* One worker's share of the clients. */
struct shaper {
    const struct hubplane_service *service;
    struct hubplane_host *host;
    struct hubplane_timer *timer;      /* NULL: nothing to tell */
    char position[POSITION_BYTES_MAX]; /* JSON array: the arguments of the latest move */
    size_t position_length;
    char mover[ID_BYTES_MAX]; /* whose it is: it knows already */
    size_t mover_length;
};

static void
tell(void *context)
{
    struct shaper *shaper = context;
    const struct hubplane_text mover = {shaper->mover, shaper->mover_length};
    const struct hubplane_text position = {shaper->position, shaper->position_length};
    struct hubplane_call *call = shaper->service->begin(shaper->host);

    shaper->timer = NULL;
    if (call != NULL) {
        shaper->service->send_except(call, HUBPLANE_ALL, HUBPLANE_TEXT(""),
                                     HUBPLANE_TEXT("shapeMoved"), position, &mover, 1);
        shaper->service->result(call, HUBPLANE_TEXT(""));
    }
}

static void
move(struct shaper *shaper, struct hubplane_call *call, const struct hubplane_call_info *info)
{
    const struct hubplane_service *service = shaper->service;

    if (info->argument_count != 2 || info->arguments.length > POSITION_BYTES_MAX ||
        info->connection_id.length > ID_BYTES_MAX) {
        service->error(call, HUBPLANE_TEXT("moveShape takes x and y"), HUBPLANE_TEXT(""));
        return;
    }
    memcpy(shaper->position, info->arguments.data, info->arguments.length);
    shaper->position_length = info->arguments.length;
    memcpy(shaper->mover, info->connection_id.data, info->connection_id.length);
    shaper->mover_length = info->connection_id.length;
    if (shaper->timer == NULL) {
        shaper->timer = service->start_timer(shaper->host, INTERVAL_MS, tell, shaper);
    }
    service->result(call, HUBPLANE_TEXT(""));
}

static bool
is_method(struct hubplane_text method, const char *lower_case)
{
    size_t length = strlen(lower_case);

    for (size_t i = 0; i < method.length && i < length; i++) {
        if ((method.data[i] | 0x20) != lower_case[i]) {
            return false;
        }
    }
    return method.length == length;
}

static void
on_call(void *hub, struct hubplane_call *call)
{
    struct shaper *shaper = hub;
    struct hubplane_call_info info = {.size = sizeof(info)};

    shaper->service->info(call, &info);
    if (info.event != HUBPLANE_INVOCATION) {
        shaper->service->result(call, HUBPLANE_TEXT(""));
    } else if (is_method(info.method, "moveshape")) {
        move(shaper, call, &info);
    } else {
        shaper->service->unknown_method(call);
    }
}

static void *
create(const struct hubplane_service *service, struct hubplane_host *host)
{
    struct shaper *shaper = calloc(1, sizeof(*shaper));

    if (shaper != NULL) {
        shaper->service = service;
        shaper->host = host;
    }
    return shaper;
}

static void
destroy(void *hub)
{
    free(hub); /* its timer is stopped by the service */
}

const struct hubplane_hub *
hubplane_hub(void)
{
    static const char *const methods[] = {"MoveShape", NULL};
    static const struct hubplane_hub hub = {
        .abi = HUBPLANE_HUB_ABI,
        .size = sizeof(hub),
        .methods = methods,
        .create = create,
        .destroy = destroy,
        .call = on_call,
    };

    return &hub;
}
