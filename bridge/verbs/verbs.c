/* SPDX-License-Identifier: MIT */
#include "bridge/verbs/verbs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct verb verbs[] = {
    {"run", "[--config FILE]", "run the bridge in the foreground",
     "Runs until SIGTERM or SIGINT; then nodes are asked to use another bridge. SIGHUP reads the\n"
     "configuration and the credentials anew. The log goes to standard error.",
     verb_run},
    {"check", "[--config FILE]", "explain what is wrong with the configuration, or print it",
     "Prints every setting with where it came from. Each mistake is one line with file and line,\n"
     "and the exit code is 2.",
     verb_check},
    {"status", "[--json] [--config FILE]",
     "show nodes, apps, Redis and queues of the running bridge",
     "Asks the bridge that runs with this configuration at its admin address. QUEUED is what waits "
     "to\n"
     "be sent to a node, WAITING what nodes have published and Redis has not taken yet.",
     verb_status},
    {"ca", "[--state DIR | --config FILE]", "make the authority of a new farm, once",
     "Makes authority.key (keep it private, and a copy of it safe) and authority.crt in the state\n"
     "directory. An authority that exists is left alone.",
     verb_ca},
    {"issue", "NAME [--apps KEY,KEY] [--days N] [--bridge] [--state DIR | --config FILE]",
     "print a credential file for a node: hubplane-bridge issue web01 > web01.pem",
     "The file has the certificate, its private key and the farm's authority. Without --apps the\n"
     "node may open every app. --bridge makes credentials for another bridge. --days: how long it\n"
     "is valid, 730 unless told otherwise.",
     verb_issue},
    {"list", "[--state DIR | --config FILE]", "list the certificates that have been issued",
     "One line each, oldest first: name, role, apps, serial, expiry, and whether it is revoked.",
     verb_list},
    {"revoke", "NAME|SERIAL [--now | --keep-secrets] [--state DIR | --config FILE]",
     "take back the certificates of a node",
     "A running bridge closes the link within seconds and refuses the certificate from then on; "
     "it\n"
     "needs no restart. The node's apps get new token secrets, since it knew the old ones: "
     "clients\n"
     "that are connected negotiate again within ten minutes, with --now at once. With\n"
     "--keep-secrets they need not: for a certificate that was only replaced, or a node that was\n"
     "only retired. For bridges elsewhere, copy the file revoked and the folder secrets into "
     "their\n"
     "state directory.",
     verb_revoke},
    {"tail", "APP [--config FILE]", "show the messages of an app as they pass, decoded",
     "Connects to Redis as the configuration says; without Redis, to the bridge of this machine.\n"
     "One line a message. Ends with Ctrl-C.",
     verb_tail},
    {"sample", "", "print a configuration file with every option explained", "", verb_sample},
    {"help", "[VERB]", "say more about a verb", "", verb_help},
    {"version", "", "print the version", "", verb_version},
    {NULL, NULL, NULL, NULL, NULL},
};

enum exit_code
verbs_usage_error(const struct verb *verb, const char *format, ...)
{
    va_list arguments;

    fputs("hubplane-bridge: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (verb == NULL) {
        fputs("\nTry: hubplane-bridge --help\n", stderr);
    } else {
        fprintf(stderr, "\nTry: hubplane-bridge help %s\n", verb->name);
    }
    return EXIT_CODE_USAGE;
}

static void
remove_at(struct verb_arguments *arguments, int index)
{
    arguments->count--;
    memmove(&arguments->values[index], &arguments->values[index + 1],
            (size_t)(arguments->count - index) * sizeof(char *));
}

bool
verbs_take_option(struct verb_arguments *arguments, const char *name, char **value)
{
    size_t length = strlen(name);

    *value = NULL;
    for (int i = 0; i < arguments->count; i++) {
        char *argument = arguments->values[i];

        if (strncmp(argument, name, length) != 0) {
            continue;
        }
        if (argument[length] == '=') {
            *value = argument + length + 1;
            remove_at(arguments, i);
            return true;
        }
        if (argument[length] == '\0') {
            remove_at(arguments, i);
            if (i < arguments->count) {
                *value = arguments->values[i];
                remove_at(arguments, i);
            }
            return true;
        }
    }
    return false;
}

