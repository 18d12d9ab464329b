/* SPDX-License-Identifier: MIT */
#include "service/transport/script_request.h"

#include <stdlib.h>

#include "service/signalr/hub_script.h"
#include "service/transport/answer.h"

enum { SCRIPT_BYTES_MAX = 4 * 1024 * 1024, METHODS_MAX = 4096 };

static const char script_type[] = "application/javascript; charset=UTF-8";

bool
script_request_is(const struct client_request *request)
{
    struct bytes path = buffer_bytes(&request->decoded_path);

    while (path.length > 0 && path.data[path.length - 1] == '/') {
        path.length--;
    }
    return bytes_ends_with_ignore_case(path, BYTES("/hubs")) ||
           bytes_ends_with_ignore_case(path, BYTES("/js"));
}

/* What the script is made from; views into the backends. */
struct hub_list {
    struct hub_script_hub *hubs;
    struct hub_script_name *methods;
    size_t method_count;
};

static bool
next_method(const struct hub_backend *backend, size_t index, struct bytes *name)
{
    return backend != NULL && backend->operations->method != NULL &&
           backend->operations->method(backend, index, name);
}

static size_t
count_methods(const struct worker_app *app)
{
    struct bytes name;
    size_t count = 0;

    for (size_t i = 0; i < app->app->hub_count; i++) {
        for (size_t k = 0; k < METHODS_MAX && next_method(app->hubs[i], k, &name); k++) {
            count++;
        }
    }
    return count;
}

static void
list_hub(struct hub_list *list, const struct worker_app *app, size_t index)
{
    struct hub_script_hub *hub = &list->hubs[index];
    struct bytes name;

    *hub = (struct hub_script_hub){.name = {bytes_from_string(app->app->hubs[index].name), false},
                                   .methods = list->methods + list->method_count};
    for (size_t k = 0; k < METHODS_MAX && next_method(app->hubs[index], k, &name); k++) {
        list->methods[list->method_count] = (struct hub_script_name){name, false};
        list->method_count++;
        hub->method_count++;
    }
}

static enum status
write_script(const struct client_request *request, struct buffer *out)
{
    const struct worker_app *app = request->app;
    struct hub_list list = {
        .hubs = calloc(app->app->hub_count + 1, sizeof(*list.hubs)),
        .methods = calloc(count_methods(app) + 1, sizeof(*list.methods)),
    };
    enum status status = STATUS_NO_MEMORY;

    if (list.hubs != NULL && list.methods != NULL) {
        for (size_t i = 0; i < app->app->hub_count; i++) {
            list_hub(&list, app, i);
        }
        status =
            hub_script_append(out, hub_script_service_url(buffer_bytes(&request->decoded_path)),
                              list.hubs, app->app->hub_count);
    }
    free(list.hubs);
    free(list.methods);
    return status;
}

void
script_request_handle(struct client_request *request)
{
    const struct app *app = request->app->app;
    struct buffer script;

    if (request->path->hides_script) {
        answer_body(app, request->exchange, script_type, BYTES(HUB_SCRIPT_DISABLED_BODY));
        return;
    }
    buffer_init(&script, SCRIPT_BYTES_MAX);
    if (write_script(request, &script) == STATUS_OK) {
        answer_body(app, request->exchange, script_type, buffer_bytes(&script));
    } else {
        answer_text(app, request->exchange, 500, NULL, BYTES("The script could not be made."));
    }
    buffer_deinit(&script);
}
