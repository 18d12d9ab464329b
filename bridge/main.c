/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "bridge/verbs/verbs.h"

/* "--help" and "--version" are what people try first. */
static const char *
verb_name(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        return "help";
    }
    return strcmp(word, "--version") == 0 ? "version" : word;
}

int
main(int argc, char **argv)
{
    const char *name = argc < 2 ? "help" : verb_name(argv[1]);
    struct verb_arguments arguments = {argc < 2 ? 0 : argc - 2, argv + 2};

    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0) {
            bool wants_help = argc >= 2 && verbs_take_flag(&arguments, "--help");

            if (wants_help) {
                arguments = (struct verb_arguments){1, &argv[1]};
                return verb_help(verb, arguments);
            }
            int code = (int)verb->run(verb, arguments);

            return argc < 2 ? (int)EXIT_CODE_USAGE : code;
        }
    }
    return verbs_usage_error(NULL, "there is no verb \"%s\"", name);
}
