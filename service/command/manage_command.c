/* SPDX-License-Identifier: MIT */
/* manage_command: the verbs that change the machine: install, uninstall, import-credentials. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "service/command/commands.h"
#include "service/command/configuration.h"
#include "service/node/node.h"
#include "service/platform/service_credentials.h"
#include "service/platform/service_file.h"
#include "service/platform/service_manager.h"
#include "service/platform/service_system.h"

enum { PATH_BYTES = 4096, MESSAGES_MAX_BYTES = 64 * 1024, CREDENTIALS_MAX_BYTES = 1024 * 1024 };

static void
print_lines(const struct buffer *messages)
{
    struct bytes rest = buffer_bytes(messages), line;

    while (bytes_split(&rest, '\n', &line)) {
        if (line.length > 0) {
            fprintf(stderr, "hubplane-service: %.*s\n", BYTES_PRINTF(line));
        }
    }
}

/* A setting of nothing ("bridge.address=") is left out, so that an installer can pass properties
 * that were not given. */
static bool
has_value(const char *setting)
{
    const char *equals = strchr(setting, '=');
    return equals == NULL || equals[1] != '\0';
}

/* Check one --set, and write it to the registry if ${name} is given. */
static enum status
apply_setting(struct option_set *set, const char *setting, const char *name)
{
    char *section, *option;
    const char *value;
    enum status status = configuration_apply(set, setting, &section, &option, &value);

    if (status == STATUS_OK && name != NULL) {
        status = service_manager_set_option(name, section, option, value);
        if (status != STATUS_OK) {
            fprintf(stderr,
                    "hubplane-service: --set \"%s\" could not be written to the registry: %s\n",
                    setting, status_sentence(status));
        }
    }
    free(section);
    free(option);
    return status;
}

/* All of them are checked before anything is changed. */
static int
apply_settings(const struct command_line *line, const char *name)
{
    struct service_options options;
    enum status status = service_options_init(&options);

    for (size_t i = 0; i < line->setting_count && (status == STATUS_OK || name == NULL); i++) {
        if (has_value(line->settings[i]) && status != STATUS_NO_MEMORY) {
            enum status one = apply_setting(&options.set, line->settings[i], name);
            status = one != STATUS_OK ? one : status;
        }
    }
    print_lines(&options.set.problems);
    service_options_deinit(&options);
    return status == STATUS_OK        ? NODE_EXIT_OK
           : status == STATUS_INVALID ? NODE_EXIT_CONFIGURATION
                                      : NODE_EXIT_FAILED;
}

int
commands_install(const struct command_line *line)
{
    struct service_setup setup = {line->name, line->config, line->is_update};
    struct buffer messages;
    int exit_code = apply_settings(line, NULL);

    if (exit_code != NODE_EXIT_OK) {
        return exit_code;
    }
    buffer_init(&messages, MESSAGES_MAX_BYTES);
    enum status status = service_manager_install(&setup, &messages);
    print_lines(&messages);
    buffer_deinit(&messages);
    if (status != STATUS_OK) {
        return NODE_EXIT_FAILED;
    }
    exit_code = apply_settings(line, line->name);
    if (exit_code == NODE_EXIT_OK) {
        printf("The service \"%s\" is %s; sc start \"%s\" starts it.\n", line->name,
               line->is_update ? "up to date" : "installed", line->name);
    }
    return exit_code;
}

/* What the service and its administrator put into the folder, by name: with a mistyped --name,
 * other files must be safe. */
static void
purge(const char *name)
{
    static const char *const patterns[] = {
        "hubplane.ini",          "credentials.pem", "credentials.pem.new",
        "hubplane-service.log*", "*.dmp",           NULL};
    char folder[PATH_BYTES];
    enum status status =
        service_file_purge(service_system_folder(name, folder, sizeof(folder)), patterns);

    if (status == STATUS_EXISTS) {
        fprintf(stderr,
                "hubplane-service: the folder \"%s\" stays, since there are other files in it\n",
                folder);
    } else if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        fprintf(stderr, "hubplane-service: the folder \"%s\" could not be removed: %s\n", folder,
                status_sentence(status));
    }
}

int
commands_uninstall(const struct command_line *line)
{
    struct buffer messages;

    buffer_init(&messages, MESSAGES_MAX_BYTES);
    enum status status = service_manager_uninstall(line->name, &messages);
    print_lines(&messages);
    buffer_deinit(&messages);
    if (line->is_purge && (status == STATUS_OK || status == STATUS_NOT_FOUND)) {
        purge(line->name);
    }
    if (status == STATUS_OK) {
        printf("The service \"%s\" is removed.\n", line->name);
    }
    return status == STATUS_OK ? NODE_EXIT_OK : NODE_EXIT_FAILED;
}

