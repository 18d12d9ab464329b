/* SPDX-License-Identifier: MIT */
/* The verbs about the daemon and its configuration: run, check, sample. */
#include "bridge/bridge.h"
#include "bridge/verbs/verbs.h"

#include <stdio.h>

enum { OUTPUT_MAX_BYTES = 1024 * 1024 };

static bool
take_config(const struct verb *verb, struct verb_arguments *arguments, char **path,
            enum exit_code *code)
{
    *code = EXIT_CODE_USAGE;
    if (verbs_take_option(arguments, "--config", path) && *path == NULL) {
        (void)verbs_usage_error(verb, "--config needs a file");
        return false;
    }
    if (arguments->count > 0) {
        (void)verbs_usage_error(verb, "\"%s\" is not understood", arguments->values[0]);
        return false;
    }
    return true;
}

enum exit_code
verb_run(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options;
    enum exit_code code;
    char *path;

    if (!take_config(verb, &arguments, &path, &code)) {
        return code;
    }
    code = verbs_read_config(&options, path, true);
    if (code == EXIT_CODE_OK) {
        code = daemon_run(&options, path != NULL ? path : BRIDGE_OPTIONS_FILE);
    }
    bridge_options_deinit(&options);
    return code;
}

enum exit_code
verb_check(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options;
    struct buffer text;
    enum exit_code code;
    char *path;

    if (!take_config(verb, &arguments, &path, &code)) {
        return code;
    }
    code = verbs_read_config(&options, path, true);
    buffer_init(&text, OUTPUT_MAX_BYTES);
    if (code == EXIT_CODE_OK) {
        struct buffer problem;

        buffer_init(&problem, OUTPUT_MAX_BYTES);
        if (bridge_check(&options, &problem) != STATUS_OK) {
            fprintf(stderr, "hubplane-bridge: %.*s\n", BYTES_PRINTF(buffer_bytes(&problem)));
            code = EXIT_CODE_USAGE;
        }
        buffer_deinit(&problem);
    }
    if (code == EXIT_CODE_OK) {
        (void)option_write_effective(&options.set, &text);
        (void)buffer_append_format(&text, "; name = %s, credentials = %s, backplane = %s\n",
                                   options.name, options.credentials,
                                   bridge_options_is_memory(&options) ? "memory" : "Redis");
        code = text.status == STATUS_OK ? verbs_print(buffer_bytes(&text)) : EXIT_CODE_FAILED;
    }
    buffer_deinit(&text);
    bridge_options_deinit(&options);
    return code;
}

enum exit_code
verb_sample(const struct verb *verb, struct verb_arguments arguments)
{
    struct buffer text;
    enum exit_code code = EXIT_CODE_FAILED;

    if (arguments.count > 0) {
        return verbs_usage_error(verb, "\"%s\" is not understood", arguments.values[0]);
    }
    buffer_init(&text, OUTPUT_MAX_BYTES);
    if (option_write_sample(&bridge_option_schema, &text) == STATUS_OK) {
        code = verbs_print(buffer_bytes(&text));
    }
    buffer_deinit(&text);
    return code;
}
