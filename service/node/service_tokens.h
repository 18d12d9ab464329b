/* SPDX-License-Identifier: MIT */
/* service_tokens: what the options of an app say about tokens (user = token). */
#ifndef HUBPLANE_SERVICE_TOKENS_H
#define HUBPLANE_SERVICE_TOKENS_H

#include "common/base/option.h"
#include "service/identity/token_policy.h"

/**
 * service_tokens_make(set, group):
 * Read the keys of the app that ${group} describes. Every mistake becomes a problem of ${set}.
 *   Owns:     token_policy_free(); it borrows texts of ${set}. Its audiences are the caller's to
 *             fill in.
 *   Returns:  never NULL: aborts when out of memory, since nothing has started yet.
 */
struct token_policy *service_tokens_make(struct option_set *set, const struct option_group *group);
/** Options about tokens where there are none: a problem each. */
void service_tokens_check_unused(struct option_set *set, const struct option_group *group);

#endif
