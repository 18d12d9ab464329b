/* SPDX-License-Identifier: MIT */
/* The verbs that only say something: help, version. */
#include "bridge/verbs/verbs.h"

#include <hubplane_version.h>
#include <stdio.h>
#include <string.h>

static enum exit_code
print_overview(void)
{
    printf("hubplane-bridge %s: connects the nodes of a SignalR farm to Redis.\n\n"
           "usage: hubplane-bridge VERB [ARGUMENT...]\n\n",
           HUBPLANE_VERSION);
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        printf("  %-8s %s\n", verb->name, verb->summary);
    }
    printf("\nThe configuration is %s unless --config names another.\n"
           "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.\n",
           BRIDGE_OPTIONS_FILE);
    return EXIT_CODE_OK;
}

enum exit_code
verb_help(const struct verb *self, struct verb_arguments arguments)
{
    if (arguments.count == 0) {
        return print_overview();
    }
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, arguments.values[0]) == 0) {
            printf("usage: hubplane-bridge %s%s%s\n\n%s.\n%s%s", verb->name,
                   verb->arguments[0] != '\0' ? " " : "", verb->arguments, verb->summary,
                   verb->help, verb->help[0] != '\0' ? "\n" : "");
            return EXIT_CODE_OK;
        }
    }
    return verbs_usage_error(self, "there is no verb \"%s\"", arguments.values[0]);
}

enum exit_code
verb_version(const struct verb *verb, struct verb_arguments arguments)
{
    (void)verb;
    (void)arguments;
    printf("hubplane-bridge %s\n", HUBPLANE_VERSION);
    return EXIT_CODE_OK;
}
