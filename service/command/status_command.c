/* SPDX-License-Identifier: MIT */
/* status_command: how the service is, asked at the service control manager, and how its node is,
 * asked at its admin listener. */
#include <stdio.h>
#include <yyjson.h>

#include "service/command/admin_client.h"
#include "service/command/commands.h"
#include "service/command/configuration.h"
#include "service/node/node.h"
#include "service/platform/service_manager.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024 };

static bool
is_ready(struct bytes json)
{
    yyjson_doc *document = yyjson_read((const char *)json.data, json.length, 0);
    bool result = yyjson_get_bool(yyjson_obj_get(yyjson_doc_get_root(document), "ready"));

    yyjson_doc_free(document);
    return result;
}

/* A service whose configuration cannot be used waits until it can. */
static void
explain_silence(const char *address, enum status status, bool is_usable)
{
    if (is_usable) {
        fprintf(
            stderr,
            "No node answers at %s ([service] admin): %s. Start it, or see what its log says.\n",
            address, status_sentence(status));
    } else {
        fprintf(stderr,
                "No node answers at %s ([service] admin), and the configuration has mistakes: "
                "\"hubplane-service check\" names them.\n",
                address);
    }
}

/* Ask for both pages: the exit code is about what the JSON says. */
static int
ask_node(const char *address, bool wants_json, bool is_usable)
{
    struct buffer json, table;
    int exit_code = NODE_EXIT_FAILED;

    if (address == NULL) {
        fputs("[service] admin is empty, so the node cannot be asked.\n", stderr);
        return NODE_EXIT_FAILED;
    }
    buffer_init(&json, ANSWER_MAX_BYTES);
    buffer_init(&table, ANSWER_MAX_BYTES);
    enum status status = admin_client_get(address, "/status", &json);
    if (status == STATUS_OK && !wants_json) {
        status = admin_client_get(address, "/", &table);
    }
    if (status == STATUS_OK) {
        printf("%.*s", BYTES_PRINTF(buffer_bytes(wants_json ? &json : &table)));
        exit_code = is_ready(buffer_bytes(&json)) ? NODE_EXIT_OK : NODE_EXIT_FAILED;
    } else {
        explain_silence(address, status, is_usable);
    }
    buffer_deinit(&table);
    buffer_deinit(&json);
    return exit_code;
}

/* False when there is no use in asking the node. Without a service it may still run in a console.
 */
static bool
print_service(const char *name)
{
    struct buffer text;
    bool is_running;

    buffer_init(&text, 4096);
    enum status status = service_manager_query(name, &text, &is_running);
    if (status == STATUS_OK) {
        printf("%-12s %.*s\n", "Service", BYTES_PRINTF(buffer_bytes(&text)));
    } else if (status != STATUS_UNSUPPORTED) {
        printf("%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    }
    if (status == STATUS_OK && !is_running) {
        fprintf(stderr,
                "sc start \"%s\" starts it; if it does not stay, its log and the Event Log say "
                "why.\n",
                name);
    }
    buffer_deinit(&text);
    return status != STATUS_OK || is_running;
}

int
commands_status(const struct command_line *line)
{
    struct service_options options;
    int exit_code = NODE_EXIT_FAILED;

    if (!line->is_json && !print_service(line->name)) {
        return NODE_EXIT_FAILED;
    }
    enum status status = configuration_load(line, &options);
    if (status == STATUS_OK || status == STATUS_INVALID) {
        const struct service_section *service = option_find(&options.set, "service", NULL)->values;
        exit_code = ask_node(service->admin, line->is_json, status == STATUS_OK);
    }
    service_options_deinit(&options);
    return exit_code;
}
