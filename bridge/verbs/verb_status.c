/* SPDX-License-Identifier: MIT */
#include "bridge/admin/admin_fetch.h"
#include "bridge/admin/admin_server.h"
#include "bridge/verbs/verbs.h"

static enum exit_code
show(const char *address, const char *path)
{
    struct buffer out, problem;
    enum exit_code code;

    if (address == NULL) {
        fputs("hubplane-bridge: admin in [bridge] is set to nothing, so the bridge answers no "
              "questions\n",
              stderr);
        return EXIT_CODE_FAILED;
    }
    buffer_init(&out, ADMIN_BODY_MAX_BYTES);
    buffer_init(&problem, ADMIN_BODY_MAX_BYTES);
    code = verbs_report(admin_fetch(address, path, &out, &problem), &problem);
    if (code == EXIT_CODE_OK) {
        code = verbs_print(buffer_bytes(&out));
    }
    buffer_deinit(&out);
    buffer_deinit(&problem);
    return code;
}

enum exit_code
verb_status(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options;
    bool is_json = verbs_take_flag(&arguments, "--json");
    enum exit_code code;
    char *path;

    if (verbs_take_option(&arguments, "--config", &path) && path == NULL) {
        return verbs_usage_error(verb, "--config needs a file");
    }
    if (arguments.count > 0) {
        return verbs_usage_error(verb, "\"%s\" is not understood", arguments.values[0]);
    }
    code = verbs_read_config(&options, path, false);
    if (code == EXIT_CODE_OK) {
        code = show(options.bridge->admin, is_json ? "/status" : "/");
    }
    bridge_options_deinit(&options);
    return code;
}
