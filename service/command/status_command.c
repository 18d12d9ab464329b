/* SPDX-License-Identifier: MIT */
/* status_command: how the service is, asked at the service control manager, and how its node is,
 * asked at its admin listener. */
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#include "service/command/admin_client.h"
#include "service/command/commands.h"
#include "service/command/configuration.h"
#include "service/node/node.h"
#include "service/platform/service_manager.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024 };

static void
print_value(const char *name, yyjson_val *value)
{
    if (yyjson_is_str(value)) {
        printf("%-10s %s\n", name, yyjson_get_str(value));
    } else if (yyjson_is_bool(value)) {
        printf("%-10s %s\n", name, yyjson_get_bool(value) ? "yes" : "no");
    } else if (yyjson_is_int(value)) {
        printf("%-10s %lld\n", name, (long long)yyjson_get_sint(value));
    } else if (yyjson_is_null(value)) {
        printf("%-10s none\n", name);
    }
}

/* One line a member; true when the node is ready. */
static bool
print_node(struct bytes body)
{
    yyjson_doc *document = yyjson_read((const char *)body.data, body.length, 0);
    yyjson_val *root = yyjson_doc_get_root(document), *key;
    yyjson_obj_iter members;
    bool is_ready = false;

    if (yyjson_obj_iter_init(root, &members)) {
        while ((key = yyjson_obj_iter_next(&members)) != NULL) {
            print_value(yyjson_get_str(key), yyjson_obj_iter_get_val(key));
        }
        is_ready = yyjson_get_bool(yyjson_obj_get(root, "ready"));
    }
    yyjson_doc_free(document);
    if (!is_ready) {
        printf("The node serves clients, but no app is open at a bridge: look at its log, and at "
               "\"hubplane-bridge status\".\n");
    }
    return is_ready;
}

static int
ask_node(const char *address)
{
    struct buffer body;
    int exit_code = NODE_EXIT_FAILED;

    if (address == NULL) {
        printf("[service] admin is empty, so the node cannot be asked.\n");
        return NODE_EXIT_FAILED;
    }
    buffer_init(&body, ANSWER_MAX_BYTES);
    enum status status = admin_client_get(address, "/status", &body);
    if (status == STATUS_OK) {
        exit_code = print_node(buffer_bytes(&body)) ? NODE_EXIT_OK : NODE_EXIT_FAILED;
    } else {
        printf("No node answers at %s ([service] admin): %s. Start it, or see what its log says.\n",
               address, status_sentence(status));
    }
    buffer_deinit(&body);
    return exit_code;
}

/* False when there is no use in asking the node. */
static bool
print_service(const char *name)
{
    struct buffer text;
    bool is_running = true;

    buffer_init(&text, 4096);
    enum status status = service_manager_query(name, &text, &is_running);
    if (status == STATUS_OK) {
        printf("%-10s %.*s\n", "service", BYTES_PRINTF(buffer_bytes(&text)));
    } else if (status != STATUS_UNSUPPORTED) { /* it may still run in a console */
        printf("%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    }
    buffer_deinit(&text);
    return status != STATUS_OK || is_running;
}

int
commands_status(const struct command_line *line)
{
    struct service_options options;
    int exit_code = NODE_EXIT_FAILED;

    if (!print_service(line->name)) {
        return NODE_EXIT_FAILED;
    }
    if (configuration_read(line, &options) == STATUS_OK) {
        const struct service_section *service = option_find(&options.set, "service", NULL)->values;
        exit_code = ask_node(service->admin);
    }
    service_options_deinit(&options);
    return exit_code;
}
