/* SPDX-License-Identifier: MIT */
#include "service/command/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "service/platform/service_credentials.h"
#include "service/platform/service_manager.h"
#include "service/platform/service_registry.h"
#include "service/platform/service_system.h"

enum { PATH_BYTES = 4096 };

/* The system's own place may be empty: on Windows the registry can hold everything. */
static bool
file_exists(const char *path)
{
    FILE *file = file_open(path, "rb");

    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* The file named by --config: here, or when the service was installed. NULL = none. */
static const char *
named_file(const struct command_line *line, char path[PATH_BYTES])
{
    if (line->config != NULL) {
        return line->config;
    }
    return service_manager_configuration(line->name, path, PATH_BYTES) == STATUS_OK ? path : NULL;
}

enum status
configuration_read(const struct command_line *line, struct service_options *options)
{
    char installed_path[PATH_BYTES], default_path[PATH_BYTES];
    const char *named = named_file(line, installed_path);
    const char *path =
        named != NULL ? named
                      : service_system_default_configuration(line->name, default_path, PATH_BYTES);
    enum status status = service_options_init(options);

    /* Unreadable files and wrong values are lines in `problems`, and reading goes on, so that all
     * mistakes show at once. */
    if (status == STATUS_OK && (named != NULL || file_exists(path))) {
        status = option_read_file(&options->set, path);
    }
    if (status != STATUS_NO_MEMORY) {
        status = service_registry_read(line->name, &options->set);
    }
    return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}

/* Load ${path} and forget it again. */
static void
check_credentials(struct option_set *set, const char *path, enum service_credentials_kind kind,
                  const char *section, const char *name)
{
    struct tls_context *context = NULL;
    struct buffer problem;
    char label[64];

    if (path == NULL) {
        return;
    }
    buffer_init(&problem, 4096);
    (void)snprintf(label, sizeof(label), "[%s] %s", section, name);
    if (service_credentials_load(path, kind, label, &problem, &context) == STATUS_OK) {
        tls_context_free(context);
    } else {
        option_add_problem(set, option_origin(set, option_find(set, section, NULL), name), "%.*s",
                           BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
}

enum status
configuration_load(const struct command_line *line, struct service_options *options)
{
    enum status status = configuration_read(line, options);

    if (status == STATUS_OK) {
        status = service_options_resolve(options);
    }
    if (status == STATUS_NO_MEMORY) {
        return status;
    }
    check_credentials(&options->set, options->bridge->credentials, SERVICE_CREDENTIALS_LINK,
                      "bridge", "credentials");
    check_credentials(&options->set, options->service->certificate, SERVICE_CREDENTIALS_CLIENTS,
                      "service", "certificate");
    return options->set.problem_count == 0 ? STATUS_OK : STATUS_INVALID;
}

/* Cut "app chat.key" into its section and option. */
static bool
split_name(const char *setting, size_t length, char **out_section, char **out_option)
{
    struct bytes name = bytes_from(setting, length);
    size_t dot = length;

    while (dot > 0 && setting[dot - 1] != '.') {
        dot--;
    }
    if (dot < 2 || dot == length) {
        return false;
    }
    *out_section = bytes_duplicate(bytes_trim(bytes_slice(name, 0, dot - 1)));
    *out_option = bytes_duplicate(bytes_trim(bytes_after(name, dot)));
    return *out_section != NULL && *out_option != NULL;
}

enum status
configuration_apply(struct option_set *set, const char *setting, char **out_section,
                    char **out_option, const char **out_value)
{
    const char *equals = strchr(setting, '=');

    *out_section = *out_option = NULL;
    if (equals == NULL ||
        !split_name(setting, (size_t)(equals - setting), out_section, out_option)) {
        option_add_problem(
            set, NULL,
            "--set \"%s\": write SECTION.OPTION=VALUE, such as bridge.address=redis-host:7443",
            setting);
        return STATUS_INVALID;
    }
    *out_value = equals + 1;
    char *section = bytes_duplicate(bytes_from_string(*out_section));
    if (section == NULL) {
        return STATUS_NO_MEMORY;
    }
    char *section_name = strchr(section, ' ');
    if (section_name != NULL) {
        *section_name++ = '\0';
    }
    enum status status =
        option_set_value(set, section, section_name, *out_option, *out_value, "--set");
    free(section);
    return status;
}