bool
verbs_take_flag(struct verb_arguments *arguments, const char *name)
{
    for (int i = 0; i < arguments->count; i++) {
        if (strcmp(arguments->values[i], name) == 0) {
            remove_at(arguments, i);
            return true;
        }
    }
    return false;
}

enum exit_code
verbs_take_node(const struct verb *verb, const struct verb_arguments *arguments, const char **name)
{
    for (int i = 0; i < arguments->count; i++) {
        if (arguments->values[i][0] == '-') {
            return verbs_usage_error(verb, "\"%s\" is not understood", arguments->values[i]);
        }
    }
    if (arguments->count != 1) {
        return verbs_usage_error(verb, arguments->count == 0 ? "the name of the node is missing"
                                                             : "one name at a time");
    }
    *name = arguments->values[0];
    return EXIT_CODE_OK;
}

enum exit_code
verbs_print(struct bytes text)
{
    if (fwrite(text.data, 1, text.length, stdout) != text.length || fflush(stdout) != 0) {
        fputs("hubplane-bridge: cannot write to standard output\n", stderr);
        return EXIT_CODE_FAILED;
    }
    return EXIT_CODE_OK;
}

static void
print_problems(const struct bridge_options *options)
{
    fprintf(stderr, "%.*s", BYTES_PRINTF(buffer_bytes(&options->set.problems)));
}

enum exit_code
verbs_read_config(struct bridge_options *options, const char *path, bool is_needed)
{
    enum status status = bridge_options_init(options);
    bool is_usual = path == NULL;

    if (status != STATUS_OK) {
        fputs("hubplane-bridge: out of memory\n", stderr);
        return EXIT_CODE_FAILED;
    }
    status = option_read_file(&options->set, is_usual ? BRIDGE_OPTIONS_FILE : path);
    if (status == STATUS_NOT_FOUND && is_usual) {
        if (is_needed) {
            fputs("hubplane-bridge: there is no configuration at " BRIDGE_OPTIONS_FILE
                  "; begin with: hubplane-bridge sample > " BRIDGE_OPTIONS_FILE "\n",
                  stderr);
            return EXIT_CODE_USAGE;
        }
        status = STATUS_OK;
        buffer_clear(&options->set.problems);
        options->set.problem_count = 0;
    }
    /* Also after mistakes: what else is wrong is worth knowing. */
    if (status == STATUS_OK || status == STATUS_INVALID) {
        enum status resolved = bridge_options_resolve(options);

        status = status == STATUS_OK ? resolved : status;
    }
    if (status != STATUS_OK) {
        print_problems(options);
        return EXIT_CODE_USAGE;
    }
    return EXIT_CODE_OK;
}

enum exit_code
verbs_take_state(const struct verb *verb, struct verb_arguments *arguments,
                 struct bridge_options *options, const char **directory)
{
    char *state, *config;
    bool has_state = verbs_take_option(arguments, "--state", &state);
    bool has_config = verbs_take_option(arguments, "--config", &config);
    enum exit_code code;

    if ((has_state && state == NULL) || (has_config && config == NULL)) {
        return verbs_usage_error(verb, "%s needs a value", has_state ? "--state" : "--config");
    }
    code = verbs_read_config(options, has_state ? "/dev/null" : config, false);
    *directory = has_state ? state : (code == EXIT_CODE_OK ? options->bridge->state : NULL);
    return code;
}

void
verbs_free_config(struct bridge_options *options)
{
    if (options->set.schema != NULL) {
        bridge_options_deinit(options);
    }
}

enum exit_code
verbs_report(enum status status, const struct buffer *problem)
{
    if (status == STATUS_OK) {
        return EXIT_CODE_OK;
    }
    fprintf(stderr, "hubplane-bridge: %.*s\n", BYTES_PRINTF(buffer_bytes(problem)));
    return status == STATUS_INVALID ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}
