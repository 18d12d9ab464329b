/* SPDX-License-Identifier: MIT */
/* module_probe: a module whose methods use each function of the service once. */
#include "hubplane_hub.h"

#include <stdlib.h>
#include <string.h>

struct probe {
    const struct hubplane_service *service;
    struct hubplane_host *host;
    struct hubplane_call *held;
};

static bool
is(struct hubplane_text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
}

static void
actions(const struct hubplane_service *service, struct hubplane_call *call)
{
    const struct hubplane_text none = HUBPLANE_TEXT(""), name = HUBPLANE_TEXT("n"),
                               m = HUBPLANE_TEXT("m"), list = HUBPLANE_TEXT("[1.0]"),
                               excluded[] = {HUBPLANE_TEXT("c8"), HUBPLANE_TEXT("c9")};

    service->send(call, HUBPLANE_ALL, none, m, list);
    service->send(call, HUBPLANE_OTHERS, none, m, list);
    service->send(call, HUBPLANE_CALLER, none, m, list);
    service->send(call, HUBPLANE_CLIENT, name, m, list);
    service->send(call, HUBPLANE_GROUP, name, m, list);
    service->send(call, HUBPLANE_OTHERS_IN_GROUP, name, m, list);
    service->send_except(call, HUBPLANE_USER, name, m, list, excluded, 2);
    service->join(call, none, name);
    service->leave(call, excluded[0], name);
    service->progress(call, list);
    service->set_state(call, name, list);
    service->result(call, list);
}

static void
on_posted(void *context)
{
    struct probe *probe = context;

    if (probe->held != NULL) {
        probe->service->result(probe->held, HUBPLANE_TEXT("\"posted\""));
        probe->held = NULL;
    }
}

static void
on_timer(void *context)
{
    struct probe *probe = context;

    (void)probe->service->post(probe->host, on_posted, probe);
}

/* The first argument, decoded and encoded again, then the module's settings. */
static void
echo(const struct probe *probe, struct hubplane_call *call)
{
    const struct hubplane_service *service = probe->service;
    struct hubplane_text json, settings = service->settings(probe->host);
    char text[64], again[64];

    if (!service->argument(call, 0, &json) || service->argument(call, 1, &json)) {
        service->fail(call, HUBPLANE_TEXT("one argument"));
        return;
    }
    size_t length = service->read_string(json, text, sizeof(text));
    if (length > sizeof(text) - settings.length) {
        service->error(call, HUBPLANE_TEXT("no text"), HUBPLANE_TEXT("{\"code\":1}"));
        return;
    }
    memcpy(text + length, settings.data, settings.length);
    length = service->write_string((struct hubplane_text){text, length + settings.length}, again,
                                   sizeof(again));
    service->result(call, (struct hubplane_text){again, length});
}

static void
on_call(void *hub, struct hubplane_call *call)
{
    struct probe *probe = hub;
    const struct hubplane_service *service = probe->service;
    struct hubplane_call_info info = {.size = sizeof(info)};

    service->info(call, &info);
    if (info.event == HUBPLANE_CONNECTED) {
        service->refuse(call, info.connection_id);
    } else if (info.event != HUBPLANE_INVOCATION) {
        service->result(call, HUBPLANE_TEXT(""));
    } else if (is(info.method, "Actions")) {
        actions(service, call);
    } else if (is(info.method, "Echo")) {
        echo(probe, call);
    } else if (is(info.method, "Hold")) {
        probe->held = call;
        (void)service->start_timer(probe->host, 1000, on_timer, probe);
    } else {
        service->unknown_method(call);
    }
}

static void
on_dropped(void *hub, struct hubplane_call *call)
{
    struct probe *probe = hub;

    if (probe->held == call) {
        probe->held = NULL;
    }
}

static void *
create(const struct hubplane_service *service, struct hubplane_host *host)
{
    struct probe *probe = calloc(1, sizeof(*probe));

    if (probe != NULL) {
        probe->service = service;
        probe->host = host;
        service->log(host, HUBPLANE_INFO, HUBPLANE_TEXT("probe made"));
    }
    return probe;
}

static void
destroy(void *hub)
{
    free(hub);
}

const struct hubplane_hub *
hubplane_hub(void)
{
    static const char *const methods[] = {"Actions", "Echo", "Hold", NULL};
    static const struct hubplane_hub hub = {.abi = HUBPLANE_HUB_ABI,
                                            .size = sizeof(hub),
                                            .methods = methods,
                                            .create = create,
                                            .destroy = destroy,
                                            .call = on_call,
                                            .dropped = on_dropped};

    return &hub;
}
