/* SPDX-License-Identifier: MIT */
/* verbs: the words of the command line, one function each. */
#ifndef HUBPLANE_BRIDGE_VERBS_H
#define HUBPLANE_BRIDGE_VERBS_H

#include "bridge/linux/daemon.h"

/* What follows the verb: "--name value" and "--flag" anywhere, the rest in order. */
struct verb_arguments {
    int count;
    char **values;
};

struct verb {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;   /* one line of --help */
    const char *help;      /* of "help VERB" */
    enum exit_code (*run)(const struct verb *verb, struct verb_arguments arguments);
};

/* The table, in the order of --help; ends with a row without name. */
extern const struct verb verbs[];

/** Write "hubplane-bridge: " and the sentence to standard error, and how to get help; returns
 * EXIT_CODE_USAGE. */
PRINTF_LIKE(2, 3)
enum exit_code verbs_usage_error(const struct verb *verb, const char *format, ...);
/** Take "--name VALUE" or "--name=VALUE" out of the arguments: true when it was there. ${value}
 * NULL with a true result: the value is missing. */
bool verbs_take_option(struct verb_arguments *arguments, const char *name, char **value);
/** Take "--name" out of the arguments. */
bool verbs_take_flag(struct verb_arguments *arguments, const char *name);
/** What is left of the arguments once the options are taken: the name of one node, and nothing
 * else; a mistyped option is no name. */
enum exit_code verbs_take_node(const struct verb *verb, const struct verb_arguments *arguments,
                               const char **name);
/** Read the configuration at ${path} (NULL: the usual place) into ${options}, which is initialised
 * here in any case. ${is_needed}: without a file there are only complaints, not defaults. On
 * failure every mistake has been written to standard error. */
enum exit_code verbs_read_config(struct bridge_options *options, const char *path, bool is_needed);
/** The state directory: --state, else what the configuration says (--config). Both are taken out of
 * the arguments. The memory of ${directory} belongs to ${options}, which is initialised here and
 * ends with verbs_free_config(), or to the arguments. */
enum exit_code verbs_take_state(const struct verb *verb, struct verb_arguments *arguments,
                                struct bridge_options *options, const char **directory);
/** bridge_options_deinit(), also of ${options} that are zero-initialised. */
void verbs_free_config(struct bridge_options *options);
/** Write "hubplane-bridge: " and ${problem} to standard error unless ${status} is OK. */
enum exit_code verbs_report(enum status status, const struct buffer *problem);
/** Write all of ${text} to standard output. */
enum exit_code verbs_print(struct bytes text);

enum exit_code verb_run(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_check(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_ca(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_issue(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_list(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_revoke(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_status(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_tail(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_sample(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_help(const struct verb *verb, struct verb_arguments arguments);
enum exit_code verb_version(const struct verb *verb, struct verb_arguments arguments);

#endif
