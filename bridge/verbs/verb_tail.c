/* SPDX-License-Identifier: MIT */
#include "bridge/admin/tail.h"
#include "bridge/verbs/verbs.h"

#include <string.h>

enum exit_code
verb_tail(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options;
    enum exit_code code;
    char *path;

    if (verbs_take_option(&arguments, "--config", &path) && path == NULL) {
        return verbs_usage_error(verb, "--config needs a file");
    }
    if (arguments.count != 1 || arguments.values[0][0] == '\0') {
        return verbs_usage_error(verb, "the app's key is needed, and nothing else");
    }
    if (strchr(arguments.values[0], '*') != NULL) {
        return verbs_usage_error(verb, "an app's key has no *");
    }
    code = verbs_read_config(&options, path, true);
    if (code == EXIT_CODE_OK) {
        code = tail_run(&options, arguments.values[0]);
    }
    bridge_options_deinit(&options);
    return code;
}
