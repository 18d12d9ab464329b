/* SPDX-License-Identifier: MIT */
#include "service/node/service_tokens.h"

#include <stdlib.h>

#include "common/base/file.h"
#include "service/node/service_options.h"

enum { KEYS_FILE_BYTES_MAX = 256 * 1024 };

static void
read_keys(struct option_set *set, const struct option_group *group, struct token_policy *policy)
{
    const struct app_section *section = group->values;
    bool is_own = section->token_keys_file != NULL;
    const char *option = is_own ? "token_keys_file" : "access_keys_file";
    const char *path = is_own ? section->token_keys_file : section->access_keys_file;
    const char *problem = NULL;
    struct buffer text;

    if (path == NULL) {
        option_add_problem(set, option_origin(set, group, "user"),
                           "[app %s] user = token needs token_keys_file: a file with the keys that "
                           "tokens are signed with",
                           group->name);
        return;
    }
    buffer_init(&text, KEYS_FILE_BYTES_MAX);
    enum status status = file_read(path, KEYS_FILE_BYTES_MAX, &text);
    if (status != STATUS_OK) {
        option_add_problem(set, option_origin(set, group, option),
                           "[app %s] %s \"%s\" cannot be read: %s", group->name, option, path,
                           status_sentence(status));
    } else {
        status = token_policy_add_keys(policy, buffer_bytes(&text), &problem);
        if (status == STATUS_NO_MEMORY) {
            abort();
        }
        if (status != STATUS_OK) {
            option_add_problem(set, option_origin(set, group, option), "[app %s] %s \"%s\": %s",
                               group->name, option, path, problem);
        }
    }
    crypto_wipe(text.data, text.length);
    buffer_deinit(&text);
}

struct token_policy *
service_tokens_make(struct option_set *set, const struct option_group *group)
{
    const struct app_section *section = group->values;
    struct token_policy *policy = token_policy_new();

    if (policy == NULL) {
        abort();
    }
    policy->issuer = section->token_issuer;
    policy->user_claim = section->token_user;
    policy->is_required = section->token_required;
    read_keys(set, group, policy);
    return policy;
}

void
service_tokens_check_unused(struct option_set *set, const struct option_group *group)
{
    const struct app_section *section = group->values;
    const struct {
        const char *name;
        bool is_set;
    } options[] = {
        {"token_keys_file", section->token_keys_file != NULL},
        {"token_audience", section->token_audience != NULL},
        {"token_issuer", section->token_issuer != NULL},
        {"token_user", section->token_user != NULL},
        {"token_required", !section->token_required},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (options[i].is_set) {
            option_add_problem(set, option_origin(set, group, options[i].name),
                               "[app %s] %s: nobody looks at tokens here; write user = token",
                               group->name, options[i].name);
        }
    }
}