/* Write ${pem} to its place, its key protected where that is possible. */
static enum status
store(const struct command_line *line, struct bytes pem, char path[PATH_BYTES])
{
    char folder[PATH_BYTES];
    struct buffer text;

    buffer_init(&text, CREDENTIALS_MAX_BYTES);
    enum status status = service_credentials_protect(pem, &text);
    if (status == STATUS_UNSUPPORTED) { /* then the mode of the file has to do */
        buffer_clear(&text);
        status = buffer_append(&text, pem);
    }
    if (status == STATUS_OK) {
        status =
            service_file_make_folder(service_system_folder(line->name, folder, sizeof(folder)));
    }
    if (status == STATUS_OK) {
        service_system_default_credentials(line->name, path, PATH_BYTES);
        status = service_file_write_secret(path, buffer_bytes(&text), line->name);
    }
    crypto_wipe(text.data, text.length);
    buffer_deinit(&text);
    return status;
}

/* What the installer runs is seen by nobody, so the Event Log gets it, too. */
static void
refuse_credentials(const struct command_line *line, const char *problem)
{
    char detail[2 * PATH_BYTES];

    fprintf(stderr, "hubplane-service: %s\n", problem);
    (void)snprintf(detail, sizeof(detail), ": %s", problem);
    service_manager_report(line->name, SERVICE_EVENT_CREDENTIALS_REFUSED, detail);
}

/* The imported file can be given again, to protect its key in place: then it must not be deleted.
 */
static bool
is_same_file(const char *one, const char *other)
{
    char first[PATH_BYTES], second[PATH_BYTES];

    return bytes_equal_ignore_case(
        bytes_from_string(service_file_absolute(one, first, sizeof(first))),
        bytes_from_string(service_file_absolute(other, second, sizeof(second))));
}

static void
print_imported(const struct command_line *line, const char *path)
{
    if (is_same_file(line->argument, path)) {
        printf("The credentials are in \"%s\".\n", path);
    } else {
        printf("The credentials are in \"%s\"; delete the original \"%s\".\n", path,
               line->argument);
    }
}

/* Whether the service of that name uses them, and how else it would. */
static void
print_use(const struct command_line *line, const char *path)
{
    enum status status = service_manager_set_option(line->name, "bridge", "credentials", path);

    if (status == STATUS_OK) {
        printf(
            "The service \"%s\" uses them from now on: \"sc control %s paramchange\" if it runs.\n",
            line->name, line->name);
        return;
    }
    if (status == STATUS_NOT_FOUND) {
        printf(
            "There is no service \"%s\" yet: \"hubplane-service install --name %s\" makes one.\n",
            line->name, line->name);
    }
    printf("Write \"credentials = %s\" into [bridge] of the configuration.\n", path);
}

/* Whoever has read it before can still join the farm. */
static void
warn_if_was_exposed(const char *path)
{
    struct buffer problem;

    buffer_init(&problem, 4096);
    if (service_file_is_exposed(path, &problem)) {
        fprintf(stderr,
                "hubplane-service: warning: the original \"%s\" can be read by other users of this "
                "machine: if one of them may have, revoke it on the bridge and issue a new one\n",
                path);
    }
    buffer_deinit(&problem);
}

static int
import_pem(const struct command_line *line, struct bytes pem)
{
    char path[PATH_BYTES] = "", problem[2 * PATH_BYTES];
    enum status status = store(line, pem, path);

    if (status != STATUS_OK) {
        (void)snprintf(problem, sizeof(problem),
                       "\"%s\" could not be written: %s; run this as an administrator", path,
                       status_sentence(status));
        refuse_credentials(line, problem);
        return NODE_EXIT_FAILED;
    }
    print_imported(line, path);
    warn_if_was_exposed(line->argument);
    print_use(line, path);
    return NODE_EXIT_OK;
}

int
commands_import_credentials(const struct command_line *line)
{
    struct tls_context *context = NULL;
    struct buffer pem, problem;

    if (line->argument == NULL) {
        return command_line_fail("import-credentials needs a file", "");
    }
    buffer_init(&pem, CREDENTIALS_MAX_BYTES);
    buffer_init(&problem, 4096);
    enum status status = service_credentials_load(line->argument, SERVICE_CREDENTIALS_LINK,
                                                  "the file", &problem, &context);
    tls_context_free(context);
    if (status == STATUS_OK) {
        status = service_credentials_read(line->argument, &pem, &problem);
    }
    int exit_code = NODE_EXIT_CONFIGURATION;
    if (status == STATUS_OK) {
        exit_code = import_pem(line, buffer_bytes(&pem));
    } else {
        char *text = bytes_duplicate(buffer_bytes(&problem));
        refuse_credentials(line, text != NULL ? text : status_sentence(STATUS_NO_MEMORY));
        free(text);
    }
    crypto_wipe(pem.data, pem.length);
    buffer_deinit(&pem);
    buffer_deinit(&problem);
    return exit_code;
}
