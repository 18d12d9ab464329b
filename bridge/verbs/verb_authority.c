/* SPDX-License-Identifier: MIT */
/* The verbs of the farm's authority: ca, issue. */
#include "bridge/authority/farm_authority.h"
#include "bridge/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/crypto.h"
#include "common/net/tls.h"

enum { OUTPUT_MAX_BYTES = 64 * 1024, PROBLEM_MAX_BYTES = 8 * 1024 };

enum exit_code
verb_ca(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options = {.name = NULL};
    struct buffer problem;
    const char *directory;
    enum exit_code code = verbs_take_state(verb, &arguments, &options, &directory);

    buffer_init(&problem, PROBLEM_MAX_BYTES);
    if (code == EXIT_CODE_OK && arguments.count > 0) {
        code = verbs_usage_error(verb, "\"%s\" is not understood", arguments.values[0]);
    }
    if (code == EXIT_CODE_OK) {
        enum status status = farm_authority_create(directory, (int64_t)time(NULL), &problem);

        code = verbs_report(status, &problem);
        if (code == EXIT_CODE_OK) {
            printf("The farm's authority is in %s; keep a copy of authority.key in a safe place.\n"
                   "Next, for each node: hubplane-bridge issue NAME > NAME.pem\n",
                   directory);
        }
    }
    buffer_deinit(&problem);
    verbs_free_config(&options);
    return code;
}

/* What the command line of "issue" asks for. */
struct issue_request {
    struct farm_certificate_wanted wanted;
    struct bytes apps[TLS_PEER_APPS_MAX];
};

static enum exit_code
take_apps(const struct verb *verb, char *list, struct issue_request *request)
{
    struct bytes rest = bytes_from_string(list), part;

    while (bytes_split(&rest, ',', &part)) {
        part = bytes_trim(part);
        if (part.length == 0 || bytes_find(part, '*') != SIZE_MAX) {
            return verbs_usage_error(
                verb, "--apps: \"%s\" is not a list of keys; leave it out for every app", list);
        }
        if (request->wanted.app_count == TLS_PEER_APPS_MAX) {
            return verbs_usage_error(verb, "--apps: at most %d", TLS_PEER_APPS_MAX);
        }
        request->apps[request->wanted.app_count++] = part;
    }
    request->wanted.apps = request->apps;
    return EXIT_CODE_OK;
}

static enum exit_code
take_request(const struct verb *verb, struct verb_arguments *arguments,
             struct issue_request *request)
{
    char *apps, *days;
    uint64_t number = FARM_CERTIFICATE_DAYS;
    enum exit_code code = EXIT_CODE_OK;

    request->wanted = (struct farm_certificate_wanted){.now_s = (int64_t)time(NULL)};
    request->wanted.is_bridge = verbs_take_flag(arguments, "--bridge");
    if (verbs_take_option(arguments, "--apps", &apps)) {
        code = apps == NULL ? verbs_usage_error(verb, "--apps needs a list of keys")
                            : take_apps(verb, apps, request);
    }
    if (verbs_take_option(arguments, "--days", &days) &&
        (bytes_parse_uint64(bytes_from_string(days), &number) != STATUS_OK || number == 0 ||
         number > FARM_CERTIFICATE_DAYS_MAX)) {
        return verbs_usage_error(verb, "--days needs a number from 1 to %d",
                                 FARM_CERTIFICATE_DAYS_MAX);
    }
    request->wanted.days = (uint32_t)number;
    return code;
}

/* The shell has made the file that the key goes to, for everybody unless told otherwise. */
static void
warn_if_exposed(void)
{
    struct stat facts;

    if (fstat(STDOUT_FILENO, &facts) == 0 && S_ISREG(facts.st_mode) &&
        (facts.st_mode & (S_IRGRP | S_IROTH)) != 0) {
        fputs("hubplane-bridge: warning: other users of this machine can read the file that the "
              "key went to: chmod 600 it\n",
              stderr);
    }
}

static enum exit_code
issue(const char *directory, const struct farm_certificate_wanted *wanted)
{
    struct buffer pem, problem;
    struct farm_certificate made;
    enum exit_code code;

    buffer_init(&pem, OUTPUT_MAX_BYTES);
    buffer_init(&problem, PROBLEM_MAX_BYTES);
    code = verbs_report(farm_authority_issue(directory, wanted, &pem, &made, &problem), &problem);
    if (code == EXIT_CODE_OK) {
        code = verbs_print(buffer_bytes(&pem));
        warn_if_exposed();
    }
    crypto_wipe(pem.data, pem.capacity);
    buffer_deinit(&pem);
    buffer_deinit(&problem);
    return code;
}

enum exit_code
verb_issue(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options = {.name = NULL};
    struct issue_request request;
    const char *directory, *name;
    enum exit_code code = take_request(verb, &arguments, &request);

    if (code == EXIT_CODE_OK) {
        code = verbs_take_state(verb, &arguments, &options, &directory);
    }
    if (code == EXIT_CODE_OK) {
        code = verbs_take_node(verb, &arguments, &name);
    }
    if (code == EXIT_CODE_OK) {
        request.wanted.name = bytes_from_string(name);
        code = issue(directory, &request.wanted);
    }
    verbs_free_config(&options);
    return code;
}
