/* SPDX-License-Identifier: MIT */
/* Any file of keys: reading ends, gives keys or a sentence, and every key can be used. */
#include "service/identity/token_policy.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct token_policy *policy = token_policy_new();
    const char *problem = NULL;
    struct buffer user, claims;

    assert(policy != NULL);
    enum status status = token_policy_add_keys(policy, bytes_from(data, size), &problem);
    assert((status == STATUS_OK) == (problem == NULL));
    assert(status != STATUS_OK || policy->key_count > 0);
    buffer_init(&user, 1024);
    buffer_init(&claims, 1024);
    /* {"alg":"HS256"}, and nothing behind it */
    assert(token_policy_check(policy, BYTES("eyJhbGciOiJIUzI1NiJ9.e30."), 0, &user, &claims) !=
           JWT_VALID);
    buffer_deinit(&claims);
    buffer_deinit(&user);
    token_policy_free(policy);
    return 0;
}
