/* SPDX-License-Identifier: MIT */
/* show_command: the verbs that only print: check, connection-string, sample, help. */
#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"
#include "service/command/commands.h"
#include "service/command/configuration.h"
#include "service/hubs/hub_module.h"
#include "service/node/node.h"
#include "service/platform/service_file.h"
#include "service/platform/service_system.h"

enum { OUTPUT_MAX_BYTES = 1024 * 1024 };

static int
print_buffer(struct buffer *text)
{
    int exit_code = text->status == STATUS_OK ? NODE_EXIT_OK : NODE_EXIT_FAILED;

    fwrite(text->data, 1, text->length, stdout);
    buffer_deinit(text);
    return exit_code;
}

int
commands_help(const struct command_line *line)
{
    struct buffer text;

    buffer_init(&text, OUTPUT_MAX_BYTES);
    if (line->argument != NULL && strcmp(line->argument, "options") == 0) {
        (void)option_write_help(&service_option_schema, &text);
    } else {
        buffer_append_string(&text, command_line_usage);
    }
    return print_buffer(&text);
}

int
commands_sample(void)
{
    struct buffer text;

    buffer_init(&text, OUTPUT_MAX_BYTES);
    (void)option_write_sample(&service_option_schema, &text);
    return print_buffer(&text);
}

static void
warn_if_exposed(const char *option, const char *path)
{
    struct buffer problem;

    buffer_init(&problem, 4096);
    if (path != NULL && service_file_is_exposed(path, &problem)) {
        fprintf(stderr, "hubplane-service: warning: %s \"%s\" %.*s\n", option, path,
                BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
}

/* The service starts without it: no mistake, but hardly meant. */
static void
warn_of_module(const struct app_hub *hub)
{
    struct buffer problem;

    buffer_init(&problem, 4096);
    if (hub->make_backend == hub_module_make &&
        hub_module_check(hub->configuration, &problem) != STATUS_OK) {
        const struct hub_module_settings *settings = hub->configuration;
        fprintf(stderr,
                "hubplane-service: warning: [hub %s] module \"%s\": %.*s; the hub would not be "
                "available\n",
                settings->name, settings->path, BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
}

static void
warn_of_modules(const struct service_options *options)
{
    for (size_t i = 0; i < options->app_count; i++) {
        for (size_t j = 0; j < options->apps[i].hub_count; j++) {
            warn_of_module(&options->apps[i].hubs[j]);
        }
    }
}

int
commands_check(const struct command_line *line)
{
    struct service_options options;
    enum status status = configuration_load(line, &options);
    int exit_code = NODE_EXIT_FAILED;

    if (status == STATUS_OK) {
        struct buffer text;
        buffer_init(&text, OUTPUT_MAX_BYTES);
        (void)option_write_effective(&options.set, &text);
        exit_code = print_buffer(&text);
        warn_if_exposed("[bridge] credentials", options.bridge->credentials);
        warn_if_exposed("[service] certificate", options.service->certificate);
        warn_of_modules(&options);
    } else if (status == STATUS_INVALID) {
        fwrite(options.set.problems.data, 1, options.set.problems.length, stderr);
        fprintf(stderr, "hubplane-service: %zu mistake%s in the configuration\n",
                options.set.problem_count, options.set.problem_count == 1 ? "" : "s");
        exit_code = NODE_EXIT_CONFIGURATION;
    }
    service_options_deinit(&options);
    return exit_code;
}

/* "Endpoint=http://host;Port=8081": where the admin listener is; under the node's own name when it
 * listens on every address. */
static void
append_endpoint(const struct service_options *options, struct buffer *out)
{
    struct bytes address = bytes_from_string(options->service->admin);
    char name[SERVICE_SYSTEM_NAME_BYTES];
    size_t colon = address.length;

    while (colon > 0 && address.data[colon - 1] != ':') {
        colon--;
    }
    struct bytes host = bytes_slice(address, 0, colon > 0 ? colon - 1 : 0);
    if (bytes_equal(host, BYTES("0.0.0.0")) || bytes_equal(host, BYTES("[::]"))) {
        service_system_host_name(name);
        host = bytes_from_string(name);
    }
    buffer_append_string(out, "Endpoint=http://");
    buffer_append(out, host);
    buffer_append_string(out, ";Port=");
    buffer_append(out, bytes_after(address, colon));
}

static size_t
append_connection_strings(const struct service_options *options, const char *wanted,
                          struct buffer *out)
{
    size_t count = 0;

    for (size_t i = 0; i < options->app_count; i++) {
        const struct app *app = &options->apps[i];
        if (app->access_key_count == 0 || (wanted != NULL && strcmp(wanted, app->name) != 0)) {
            continue;
        }
        if (wanted == NULL) {
            buffer_append_format(out, "[app %s] ", app->name);
        }
        append_endpoint(options, out);
        buffer_append_string(out, ";AccessKey=");
        buffer_append(out, app->access_keys[0].secret);
        buffer_append_string(out, ";Version=1.0;\n");
        count++;
    }
    return count;
}

int
commands_connection_string(const struct command_line *line)
{
    struct service_options options;
    enum status status = configuration_load(line, &options);
    int exit_code = status == STATUS_INVALID ? NODE_EXIT_CONFIGURATION : NODE_EXIT_FAILED;
    struct buffer text;

    buffer_init(&text, OUTPUT_MAX_BYTES);
    if (status == STATUS_INVALID) {
        fputs("hubplane-service: the configuration has mistakes: see \"hubplane-service check\"\n",
              stderr);
    } else if (status == STATUS_OK && options.service->admin == NULL) {
        exit_code = command_line_fail("[service] admin is empty: ", "there is no REST interface");
    } else if (status == STATUS_OK &&
               append_connection_strings(&options, line->argument, &text) == 0) {
        exit_code = command_line_fail("no such app has an access key: set access_keys_file of ",
                                      line->argument != NULL ? line->argument : "an [app NAME]");
    } else if (status == STATUS_OK) {
        exit_code = text.status == STATUS_OK ? NODE_EXIT_OK : NODE_EXIT_FAILED;
        fwrite(text.data, 1, text.length, stdout);
    }
    crypto_wipe(text.data, text.length);
    buffer_deinit(&text);
    service_options_deinit(&options);
    return exit_code;
}
