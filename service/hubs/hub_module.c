/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_module.h"

#include <stdlib.h>

#include "service/hubs/hub_module_host.h"
#include "service/platform/service_library.h"

#define EXPORT "hubplane_hub"

struct hub_module {
    struct hub_backend backend; /* first */
    struct service_library *library;
    const struct hubplane_hub *hub; /* in the library */
    struct hubplane_host *host;
    void *instance;
};

static struct hub_module *
module_of(struct hub_backend *backend)
{
    return CONTAINER_OF(backend, struct hub_module, backend);
}

static void
call_module(struct hub_backend *backend, struct hub_call *call)
{
    const struct hub_module *module = module_of(backend);

    module->hub->call(module->instance, (struct hubplane_call *)(void *)call);
}

static void
on_ended(struct hub_backend *backend, struct hub_call *call, bool is_refused)
{
    const struct hub_module *module = module_of(backend);

    (void)is_refused;
    if (!hub_call_is_over(call) && module->hub->dropped != NULL) {
        module->hub->dropped(module->instance, (struct hubplane_call *)(void *)call);
    }
}

static bool
name_method(const struct hub_backend *backend, size_t index, struct bytes *name)
{
    const struct hub_module *module = (const struct hub_module *)(const void *)backend;

    if (module->hub->methods == NULL) {
        return false;
    }
    for (size_t i = 0; i <= index; i++) {
        if (module->hub->methods[i] == NULL) {
            return false;
        }
    }
    *name = bytes_from_string(module->hub->methods[index]);
    return true;
}

static void
free_module(struct hub_backend *backend)
{
    struct hub_module *module = module_of(backend);

    if (module->instance != NULL) {
        module->hub->destroy(module->instance);
    }
    hub_module_host_close(module->host);
    service_library_close(module->library);
    free(module);
}

/* The module's table, if it can be used. */
static enum status
find_hub(struct hub_module *module, struct buffer *problem)
{
    union {
        service_library_fn symbol;
        hubplane_hub_fn fn;
    } found = {service_library_find(module->library, EXPORT)};

    if (found.fn == NULL) {
        buffer_append_string(problem, "it exports no function " EXPORT);
        return STATUS_INVALID;
    }
    const struct hubplane_hub *hub = found.fn();
    if (hub == NULL) {
        buffer_append_string(problem, EXPORT "() gave nothing");
        return STATUS_INVALID;
    }
    if (hub->abi != HUBPLANE_HUB_ABI) {
        buffer_append_format(problem,
                             "it is made for ABI %u, and this service has %u: build it again with "
                             "the hubplane_hub.h of this version",
                             (unsigned)hub->abi, (unsigned)HUBPLANE_HUB_ABI);
        return STATUS_UNSUPPORTED;
    }
    if (hub->size < sizeof(*hub) || hub->create == NULL || hub->destroy == NULL ||
        hub->call == NULL) {
        buffer_append_string(problem, "its table lacks create, destroy or call");
        return STATUS_INVALID;
    }
    module->hub = hub;
    return STATUS_OK;
}

enum status
hub_module_check(const struct hub_module_settings *settings, struct buffer *problem)
{
    struct hub_module module = {0};
    enum status status = service_library_open(settings->path, problem, &module.library);

    if (status == STATUS_OK) {
        status = find_hub(&module, problem);
    }
    service_library_close(module.library);
    return status;
}

static enum status
open_module(struct hub_module *module, const struct hub_module_settings *settings,
            const struct hub_backend_context *context, struct buffer *problem)
{
    enum status status = service_library_open(settings->path, problem, &module->library);

    if (status == STATUS_OK) {
        status = find_hub(module, problem);
    }
    if (status != STATUS_OK) {
        return status;
    }
    module->host =
        hub_module_host_new(context, &module->backend, settings->name, settings->settings);
    if (module->host != NULL) {
        module->instance = module->hub->create(&hub_module_service, module->host);
    }
    if (module->instance == NULL) {
        buffer_append_string(problem, "its create() failed");
        return STATUS_CANCELED;
    }
    return STATUS_OK;
}

enum status
hub_module_make(const void *configuration, const struct hub_backend_context *context,
                struct hub_backend **out)
{
    static const struct hub_backend_operations operations = {
        .call = call_module,
        .ended = on_ended,
        .method = name_method,
        .free = free_module,
    };
    const struct hub_module_settings *settings = configuration;
    struct hub_module *module = calloc(1, sizeof(*module));
    struct buffer problem;

    if (module == NULL) {
        return STATUS_NO_MEMORY;
    }
    module->backend.operations = &operations;
    buffer_init(&problem, 4096);
    enum status status = open_module(module, settings, context, &problem);
    if (status != STATUS_OK && context->worker == 0) {
        log_error(context->log, "module", "hub %s is not available: \"%s\": %.*s", settings->name,
                  settings->path, BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
    if (status != STATUS_OK) {
        free_module(&module->backend);
        return status;
    }
    *out = &module->backend;
    return STATUS_OK;
}
